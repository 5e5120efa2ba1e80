package measure

import (
	"errors"
	"fmt"
	"testing"
)

// Each goal can be reached and missed, by a little.
func TestGoals(t *testing.T) {
	for _, g := range goals() {
		name := fmt.Sprintf("%s %d %s", g.measure, g.size, g.of)
		for _, c := range []struct {
			factor  float64
			reached bool
		}{{1.001, g.atLeast}, {1, true}, {0.999, !g.atLeast}} {
			if g.limit == 0 {
				continue // see below
			}
			figure := g.limit * c.factor
			r := row(g.measure, g.size, "u", of(figure), of(1), nil)
			v, n := verdict(r, g)
			if n != 1 || v.Reached == nil || *v.Reached != c.reached {
				t.Errorf("%s: figure %v: verdict %+v, want reached: %v", name, figure, v, c.reached)
			}
		}
	}
}

// verdict is that of one goal in a row, and how many such there are.
func verdict(r Row, g goal) (found Verdict, n int) {
	want := g.judge(&r)
	for _, v := range r.Goals {
		if v.Of == want.Of && v.Want == want.Want {
			found, n = v, n+1
		}
	}
	return found, n
}

func TestVerdict(t *testing.T) {
	yes, no := true, false
	for _, c := range []struct {
		name    string
		row     Row
		i       int // of the goals
		want    string
		unit    string
		reached *bool
	}{
		{"works", row("secure "+inProcess, 100, "s", of(99), nil, nil), 0, "works", "s", &yes},
		{"works not", row("secure "+inProcess, 100, "s",
			&series{failed: errors.New("x")}, nil, nil), 0, "works", "s", &no},
		{"fails in the second round", row(apart, 20, "s",
			&series{samples: of(0.01).samples, failed: errors.New("x")}, nil, nil),
			0, "at most 0.1 s", "s", &no},
		{"without libzmq", row(whisper, 16, "messages/s", of(5), nil, of(7)),
			0, "at least 4 x libzmq", "x", nil},
		{"processor time", row(whisper, 16, "messages/s", of(5), of(20), nil),
			1, "at most 0.25 x libzmq", "x", &yes},
		{"allocations", row(whisper, 1<<10, "messages/s", of(0.2), of(0.01), nil),
			1, "at most 0.1", "", &no},
	} {
		t.Run(c.name, func(t *testing.T) {
			if len(c.row.Goals) <= c.i {
				t.Fatalf("goals %+v", c.row.Goals)
			}
			v := c.row.Goals[c.i]
			if v.Want != c.want || v.Unit != c.unit || (v.Reached == nil) != (c.reached == nil) ||
				v.Reached != nil && *v.Reached != *c.reached {
				t.Errorf("got %+v", v)
			}
		})
	}
	if r := row(whisper, 17, "messages/s", of(1), of(1), nil); len(r.Goals) != 0 {
		t.Errorf("17 octets have goals: %+v", r.Goals)
	}
}

func TestRate(t *testing.T) {
	r := row(whisper, 16, "messages/s", of(5), of(2), nil)
	if rate, ok := r.Goals[0].Rate(r); !ok || rate != 8 {
		t.Errorf("got %v, %v", rate, ok)
	}
	if _, ok := r.Goals[1].Rate(r); ok {
		t.Error("processor time is no rate")
	}
}
