package report

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/gozre/zre/cmd/zrebench/internal/measure"
)

// JSON writes one object a line.
func JSON(w io.Writer, rows []measure.Row) error {
	e := json.NewEncoder(w)
	for _, r := range rows {
		if err := e.Encode(r); err != nil {
			return err
		}
	}
	return nil
}

// Circumstances are what the rows have to be read with.
type Circumstances struct {
	LibZMQ bool   // whether it could be measured
	Others string // how much of the cores other processes used during the run, "" if not known
}

// Text writes the rows for people.
func Text(w io.Writer, rows []measure.Row, c Circumstances) error {
	var b strings.Builder
	for i, t := range tables(rows) {
		if i > 0 {
			fmt.Fprintf(&b, "\n%s:\n", t.title)
		}
		t.text(&b)
	}
	if s := summary(rows); s != "" {
		fmt.Fprintln(&b, s)
	}
	for _, n := range notes(rows) {
		fmt.Fprintln(&b, n)
	}
	if c.Others != "" && len(rows) > 0 {
		fmt.Fprintf(&b, "Other processes used %s during the run.\n", c.Others)
	}
	if !c.LibZMQ && len(rows) > 0 {
		fmt.Fprintln(&b, withoutLibZMQ)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// text lays out a table.
func (t table) text(b *strings.Builder) {
	lines := append([][]string{t.head}, t.lines...)
	widths := make([]int, len(t.head))
	for _, cells := range lines {
		for i, c := range cells {
			widths[i] = max(widths[i], utf8.RuneCountInString(c))
		}
	}
	for _, cells := range lines {
		var line strings.Builder
		for i, c := range cells {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c))
			if i > 0 {
				line.WriteString("  ")
			}
			if i < t.texts {
				line.WriteString(c + pad)
			} else {
				line.WriteString(pad + c)
			}
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
}
