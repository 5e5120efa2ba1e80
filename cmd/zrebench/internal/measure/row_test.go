package measure

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gozre/zre/cmd/zrebench/internal/worker"
)

func TestSpread(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   *Spread
	}{
		{nil, nil},
		{[]float64{3}, &Spread{3, 3, 3}},
		{[]float64{9, 1}, &Spread{5, 1, 9}},
		{[]float64{5, 1, 4}, &Spread{4, 1, 5}},
		{[]float64{8, 2, 4, 100}, &Spread{6, 2, 100}},
	} {
		if diff := cmp.Diff(c.want, spreadOf(c.values)); diff != "" {
			t.Errorf("spread of %v: %s", c.values, diff)
		}
	}
}

// The median of the ratios is not the ratio of the medians.
func TestRatios(t *testing.T) {
	for _, c := range []struct {
		ours, theirs []float64
		want         *Spread
	}{
		{[]float64{1, 20, 3}, []float64{10, 10, 1}, &Spread{2, 0.1, 3}},
		{[]float64{1, 2, 3}, []float64{2}, &Spread{0.5, 0.5, 0.5}}, // they failed
		{[]float64{1, 2}, []float64{0, 4}, &Spread{0.5, 0.5, 0.5}},
		{[]float64{1}, nil, nil},
	} {
		if diff := cmp.Diff(c.want, ratios(c.ours, c.theirs)); diff != "" {
			t.Errorf("%v to %v: %s", c.ours, c.theirs, diff)
		}
	}
}

// of makes a series of values, each with processor time and allocations of the same number.
func of(values ...float64) *series {
	s := &series{}
	for _, v := range values {
		s.samples = append(s.samples, sample{v, &perMessage{cpu: v, allocs: v}})
	}
	return s
}

func TestRow(t *testing.T) {
	bare := &series{samples: []sample{{value: 7}}}
	for _, c := range []struct {
		name              string
		node, libzmq, tcp *series
		want              string
	}{
		{"all", of(1, 3, 2), of(4, 4, 5), of(8, 8, 8), `{"measure":"m","size":16,"unit":"u",
			"node":{"value":{"median":2,"min":1,"max":3},"cpu_ns":{"median":2,"min":1,"max":3},
				"allocs":{"median":2,"min":1,"max":3}},
			"libzmq":{"value":{"median":4,"min":4,"max":5},"cpu_ns":{"median":4,"min":4,"max":5}},
			"tcp":{"value":{"median":8,"min":8,"max":8},"cpu_ns":{"median":8,"min":8,"max":8}},
			"to_libzmq":{"value":{"median":0.4,"min":0.25,"max":0.75},
				"cpu":{"median":0.4,"min":0.25,"max":0.75}},
			"to_tcp":{"value":{"median":0.25,"min":0.125,"max":0.375},
				"cpu":{"median":0.25,"min":0.125,"max":0.375}}}`},
		{"alone", bare, nil, nil, `{"measure":"m","size":16,"unit":"u",
			"node":{"value":{"median":7,"min":7,"max":7}},"libzmq":null,"tcp":null,
			"to_libzmq":{},"to_tcp":{}}`},
		{"failed", &series{failed: errors.New("no luck")}, bare, nil,
			`{"measure":"m","size":16,"unit":"u","node":{"failed":"no luck"},
			"libzmq":{"value":{"median":7,"min":7,"max":7}},"tcp":null,
			"to_libzmq":{},"to_tcp":{}}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := json.Marshal(row("m", 16, "u", c.node, c.libzmq, c.tcp))
			if err != nil {
				t.Fatal(err)
			}
			want := strings.NewReplacer("\n", "", "\t", "").Replace(c.want)
			if string(got) != want {
				t.Errorf("got  %s\nwant %s", got, want)
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

// order runs a contest and notes who had a turn, by the first letters. It fails when fails says so.
func order(o Options, without []way, fails func(w way, round int) bool) (string, []Row, error) {
	var turns strings.Builder
	rounds := make(map[way]int)
	o.Progress = func(string) {}
	c := contest{
		Options: &o, name: "x", rows: []head{{"a", 1, "u"}, {"b", 2, "u"}}, without: without,
		run: func(_ context.Context, w way) ([]sample, error) {
			turns.WriteString(w.String()[:1])
			rounds[w]++
			if fails != nil && fails(w, rounds[w]) {
				return nil, errors.New("no luck")
			}
			return []sample{{value: 1}, {value: 2}}, nil
		},
	}
	rows, err := c.hold(context.Background())
	return turns.String(), rows, err
}

func TestContest(t *testing.T) {
	never := func(way, int) bool { return false }
	for _, c := range []struct {
		name    string
		options Options
		without []way
		fails   func(way, int) bool
		want    string // with libzmq
		err     string
	}{
		{"by turns", Options{Runs: 2}, nil, never, "lnTlnT", ""},
		{"without TCP", Options{Runs: 2}, []way{tcp}, never, "lnln", ""},
		{"without both", Options{Runs: 1}, []way{tcp, libzmq}, never, "n", ""},
		{"nodes alone", Options{Runs: 2, NoRaw: true}, nil, never, "nn", ""},
		{"TCP fails", Options{Runs: 3}, nil,
			func(w way, i int) bool { return w == tcp && i == 2 }, "lnTlnTln", ""},
		{"the node fails", Options{Runs: 2}, nil,
			func(w way, i int) bool { return w == node }, "lnTlT", "x: no luck"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, rows, err := order(c.options, c.without, c.fails)
			want := c.want
			if !worker.HasLibZMQ {
				want = strings.ReplaceAll(want, "l", "")
			}
			if got != want {
				t.Errorf("turns %s, want %s", got, want)
			}
			if c.err == "" && err != nil || c.err != "" && (err == nil || err.Error() != c.err) {
				t.Errorf("error %v, want %q", err, c.err)
			}
			if len(rows) != 2 || rows[0].Measure != "a" || rows[1].Measure != "b" ||
				rows[1].Size != 2 {
				t.Errorf("rows %+v", rows)
			}
		})
	}
}

func TestContestKeepsRoundsBeforeAFailure(t *testing.T) {
	fails := func(w way, i int) bool { return w == tcp && i == 2 }
	_, rows, err := order(Options{Runs: 3}, nil, fails)
	if err != nil {
		t.Fatal(err)
	}
	r := rows[1]
	if r.TCP == nil || r.TCP.Failed != "no luck" || r.TCP.Value == nil || r.TCP.Value.Median != 2 {
		t.Errorf("got %+v", r.TCP)
	}
	if r.ToTCP.Value == nil || r.ToTCP.Value.Median != 1 {
		t.Errorf("got %+v", r.ToTCP)
	}
}

func TestSome(t *testing.T) {
	names := func(list []Measure) (s []string) {
		for _, m := range list {
			s = append(s, m.Name)
		}
		return s
	}
	every := names(All())
	for _, c := range []struct {
		secure bool
		names  []string
		all    bool
		want   int // how many
	}{
		{false, nil, true, len(every)}, {true, nil, true, len(every) - 1},
		{false, []string{"idle", "secure"}, false, 2}, {true, []string{"secure"}, false, 1},
	} {
		if got := names(Some(&Options{Secure: c.secure}, c.names, c.all)); len(got) != c.want {
			t.Errorf("%+v: got %q", c, got)
		}
	}
}
