package zre

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"
)

func manualAck(c *Config) { c.ManualAck = true }

// unacknowledged reports whether a has something in flight to b.
func unacknowledged(a, b *Node) bool {
	p, ok := a.Peer(b.ID())
	return ok && p.Stats.Unacknowledged > 0
}

// With ManualAck a message is acknowledged by Ack, and not when it is taken.
func TestManualAck(t *testing.T) {
	eachWay(t, func(t *testing.T, way func(*Config)) {
		w := newTestNet(t)
		a, b := w.start("a", way), w.start("b", way, manualAck)
		await(t, a, is(EventEnter, "b"))
		const count = 1000
		for i := range count {
			must(t, a.Whisper(bg(t), b.ID(), fmt.Append(nil, i)))
		}
		for range count {
			await(t, b, is(EventWhisper, "a"))
		}
		short, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		defer cancel()
		if err := a.Flush(short); err == nil || !unacknowledged(a, b) {
			t.Fatalf("acknowledged before Ack; flush: %v", err)
		}
		b.Ack()
		must(t, a.Flush(bg(t)))

		// What is acknowledged, and what comes after it and is not.
		must(t, a.Whisper(bg(t), b.ID(), []byte("handled")))
		await(t, b, is(EventWhisper, "a"))
		b.Ack()
		must(t, a.Flush(bg(t)))
		must(t, a.Whisper(bg(t), b.ID(), []byte("not handled")))
		await(t, b, is(EventWhisper, "a"))
		must(t, b.Close())
		var delivery *DeliveryError
		if err := a.Flush(bg(t)); !errors.As(err, &delivery) || !errors.Is(err, ErrPeerGone) || delivery.Missed[0].Peer != b.ID() {
			t.Errorf("the receiver left without Ack; flush: %v", err)
		}
	})
}

// A node that acknowledges nothing holds its senders back at their window, and is no
// dead peer.
func TestNothingAcknowledged(t *testing.T) {
	w := newTestNet(t)
	a, b := w.start("a", smallWindow), w.start("b", manualAck)
	await(t, a, is(EventEnter, "b"))
	ctx, cancel := context.WithCancel(bg(t))
	full := make(chan error, 1)
	go func() {
		for {
			if err := a.Whisper(ctx, b.ID(), make([]byte, 1000)); err != nil {
				full <- err
				return
			}
		}
	}()
	await(t, b, is(EventWhisper, "a"))
	for p, ok := a.Peer(b.ID()); p.Stats.Waits == 0; p, ok = a.Peer(b.ID()) {
		if !ok || ctx.Err() != nil {
			t.Fatalf("the sender does not wait; the peer is there: %v", ok)
		}
		<-time.After(10 * time.Millisecond)
	}
	cancel()
	if err := <-full; !errors.Is(err, context.Canceled) {
		t.Errorf("the sender ended with %v", err)
	}
	taken := make(chan struct{})
	go func() {
		defer close(taken)
		for range b.Events() {
			b.Ack()
		}
	}()
	must(t, a.Flush(bg(t)))
	must(t, b.Close())
	<-taken
}
