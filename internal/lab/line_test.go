package lab

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// throughPipe puts frames of a size on a line at once, and tells when each came out.
func throughPipe(line Line, count, size int) (arrivals []time.Duration, lost int) {
	ctx, stop := context.WithCancel(context.Background())
	began := time.Now()
	p := newPipe(line, 1, func([]byte) { arrivals = append(arrivals, time.Since(began)) })
	for range count {
		p.put(make([]byte, size))
	}
	go p.run(ctx)
	time.Sleep(time.Hour) // of virtual time: all that can come has come
	stop()
	synctest.Wait()
	return arrivals, p.lost
}

func TestLineRateAndDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got, _ := throughPipe(Line{Rate: 8000, Delay: time.Second}, 3, 500)
		want := []time.Duration{1500 * time.Millisecond, 2 * time.Second, 2500 * time.Millisecond}
		if !slices.Equal(got, want) {
			t.Errorf("3 frames of 500 octets at 1000 octets/s, 1 s away, came at %v, want %v", got, want)
		}
	})
}

func TestLineQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got, lost := throughPipe(Line{Rate: 8000, Queue: 1000}, 5, 400)
		if len(got) != 2 || lost != 3 {
			t.Errorf("a queue of 1000 octets let %d frames of 400 pass and lost %d, want 2 and 3", len(got), lost)
		}
	})
}

func TestLineJitter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const delay, jitter = 50 * time.Millisecond, 200 * time.Millisecond
		got, _ := throughPipe(Line{Delay: delay, Jitter: jitter}, 100, 100)
		if len(got) != 100 || !slices.IsSorted(got) {
			t.Fatalf("%d frames of 100 came, in order: %v", len(got), slices.IsSorted(got))
		}
		if got[0] < delay || got[99] > delay+jitter || got[99] < delay+jitter*9/10 {
			t.Errorf("they came from %v to %v", got[0], got[99])
		}
	})
}

func TestLineLoss(t *testing.T) {
	for loss, want := range map[float64][2]int{0: {1000, 1000}, 0.5: {400, 600}, 1: {0, 0}} {
		synctest.Test(t, func(t *testing.T) {
			got, _ := throughPipe(Line{Loss: loss}, 1000, 100)
			if len(got) < want[0] || len(got) > want[1] {
				t.Errorf("loss %v: %d of 1000 frames came, want %d to %d", loss, len(got), want[0], want[1])
			}
		})
	}
}
