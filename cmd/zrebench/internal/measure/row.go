package measure

import "slices"

// Row is one line of the table.
type Row struct {
	Measure string   `json:"measure"`
	Size    int      `json:"size"`              // octets of content, or what else the measure counts
	Ours    float64  `json:"ours"`              // median
	Raw     *float64 `json:"raw"`               // median; null where libzmq alone has no such thing
	Ratio   *float64 `json:"ratio"`             // ours / raw
	Unit    string   `json:"unit"`              // of ours and raw
	Allocs  *float64 `json:"allocs,omitempty"`  // allocations for each message, at both ends together
	CPU     *float64 `json:"cpu,omitempty"`     // nanoseconds of all cores for each message, at both ends together
	RawCPU  *float64 `json:"raw_cpu,omitempty"` // the same of libzmq alone
	OursMin float64  `json:"ours_min"`
	OursMax float64  `json:"ours_max"`
	RawMin  *float64 `json:"raw_min,omitempty"`
	RawMax  *float64 `json:"raw_max,omitempty"`
}

// spread is what is said of the values of some runs.
type spread struct{ Median, Min, Max float64 }

// spreadOf sums up values, of which there is at least one.
func spreadOf(values []float64) spread {
	v := slices.Sorted(slices.Values(values))
	n := len(v)
	return spread{Median: (v[(n-1)/2] + v[n/2]) / 2, Min: v[0], Max: v[n-1]}
}

// row makes a line of the values of all runs.
func row(name string, size int, unit string, ours, raw []float64) Row {
	o := spreadOf(ours)
	r := Row{Measure: name, Size: size, Unit: unit, Ours: o.Median, OursMin: o.Min, OursMax: o.Max}
	if len(raw) > 0 {
		s := spreadOf(raw)
		r.Raw, r.RawMin, r.RawMax = &s.Median, &s.Min, &s.Max
		if s.Median != 0 {
			ratio := o.Median / s.Median
			r.Ratio = &ratio
		}
	}
	return r
}

// middle is the median, nil where nothing was measured.
func middle(values []float64) *float64 {
	if len(values) == 0 {
		return nil
	}
	m := spreadOf(values).Median
	return &m
}
