package pace

import (
	"testing"
	"time"
)

func TestLeft(t *testing.T) {
	const period = 500 * time.Millisecond
	for since, want := range map[time.Duration]time.Duration{
		0:                        period,
		1:                        period - 1,
		period - 1:               1,
		period:                   period,
		7*period + 100:           period - 100,
		-1:                       1,
		-period:                  period,
		-3*period - 100:          100,
		time.Hour + period/2 + 1: period/2 - 1,
	} {
		if got := left(since, period); got != want {
			t.Errorf("%v: %v, want %v", since, got, want)
		}
	}
	if d := Left(period); d <= 0 || d > period {
		t.Error(d)
	}
}
