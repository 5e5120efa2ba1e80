package report

import (
	"strconv"

	"github.com/gozre/zre/cmd/zrebench/internal/measure"
)

// none is printed where there is no figure.
const none = "-"

// failed is printed where a measurement failed; a note says why.
const failed = "failed"

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

// figure writes a number with three significant digits, and k or M where it is large.
func figure(n float64) string {
	unit := ""
	switch {
	case n >= 999_500:
		n, unit = n/1e6, "M"
	case n >= 9_995:
		n, unit = n/1e3, "k"
	}
	digits := 0
	switch {
	case n == 0:
	case n < 0.0995:
		digits = 4
	case n < 0.9995:
		digits = 3
	case n < 9.995:
		digits = 2
	case n < 99.95:
		digits = 1
	}
	return strconv.FormatFloat(n, 'f', digits, 64) + unit
}

// median writes the median.
func median(s *measure.Spread) string {
	if s == nil {
		return none
	}
	return figure(s.Median)
}

// between writes the least and the largest of several rounds.
func between(s *measure.Spread) string {
	if s == nil || s.Min == s.Max {
		return none
	}
	return figure(s.Min) + "-" + figure(s.Max)
}

// value writes what one way gave.
func value(f *measure.Figures) string {
	switch {
	case f == nil:
		return none
	case f.Failed != "":
		return failed
	}
	return median(f.Value)
}

// spread is the column behind the median.
func spread(f *measure.Figures) string {
	if f == nil || f.Failed != "" {
		return none
	}
	return between(f.Value)
}

// cpu writes what one way took of the processor.
func cpu(f *measure.Figures) string {
	if f == nil {
		return none
	}
	return median(f.CPU)
}
