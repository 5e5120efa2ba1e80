package measure

import (
	"encoding/json"
	"testing"
	"time"
)

func TestSpread(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   spread
	}{
		{[]float64{3}, spread{3, 3, 3}},
		{[]float64{9, 1}, spread{5, 1, 9}},
		{[]float64{5, 1, 4}, spread{4, 1, 5}},
		{[]float64{8, 2, 4, 100}, spread{6, 2, 100}},
	} {
		if got := spreadOf(c.values); got != c.want {
			t.Errorf("spread of %v: got %v, want %v", c.values, got, c.want)
		}
	}
}

func TestRow(t *testing.T) {
	for _, c := range []struct {
		name      string
		ours, raw []float64
		want      string
	}{
		{"both", []float64{1, 3, 2}, []float64{4, 4, 5},
			`{"measure":"m","size":16,"ours":2,"raw":4,"ratio":0.5,"unit":"u","ours_min":1,"ours_max":3,"raw_min":4,"raw_max":5}`},
		{"no raw", []float64{7}, nil,
			`{"measure":"m","size":16,"ours":7,"raw":null,"ratio":null,"unit":"u","ours_min":7,"ours_max":7}`},
		{"nothing used by raw", []float64{7}, []float64{0},
			`{"measure":"m","size":16,"ours":7,"raw":0,"ratio":null,"unit":"u","ours_min":7,"ours_max":7,"raw_min":0,"raw_max":0}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := json.Marshal(row("m", 16, "u", c.ours, c.raw))
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestPercentile(t *testing.T) {
	// The first tenth is warming up and does not count.
	times := []time.Duration{time.Hour}
	for i := range 9 {
		times = append(times, time.Duration(9-i)*time.Microsecond)
	}
	for _, c := range []struct {
		p    int
		want float64
	}{{50, 5}, {99, 8}, {100, 9}} {
		if got := percentile(times, c.p); got != c.want {
			t.Errorf("percentile %d: got %v, want %v", c.p, got, c.want)
		}
	}
}

func TestByTurns(t *testing.T) {
	var order string
	o := Options{Runs: 2, Progress: func(string) {}}
	turn := func(name string) func() error {
		return func() error {
			order += name
			return nil
		}
	}
	if err := o.byTurns("x", turn("o"), turn("r")); err != nil || order != "oror" {
		t.Errorf("got %q, %v", order, err)
	}
	order, o.NoRaw = "", true
	if err := o.byTurns("x", turn("o"), turn("r")); err != nil || order != "oo" {
		t.Errorf("without raw: got %q, %v", order, err)
	}
}
