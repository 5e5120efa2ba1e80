package discovery

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
)

// newAgain returns one whose first beacon was just sent, and counts what it sends.
func newAgain(isNew func(uuid.UUID) bool) (*again, *atomic.Int32) {
	a, sent := &again{isNew: isNew}, new(atomic.Int32)
	a.begin(time.Second, func() { sent.Add(1) })
	return a, sent
}

// At the start a beacon is sent again, unless the period is as short.
func TestAgainAtStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, sent := newAgain(nil)
		time.Sleep(10 * time.Second)
		if n := sent.Load(); n != 2 {
			t.Errorf("sent again %d times, want 2", n)
		}
		short, fast := &again{}, new(atomic.Int32)
		short.begin(20*time.Millisecond, func() { fast.Add(1) })
		time.Sleep(10 * time.Second)
		if n := fast.Load(); n != 0 {
			t.Errorf("sent again %d times with a short period", n)
		}
	})
}

// A node that is still new a moment later is answered, one that is not new any more is not.
func TestAgainAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		known := false
		a, sent := newAgain(func(uuid.UUID) bool { return !known })
		time.Sleep(time.Second)
		before := sent.Load()
		a.answer(uuid.New())
		time.Sleep(answerAfter + answerJitter)
		synctest.Wait()
		if n := sent.Load() - before; n != 1 {
			t.Errorf("%d answers, want 1", n)
		}
		time.Sleep(time.Second)
		known = true
		a.answer(uuid.New())
		time.Sleep(time.Second)
		if n := sent.Load() - before; n != 1 {
			t.Errorf("%d answers, and none was needed any more", n)
		}
	})
}

// However many beacons are heard, answers keep their distance, and end makes them stop.
func TestAgainFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, sent := newAgain(func(uuid.UUID) bool { return true })
		time.Sleep(time.Second)
		before := sent.Load()
		for range 10_000 {
			a.answer(uuid.New())
			time.Sleep(time.Millisecond)
		}
		if n := sent.Load() - before; n < 4 || n > 8 {
			// After 0.3, 0.6, 1.2 and 2.4 s, and then each 2.4 s.
			t.Errorf("%d answers in 10 s", n)
		}
		a.answer(uuid.New())
		a.end()
		before = sent.Load()
		a.answer(uuid.New())
		time.Sleep(time.Second)
		if n := sent.Load() - before; n != 0 {
			t.Errorf("%d beacons after the end", n)
		}
	})
}
