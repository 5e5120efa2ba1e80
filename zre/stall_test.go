package zre

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/google/uuid"
)

// impatient makes senders, and Close, give up soon.
func impatient(c *Config) {
	c.Timing.StallTimeout, c.Timing.CloseTimeout = 300*time.Millisecond, 100*time.Millisecond
}

// Two nodes that send all they get back from the loop that takes their events end in an error
// that says what to do, or go on; they do not hang. Their queues need not be full for that: with
// the defaults a peer waits for its window long before.
func TestEchoInTheLoop(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		set  func(*Config)
		size int
	}{
		"the queues are full":    {smallWindow, 4000},
		"the queues have room":   {func(c *Config) { c.Limits.SendWindow = 64 << 10 }, 4000},
		"small messages":         {func(c *Config) { c.Limits.SendWindow = 64 << 10 }, 16},
		"acknowledged by itself": {func(c *Config) { c.Limits.SendWindow, c.ManualAck = 64<<10, true }, 4000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachWay(t, func(t *testing.T, way func(*Config)) { echoInTheLoop(t, c.size, way, c.set) })
		})
	}
}

func echoInTheLoop(t *testing.T, size int, settings ...func(*Config)) {
	w := newTestNet(t)
	settings = append(settings, impatient)
	a, b := w.start("a", settings...), w.start("b", settings...)
	await(t, a, is(EventEnter, "b"))
	await(t, b, is(EventEnter, "a"))
	ended := make(chan error, 2)
	go func() { ended <- echo(t, a, b.ID(), make([]byte, size)) }()
	go func() { ended <- echo(t, b, a.ID(), make([]byte, size)) }()
	for range 2 {
		if err := <-ended; err != nil && !errors.Is(err, ErrEventsNotTaken) {
			t.Errorf("the loop ended with %v", err)
		}
	}
}

// echo sends messages, and then two for each that comes, until nothing comes any more.
func echo(t *testing.T, n *Node, to uuid.UUID, content []byte) error {
	for range 50 {
		if err := n.Whisper(bg(t), to, content); err != nil {
			return err
		}
	}
	for {
		ev, err := n.Next(shortly(t))
		if err != nil {
			return nil
		}
		if ev.Type != EventWhisper {
			continue
		}
		for range 2 {
			if err := n.Whisper(bg(t), to, ev.Content...); err != nil {
				return err
			}
		}
		n.Ack()
	}
}

// Two nodes that both wait in Flush in the loop that takes their events get the same error.
func TestFlushInTheLoop(t *testing.T) {
	t.Parallel()
	w := newTestNet(t)
	a, b := w.start("a", impatient), w.start("b", impatient)
	await(t, a, is(EventEnter, "b"))
	await(t, b, is(EventEnter, "a"))
	must(t, a.Whisper(bg(t), b.ID(), []byte("x")))
	must(t, b.Whisper(bg(t), a.ID(), []byte("x")))
	ended := make(chan error, 2)
	for _, n := range []*Node{a, b} {
		go func() { ended <- n.Flush(bg(t)) }()
	}
	for range 2 {
		if err := <-ended; !errors.Is(err, ErrEventsNotTaken) {
			t.Errorf("flush: %v, want %v", err, ErrEventsNotTaken)
		}
	}
}

// A sender waits for a peer that does not read, for as long as its context lasts, if nobody
// waits for the sender's own application.
func TestNobodyWaitsForUs(t *testing.T) {
	t.Parallel()
	w := newTestNet(t)
	a, b := w.start("a", impatient, smallWindow), w.start("b", impatient)
	await(t, a, is(EventEnter, "b"))
	await(t, b, is(EventEnter, "a"))
	must(t, b.Join("g")) // an event that is not taken
	ctx, cancel := context.WithTimeout(context.Background(), 5*stallLook)
	defer cancel()
	for {
		if err := a.Whisper(ctx, b.ID(), make([]byte, 4000)); err != nil {
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("whisper: %v", err)
			}
			return
		}
	}
}

// Peers wait for the application, and that waits for a peer on a slow line, at whose system more and
// more arrives: there is a point in waiting.
func TestSlowLineIsNoStall(t *testing.T) {
	t.Parallel()
	w := newTestNet(t)
	a, b := w.start("a", impatient), w.start("b", impatient)
	await(t, b, is(EventEnter, "a"))
	must(t, b.Whisper(bg(t), a.ID(), []byte("x"))) // It is not taken.
	until(t, "it counts as a stall", func() bool { return errors.Is(a.stalled(math.MaxInt64), ErrEventsNotTaken) })
	if err := a.stalled(a.cfg.Timing.StallTimeout / 2); err != nil {
		t.Error(err)
	}
}

// The time counts while peers wait and nothing is taken.
func TestStall(t *testing.T) {
	const second = time.Second
	var s stall
	now := time.Now()
	for i, c := range []struct {
		after    time.Duration
		progress uint64
		waits    bool
		want     time.Duration
	}{
		{0, 5, false, 0},
		{second, 5, true, 0},
		{second, 5, true, second},
		{stallLook / 2, 9, false, second}, // nobody looks so soon again
		{second, 5, true, 2*second + stallLook/2},
		{second, 6, true, 0}, // one event was taken
		{second, 6, true, second},
		{second, 6, false, 0}, // no peer waits
		{second, 6, true, 0},
		{second, 6, true, second},
	} {
		now = now.Add(c.after)
		if got := s.lasts(now, func() (uint64, bool) { return c.progress, c.waits }); got != c.want {
			t.Errorf("look %d: %v, want %v", i, got, c.want)
		}
	}
}
