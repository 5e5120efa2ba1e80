package zre

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"
)

// smallWindow is the smallest send window that is allowed.
func smallWindow(c *Config) { c.Limits.SendWindow, c.Limits.ReceiveQueue = 64<<10, 64<<10 }

// members starts nodes that are in the group, and waits until n knows them all.
func (w *testNet) members(n *Node, group string, names ...string) []*Node {
	w.t.Helper()
	var nodes []*Node
	for _, name := range names {
		m := w.start(name, smallWindow)
		must(w.t, m.Join(group))
		nodes = append(nodes, m)
		await(w.t, n, is(EventJoin, name))
	}
	return nodes
}

// One member of a group does not read. The others still get each message. The error names
// the member that was not reached. When it reads again it gets a stream without a gap:
// a message that it missed is missing as a whole.
func TestShoutWithSlowMember(t *testing.T) {
	t.Parallel()
	w := newTestNet(t)
	a := w.start("a", smallWindow)
	nodes := w.members(a, "g", "slow", "quick1", "quick2")
	slow := nodes[0]

	const count = 100
	payload := make([]byte, 4<<10)
	// A quick member tells of each message that it has taken.
	took := make(chan struct{}, 2*count)
	for _, quick := range nodes[1:] {
		go func() {
			n := 0
			for ev := range quick.Events() {
				if ev.Type != EventShout {
					continue
				}
				took <- struct{}{}
				if n++; n == count {
					return
				}
			}
		}()
	}
	missed := 0
	for i := range count {
		copy(payload, fmt.Sprintf("%08d", i))
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		shouted := make(chan error, 1)
		go func() { shouted <- a.Shout(ctx, "g", payload) }()
		for range nodes[1:] {
			select {
			case <-took:
			case <-ctx.Done():
				t.Fatalf("shout %d: a quick member did not get it", i)
			}
		}
		// The slow one gets as much time again as would do if it had room.
		var err error
		select {
		case err = <-shouted:
		case <-time.After(5 * time.Millisecond):
			cancel()
			err = <-shouted
		}
		cancel()
		var delivery *DeliveryError
		switch {
		case err == nil:
		case errors.As(err, &delivery) && errors.Is(err, context.Canceled):
			for _, m := range delivery.Missed {
				if m.Peer != slow.ID() || m.Name != "slow" {
					t.Fatalf("shout %d missed %v", i, m)
				}
			}
			missed++
		default:
			t.Fatalf("shout %d: %v", i, err)
		}
	}
	if missed == 0 || missed == count {
		t.Fatalf("%d of %d messages missed the slow member; the test wants some", missed, count)
	}
	last, got := -1, 0
	for got < count-missed {
		ev := await(t, slow, func(ev Event) bool { return ev.Type == EventShout || ev.Type == EventExit })
		if ev.Type == EventExit {
			t.Fatalf("EXIT: %s", ev.Reason)
		}
		var i int
		if _, err := fmt.Sscanf(string(ev.Content[0][:8]), "%d", &i); err != nil || i <= last {
			t.Fatalf("message %d after %d: %v", i, last, err)
		}
		last = i
		got++
	}
	must(t, a.Flush(bg(t)))
	if s := slow.Stats(); s.Gaps+s.Refused > 0 {
		t.Errorf("%+v", s)
	}
}

// A member that dies while a Shout waits for it ends the wait, and is named.
func TestShoutWaitEndsWithMember(t *testing.T) {
	w := newTestNet(t)
	a := w.start("a", smallWindow)
	m := w.members(a, "g", "m")[0]
	result := make(chan error, 1)
	go func() {
		ctx := bg(t)
		for {
			if err := a.Shout(ctx, "g", make([]byte, 16<<10)); err != nil {
				result <- err
				return
			}
			if len(a.PeersByGroup("g")) == 0 { // It got room a moment before the member left.
				result <- a.Flush(ctx)
				return
			}
		}
	}()
	for a.Stats().Waits == 0 {
		await(t, m, is(EventShout, "a")) // so that it is the window that fills, in its time
		if s := a.Stats(); s.Waits > 0 {
			break
		}
	}
	must(t, m.Close())
	select {
	case err := <-result:
		var delivery *DeliveryError
		if !errors.As(err, &delivery) || !errors.Is(err, ErrPeerGone) || delivery.Missed[0].Name != "m" {
			t.Errorf("shout: %v", err)
		}
	case <-time.After(patience):
		t.Error("the shout still waits for a dead member")
	}
}

// A node with DiscardEvents takes part like any other.
func TestDiscardEvents(t *testing.T) {
	w := newTestNet(t)
	a := w.start("a", smallWindow)
	w.start("deaf", smallWindow, func(c *Config) { c.DiscardEvents = true })
	ev := await(t, a, is(EventEnter, "deaf"))
	ctx := bg(t)
	for range 100 {
		must(t, a.Whisper(ctx, ev.Peer, make([]byte, 8<<10)))
	}
	must(t, a.Flush(ctx))
}

// Peers from the configuration are found without any beacon, whichever starts
// first, and found again when they come back.
func TestStaticPeers(t *testing.T) {
	w := newTestNet(t)
	quick := func(c *Config) {
		c.Discovery.NoBeacon = true
		c.Timing.QuietPeriod, c.Timing.QuietPingRate, c.Timing.DeadPeriod = 200*time.Millisecond, 100*time.Millisecond, time.Second
	}
	b := w.start("b", quick)
	a := w.start("a", quick, func(c *Config) { c.Discovery.Peers = []string{b.Endpoint()} })
	await(t, a, is(EventEnter, "b"))
	await(t, b, is(EventEnter, "a"))
	must(t, a.Whisper(bg(t), b.ID(), []byte("hi")))
	await(t, b, is(EventWhisper, "a"))
	must(t, b.Close())
	await(t, a, is(EventExit, "b"))

	// libzmq's own thread closes the port, a little later.
	cfg := Config{Name: "b2", Transport: testTransport(), Discovery: Discovery{Interfaces: []string{"lo"}, BeaconPort: w.port}, Limits: Limits{Ports: PortRange{int(b.port), int(b.port)}}}
	quick(&cfg)
	ctx := bg(t)
	again, err := Start(ctx, cfg)
	for errors.Is(err, ErrNoPort) && ctx.Err() == nil {
		again, err = Start(ctx, cfg)
	}
	must(t, err)
	t.Cleanup(func() { again.Close() })
	await(t, a, is(EventEnter, "b2"))
}
