package beacon

import (
	"bytes"
	"errors"
	"log/slog"
	"net/netip"
	"strings"
	"syscall"
	"testing"
)

// brokenSender fails with its error, if it has one.
type brokenSender struct{ err error }

func (b *brokenSender) send([]byte) error { return b.err }
func (b *brokenSender) close() error      { return nil }

// A transport that sends on two interfaces, one of which fails.
func TestOneBadInterfaceDoesNotStopTheOthers(t *testing.T) {
	bad, good := &brokenSender{err: syscall.ENETUNREACH}, &brokenSender{}
	tr := &transport{routes: []route{
		{target: target{name: "bad0", turns: 1}, sender: bad},
		{target: target{name: "good0", turns: 1}, sender: good},
	}}
	var out bytes.Buffer
	debug := &slog.HandlerOptions{Level: slog.LevelDebug}
	c := &Conn{transport: tr, log: slog.New(slog.NewTextHandler(&out, debug))}
	var before Stats
	check := func(sent, failed uint64, wanted error) {
		t.Helper()
		err := c.Send(nil)
		now := c.Stats()
		got := [2]uint64{now.Sent - before.Sent, now.SendErrors - before.SendErrors}
		if got != [2]uint64{sent, failed} || !errors.Is(err, wanted) {
			t.Errorf("sent and failed: %v, %v, want %d, %d, %v", got, err, sent, failed, wanted)
		}
		before = now
	}
	for range 3 {
		check(1, 1, nil)
	}
	if n := strings.Count(out.String(), "cannot send"); n != 1 || !strings.Contains(out.String(), "bad0") {
		t.Errorf("logged %d times: %s", n, &out)
	}
	good.err = syscall.EPERM
	check(0, 2, ErrNotSent)
	check(0, 2, syscall.EPERM)
	bad.err, good.err = nil, nil
	check(2, 0, nil)
	if n := strings.Count(out.String(), "sending again"); n != 2 {
		t.Errorf("%d recoveries logged: %s", n, &out)
	}
}

func TestSendWithoutAnyInterface(t *testing.T) {
	c := &Conn{transport: &transport{}}
	if err := c.Send(nil); !errors.Is(err, ErrNotSent) {
		t.Errorf("got %v", err)
	}
}

// countingSender counts.
type countingSender struct{ n int }

func (s *countingSender) send([]byte) error { s.n++; return nil }
func (s *countingSender) close() error      { return nil }

// Each Conn uses all sources of a group in turn, though others send meanwhile.
func TestSourcesTakeTurns(t *testing.T) {
	senders := []*countingSender{{}, {}, {}}
	tr := &transport{}
	for turn, sender := range senders {
		tr.routes = append(tr.routes, route{target: target{turn: turn, turns: len(senders)}, sender: sender})
	}
	a, b := &Conn{transport: tr}, &Conn{transport: tr}
	for n := range senders {
		if err := a.Send(nil); err != nil {
			t.Fatal(err)
		}
		before := senders[n].n
		if err := b.Send(nil); err != nil {
			t.Fatal(err)
		}
		if before != 1 || senders[n].n != 2 {
			t.Errorf("beacon %d: sent %d times by its source, then %d", n, before, senders[n].n)
		}
	}
	if s := a.Stats(); s.Sent != 3 {
		t.Errorf("stats %+v", s)
	}
}

func TestDispatchDropsOtherInterfaces(t *testing.T) {
	in := newInbox()
	c := &Conn{handler: in.handle}
	tr := &transport{}
	c.transport = tr
	tr.setConns([]*Conn{c})
	from := netip.MustParseAddrPort("10.0.0.1:5670")
	tr.dispatch([]byte("any"), from, 9)
	tr.accepted.Store(&[]int{2, 3})
	for ifindex, payload := range []string{"unknown", "other", "named", "named too"} {
		tr.dispatch([]byte(payload), from, ifindex)
	}
	in.want(t, "any")
	for _, want := range []datagram{{"named", from, 2}, {"named too", from, 3}} {
		if got := <-in; got != want {
			t.Errorf("got %v, want %v", got, want)
		}
	}
	if s := c.Stats(); s.Received != 3 || s.Dropped != 2 {
		t.Errorf("stats %+v", s)
	}
}
