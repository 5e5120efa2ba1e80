package zre

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/codec/zremsg"
	"github.com/gozre/zre/internal/zmq"
)

// taker is an application that takes events, one for each call of more.
type taker struct {
	n      *Node
	more   chan context.Context
	events chan Event
	errs   chan error
}

func newTaker(t *testing.T, n *Node) *taker {
	k := &taker{n, make(chan context.Context), make(chan Event, 100), make(chan error, 1)}
	t.Cleanup(func() { close(k.more) })
	go func() {
		for ctx := range k.more {
			if ev, err := n.Next(ctx); err == nil {
				k.events <- ev
			} else {
				k.errs <- err
			}
		}
	}()
	return k
}

// lead has the application wait in Next, and returns when it reads the inbox there.
// It reads once it has waited for a batch of the node's goroutine, so bob whispers
// to it until then.
func (k *taker) lead(t *testing.T, ctx context.Context, bob *Node) {
	t.Helper()
	for {
		k.more <- ctx
		for range 100 {
			if k.n.turns.leads.Load() {
				return
			}
			time.Sleep(time.Millisecond)
		}
		must(t, bob.Whisper(bg(t), k.n.ID(), []byte("again")))
		<-k.events
	}
}

func meet(t *testing.T, change ...func(*Config)) (alice, bob *Node, w *testNet) {
	t.Helper()
	w = newTestNet(t)
	alice, bob = w.start("alice", change...), w.start("bob", change...)
	await(t, bob, is(EventEnter, "alice"))
	await(t, alice, is(EventEnter, "bob"))
	return alice, bob, w
}

// While the application that has read the inbox is elsewhere, the node answers its
// peers all the same.
func TestApplicationStaysAway(t *testing.T) {
	alice, bob, w := meet(t)
	k := newTaker(t, alice)
	k.lead(t, bg(t), bob)
	must(t, bob.Whisper(bg(t), alice.ID(), []byte("go")))
	<-k.events
	carol := w.start("carol")
	await(t, carol, is(EventEnter, "alice"))
	must(t, bob.Join(bg(t), "group"))
	for end := time.Now().Add(patience); len(alice.PeersByGroup("group")) == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("nobody reads the inbox of alice")
		}
	}
}

// A sender that waits for answers gets them, whether the application is about to
// read the inbox, reads it or has just left.
func TestSenderBesideApplication(t *testing.T) {
	bothWays(t, func(t *testing.T, way func(*Config)) {
		alice, bob, _ := meet(t, way, func(c *Config) { c.SendWindow = 64 << 10 })
		const messages = 2000
		echo := func(n *Node, to uuid.UUID) error {
			for range messages {
				ev, err := n.Next(bg(t))
				if err == nil && ev.Type == EventWhisper {
					err = n.Whisper(bg(t), to, ev.Content...)
				}
				if err != nil {
					return err
				}
			}
			return n.Flush(bg(t))
		}
		done := make(chan error, 2)
		go func() { done <- echo(bob, alice.ID()) }()
		go func() {
			for range messages {
				if _, err := alice.Next(bg(t)); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
		content := make([]byte, 500)
		for range messages {
			must(t, alice.Whisper(bg(t), bob.ID(), content))
		}
		must(t, <-done)
		must(t, <-done)
	})
}

// What the node finds out by itself reaches an application that reads the inbox,
// where nothing comes any more.
func TestApplicationHearsOfSilence(t *testing.T) {
	w := newTestNet(t)
	alice := w.start("alice", func(c *Config) {
		c.NoBeacon, c.QuietPeriod, c.QuietPingRate, c.DeadPeriod = true, 50*time.Millisecond, 50*time.Millisecond, 400*time.Millisecond
	})
	_, endpoint := stranger(t)
	ctx, err := zmq.Open()
	must(t, err)
	defer ctx.Close()
	id := uuid.New()
	out, err := ctx.Dealer(zmq.Options{Identity: append([]byte{1}, id[:]...)})
	must(t, err)
	must(t, out.Connect(alice.Endpoint()))
	hello := zremsg.Hello{Sequence: 1, Endpoint: endpoint, Name: "mute"}
	header, err := hello.AppendTo(nil)
	must(t, err)
	must(t, out.Send(header))
	for _, typ := range []EventType{EventEnter, EventEvasive, EventExit} {
		await(t, alice, is(typ, "mute"))
	}
}

// Next ends with its context, and with the node, also while it reads the inbox.
func TestNextEndsWhileItReads(t *testing.T) {
	alice, bob, _ := meet(t)
	k := newTaker(t, alice)
	ctx, cancel := context.WithCancel(bg(t))
	k.lead(t, ctx, bob)
	cancel()
	if err := <-k.errs; !errors.Is(err, context.Canceled) {
		t.Errorf("after its context: %v", err)
	}
	k.lead(t, bg(t), bob)
	must(t, alice.Close())
	for {
		select {
		case <-k.events: // EXIT
			k.more <- bg(t)
			continue
		case err := <-k.errs:
			if err != io.EOF {
				t.Errorf("after Close: %v", err)
			}
		}
		break
	}
}
