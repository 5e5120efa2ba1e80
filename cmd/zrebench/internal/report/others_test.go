package report

import (
	"regexp"
	"runtime"
	"testing"
	"time"
)

func TestBusyTime(t *testing.T) {
	for _, c := range []struct {
		stat string
		want time.Duration
		ok   bool
	}{
		{"cpu  100 10 20 5000 600 7 8 9 0 0\ncpu0 1 2 3\n", 1540 * time.Millisecond, true},
		{"cpu  100 10 20 5000 600 7 8", 0, false},
		{"cpu  100 10 x 5000 600 7 8 9", 0, false},
		{"intr 1 2 3 4 5 6 7 8 9", 0, false},
		{"", 0, false},
	} {
		got, err := busyTime(c.stat)
		if got != c.want || (err == nil) != c.ok {
			t.Errorf("%q: got %v, %v", c.stat, got, err)
		}
	}
}

func TestOthers(t *testing.T) {
	for _, c := range []struct {
		part, whole time.Duration
		want        float64
	}{{1, 4, 25}, {-1, 4, 0}, {5, 4, 100}} {
		if got := share(c.part, c.whole); got != c.want {
			t.Errorf("%v of %v: got %v", c.part, c.whole, got)
		}
	}
	got := NewWatch().Others()
	if runtime.GOOS != "linux" {
		if got != "" {
			t.Errorf("got %q", got)
		}
		return
	}
	if !regexp.MustCompile(`^\d+ % of \d+ cores$`).MatchString(got) {
		t.Errorf("got %q", got)
	}
}
