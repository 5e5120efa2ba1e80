package report

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
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

// none stands where there is nothing to tell.
const none = "-"

// columns are the heads of a table.
func columns() []string {
	return []string{"measure", "size", "ours", "(min-max)", "raw", "(min-max)", "ratio", "unit", "allocs/msg", "CPU ns/msg", "raw"}
}

// cells are what a row says under them.
func cells(r measure.Row) []string {
	ratio, allocs := none, none
	if r.Ratio != nil {
		ratio = strconv.FormatFloat(*r.Ratio, 'f', 2, 64)
	}
	if r.Allocs != nil {
		allocs = strconv.FormatFloat(*r.Allocs, 'f', 3, 64)
	}
	return []string{
		r.Measure, octets(r.Size), figure(&r.Ours), between(&r.OursMin, &r.OursMax),
		figure(r.Raw), between(r.RawMin, r.RawMax), ratio, r.Unit, allocs, figure(r.CPU), figure(r.RawCPU),
	}
}

// Table writes the rows for people.
func Table(w io.Writer, rows []measure.Row) error {
	lines := [][]string{columns()}
	for _, r := range rows {
		lines = append(lines, cells(r))
	}
	widths := make([]int, len(lines[0]))
	for _, cells := range lines {
		for i, c := range cells {
			widths[i] = max(widths[i], utf8.RuneCountInString(c))
		}
	}
	for _, cells := range lines {
		var b strings.Builder
		for i, c := range cells {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c))
			if i == 0 { // the only text among numbers
				b.WriteString(c + pad)
			} else {
				b.WriteString("  " + pad + c)
			}
		}
		if _, err := fmt.Fprintln(w, b.String()); err != nil {
			return err
		}
	}
	return nil
}

// between gives the least and the largest of several runs.
func between(low, high *float64) string {
	if low == nil || high == nil || *low == *high {
		return none
	}
	return figure(low) + "-" + figure(high)
}

// octets writes a size shortly: 16, 1Ki, 1Mi.
func octets(n int) string {
	switch {
	case n == 0:
		return none
	case n >= 1<<20 && n%(1<<20) == 0:
		return strconv.Itoa(n>>20) + "Mi"
	case n >= 1<<10 && n%(1<<10) == 0:
		return strconv.Itoa(n>>10) + "Ki"
	}
	return strconv.Itoa(n)
}

// figure writes a number with three digits that count, and k or M where it is large.
func figure(v *float64) string {
	if v == nil {
		return none
	}
	n, unit := *v, ""
	switch {
	case n >= 999_500:
		n, unit = n/1e6, "M"
	case n >= 9_995:
		n, unit = n/1e3, "k"
	}
	digits := 0
	switch {
	case n == 0:
	case n < 0.9995:
		digits = 3
	case n < 9.995:
		digits = 2
	case n < 99.95:
		digits = 1
	}
	return strconv.FormatFloat(n, 'f', digits, 64) + unit
}
