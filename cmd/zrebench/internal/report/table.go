package report

import (
	"fmt"

	"github.com/gozre/zre/cmd/zrebench/internal/measure"
)

// table is what a table says, before it is laid out.
type table struct {
	title string
	head  []string
	texts int // how many columns, from the left, are text and not numbers
	lines [][]string
}

// tables are all of them that have lines.
func tables(rows []measure.Row) []table {
	var list []table
	for _, t := range []table{figuresTable(rows), costTable(rows), goalTable(rows)} {
		if len(t.lines) > 0 {
			list = append(list, t)
		}
	}
	return list
}

// figuresTable is what was measured.
func figuresTable(rows []measure.Row) table {
	t := table{
		title: "Figures",
		head: []string{
			"measure", "size", "unit", "node", "(min-max)", "libzmq", "(min-max)",
			"raw TCP", "(min-max)", "node/libzmq", "(min-max)", "node/TCP",
		},
		texts: 1,
	}
	for _, r := range rows {
		t.lines = append(t.lines, []string{
			r.Measure, octets(r.Size), r.Unit, value(&r.Node), spread(&r.Node),
			value(r.LibZMQ), spread(r.LibZMQ), value(r.TCP), spread(r.TCP),
			median(r.ToLibZMQ.Value), between(r.ToLibZMQ.Value), median(r.ToTCP.Value),
		})
	}
	return t
}

// costTable is what a message costs, for rows that count messages.
func costTable(rows []measure.Row) table {
	t := table{
		title: "Processor time and allocations of a message, both ends together",
		head: []string{
			"measure", "size", "node ns", "libzmq ns", "raw TCP ns",
			"node/libzmq", "(min-max)", "node/TCP", "allocations",
		},
		texts: 1,
	}
	for _, r := range rows {
		if r.Node.CPU == nil {
			continue
		}
		t.lines = append(t.lines, []string{
			r.Measure, octets(r.Size), cpu(&r.Node), cpu(r.LibZMQ), cpu(r.TCP),
			median(r.ToLibZMQ.CPU), between(r.ToLibZMQ.CPU), median(r.ToTCP.CPU),
			median(r.Node.Allocs),
		})
	}
	return t
}

// goalTable is what is to be reached.
func goalTable(rows []measure.Row) table {
	t := table{
		title: "To reach",
		head:  []string{"measure", "what", "to reach", "size", "measured", "(min-max)", "reached"},
		texts: 3,
	}
	for _, r := range rows {
		for _, v := range r.Goals {
			got, around := median(v.Got), between(v.Got)
			if r.Node.Failed != "" {
				got, around = failed, none
			} else if v.Got != nil && v.Unit != "" {
				got += " " + v.Unit
			}
			t.lines = append(t.lines, []string{
				r.Measure, v.Of, v.Want, octets(r.Size), got, around, answer(v.Reached),
			})
		}
	}
	return t
}

// answer says whether something is reached.
func answer(reached *bool) string {
	switch {
	case reached == nil:
		return "not known"
	case *reached:
		return "yes"
	}
	return "no"
}

// summary counts the goals, "" if there are none.
func summary(rows []measure.Row) string {
	all, reached, unknown := 0, 0, 0
	for _, r := range rows {
		for _, v := range r.Goals {
			all++
			switch {
			case v.Reached == nil:
				unknown++
			case *v.Reached:
				reached++
			}
		}
	}
	switch {
	case all == 0:
		return ""
	case unknown > 0:
		return fmt.Sprintf("%d of %d reached, %d not known.", reached, all, unknown)
	}
	return fmt.Sprintf("%d of %d reached.", reached, all)
}

// notes say why something failed.
func notes(rows []measure.Row) []string {
	var list []string
	for _, r := range rows {
		for _, f := range []struct {
			who     string
			figures *measure.Figures
		}{{"node", &r.Node}, {"libzmq", r.LibZMQ}, {"raw TCP", r.TCP}} {
			if f.figures != nil && f.figures.Failed != "" {
				list = append(list, fmt.Sprintf("%s, %s: %s failed: %s",
					r.Measure, octets(r.Size), f.who, f.figures.Failed))
			}
		}
	}
	return list
}

// withoutLibZMQ explains the empty columns.
const withoutLibZMQ = "The columns of libzmq are empty: " +
	"this zrebench was built without it (go build -tags libzmq)."
