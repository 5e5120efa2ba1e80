package zre

import (
	"context"
	"errors"
	"testing"
	"time"
)

// A member that does not read is named in the log, in Stats and by the error, and with
// Timing.SlowPeer it does not hold up the others. When it reads again it gets what follows.
func TestSlowPeerIsLeftOut(t *testing.T) {
	t.Parallel()
	w := newTestNet(t)
	small := func(c *Config) { c.Limits.SendWindow, c.Limits.ReceiveQueue = 64<<10, 64<<10 }
	var book logBook
	a := w.start("a", small, func(c *Config) {
		c.Timing.SlowPeer = 4 * time.Second // more than it takes until the log says so
		book.config(c)
	})
	slow, quick := w.start("slow", small), w.start("quick", small)
	for _, n := range []*Node{slow, quick} {
		must(t, n.Join("g"))
		name := n.Name()
		await(t, a, func(ev Event) bool { return ev.Type == EventJoin && ev.Name == name })
	}
	ctx, stop := context.WithCancel(bg(t))
	defer stop()
	took := make(chan int)
	go func() {
		n := 0
		for {
			ev, err := quick.Next(ctx)
			if err != nil {
				took <- n
				return
			}
			if ev.Type == EventShout {
				n++
			}
		}
	}()
	payload := make([]byte, 8<<10)
	var failed *DeliveryError
	sent := 0
	for ; failed == nil && sent < 1000; sent++ {
		if err := a.Shout(bg(t), "g", payload); err != nil && !errors.As(err, &failed) {
			t.Fatal(err)
		}
	}
	if failed == nil || len(failed.Missed) != 1 || failed.Missed[0].Name != "slow" || !errors.Is(failed, ErrNotReading) {
		t.Fatalf("after %d messages: %v", sent, failed)
	}
	if a.Stats().NotReading < 4*time.Second {
		t.Errorf("not reading for %v", a.Stats().NotReading)
	}
	if n := book.count("peer does not read"); n != 1 {
		t.Errorf("%d warnings", n)
	}
	// The others go on.
	for range 50 {
		if err := a.Shout(bg(t), "g", payload); !errors.Is(err, ErrNotReading) {
			t.Fatalf("the slow one is not left out: %v", err)
		}
		sent++
	}
	// It reads again.
	reading, done := context.WithCancel(bg(t))
	defer done()
	go func() {
		for {
			if _, err := slow.Next(reading); err != nil {
				return
			}
		}
	}()
	until(t, "it is reached again", func() bool {
		sent++
		return a.Shout(bg(t), "g", payload) == nil
	})
	must(t, a.Flush(bg(t)))
	if a.Stats().NotReading != 0 || book.count("peer reads again") != 1 {
		t.Errorf("it still counts as one that does not read: %v", a.Stats().NotReading)
	}
	stop()
	if n := <-took; n != sent {
		t.Errorf("the quick one got %d of %d messages", n, sent)
	}
}

// A peer that does not read is left out, although its node is alive: it sends PINGs, and its system
// receives the answers to them, and more.
func TestSlowPeerThatPingsIsLeftOut(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, way func(*Config)) {
		w := newTestNet(t)
		var book logBook
		a := w.start("a", way, func(c *Config) {
			c.Limits.SendWindow, c.Timing.SlowPeer = 64<<10, 4*time.Second
			book.config(c)
		})
		b := w.start("b", way, func(c *Config) {
			c.Timing.QuietPeriod, c.Timing.QuietPingRate = 300*time.Millisecond, 100*time.Millisecond
		})
		await(t, a, is(EventEnter, "b"))
		ctx, stop := context.WithCancel(bg(t))
		defer stop()
		unrest := make(chan struct{})
		go func() {
			defer close(unrest)
			for ctx.Err() == nil {
				if err := errors.Join(a.Join("g"), a.Leave("g")); err != nil {
					t.Error(err)
				}
				select {
				case <-ctx.Done():
				case <-time.After(100 * time.Millisecond):
				}
			}
		}()
		defer func() { stop(); <-unrest }()
		var err error
		for err == nil {
			err = a.Whisper(bg(t), b.ID(), make([]byte, 4000))
		}
		if !errors.Is(err, ErrNotReading) {
			t.Error(err)
		}
		if n := book.count("peer does not read"); n != 1 {
			t.Errorf("%d warnings", n)
		}
	})
}
