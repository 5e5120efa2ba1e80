package measure

import (
	"fmt"
	"strconv"
)

// quantity is what a goal looks at.
type quantity string

const (
	value  quantity = "" // of the row, in its unit
	cpu    quantity = "processor time of a message"
	allocs quantity = "allocations of a message"
)

// goal is what a figure of a node is to reach.
type goal struct {
	measure  string
	size     int
	of       quantity
	relative bool    // to libzmq, with CURVE if the node encrypts
	atLeast  bool    // or else at most
	limit    float64 // 0 asks for no more than that it works
}

// goals are those of the project, for a machine with two cores.
func goals() []goal {
	const relative, atLeast = true, true
	return []goal{
		{whisper, 16, value, relative, atLeast, 4},
		{whisper, 16, cpu, relative, !atLeast, 0.25},
		{whisper, 16, allocs, !relative, !atLeast, 0.01},
		{whisper, 1 << 10, value, relative, atLeast, 2},
		{whisper, 1 << 10, allocs, !relative, !atLeast, 0.1},
		{whisper, 64 << 10, value, relative, atLeast, 1.2},
		{whisper, 1 << 20, value, relative, atLeast, 1.2},
		{roundTrip50, 1 << 10, value, relative, !atLeast, 0.6},
		{roundTrip99, 1 << 10, value, relative, !atLeast, 0.8},
		{fmt.Sprintf(shout, 10), 16, value, relative, atLeast, 2},
		{fmt.Sprintf(manyToOne, 10), 16, value, relative, atLeast, 2},
		{"secure " + whisper, 16, value, relative, atLeast, 2},
		{"secure " + whisper, 1 << 10, value, relative, atLeast, 1.2},
		{"secure " + whisper, 64 << 10, value, relative, atLeast, 1},
		{inProcess, 75, value, !relative, !atLeast, 0.2},
		{inProcess, 100, value, !relative, !atLeast, 0.35},
		{"secure " + inProcess, 75, value, !relative, !atLeast, 2},
		{"secure " + inProcess, 100, value, !relative, !atLeast, 0},
		{apart, 20, value, !relative, !atLeast, 0.1},
		{idleCPU, 75, value, !relative, !atLeast, 1},
		{linkMemory, weighedLinks, value, !relative, !atLeast, 16},
	}
}

// weighedLinks is how many links the goal for their memory is set for: 24 nodes to 24 others and
// back.
const weighedLinks = 2 * 24 * 24

// Verdict says whether a goal is reached.
type Verdict struct {
	Of      string  `json:"of"`            // what it looks at
	Want    string  `json:"want"`          // what is to be reached
	Got     *Spread `json:"got,omitempty"` // what was measured, nil if nothing was
	Unit    string  `json:"unit"`          // of Got; "x" for a ratio
	Reached *bool   `json:"reached"`       // null if that is not known

	ratio float64 // to libzmq, of a goal for the value itself
}

// Rate is what the value of the row would have to be, if the goal is about that and a ratio.
func (v Verdict) Rate(r Row) (float64, bool) {
	if v.ratio == 0 || r.LibZMQ == nil || r.LibZMQ.Value == nil {
		return 0, false
	}
	return v.ratio * r.LibZMQ.Value.Median, true
}

// Judge sets the verdicts of the goals that there are for the row.
func (r *Row) Judge() {
	r.Goals = nil
	for _, g := range goals() {
		if g.measure == r.Measure && g.size == r.Size {
			r.Goals = append(r.Goals, g.judge(r))
		}
	}
}

func (g goal) judge(r *Row) Verdict {
	v := Verdict{Of: string(g.of), Unit: r.Unit}
	figures := map[quantity]*Spread{value: r.Node.Value, cpu: r.Node.CPU, allocs: r.Node.Allocs}
	units := map[quantity]string{value: r.Unit, cpu: "ns", allocs: ""}
	if g.relative {
		figures = map[quantity]*Spread{value: r.ToLibZMQ.Value, cpu: r.ToLibZMQ.CPU}
		units = map[quantity]string{value: "x", cpu: "x"}
	}
	v.Got, v.Unit = figures[g.of], units[g.of]
	if g.of == value {
		v.Of = r.Unit
		if g.relative {
			v.ratio = g.limit
		}
	}
	v.Want = g.want(v.Unit)
	var reached bool
	switch {
	case r.Node.Failed != "":
		reached = false
	case v.Got == nil:
		return v
	case g.limit == 0:
		reached = true
	case g.atLeast:
		reached = v.Got.Median >= g.limit
	default:
		reached = v.Got.Median <= g.limit
	}
	v.Reached = &reached
	return v
}

// want is the goal in words.
func (g goal) want(unit string) string {
	if g.limit == 0 {
		return "works"
	}
	bound := "at most"
	if g.atLeast {
		bound = "at least"
	}
	text := bound + " " + strconv.FormatFloat(g.limit, 'f', -1, 64)
	switch {
	case g.relative:
		return text + " x libzmq"
	case unit != "":
		return text + " " + unit
	}
	return text
}
