package beacon

import (
	"fmt"
	"net/netip"
	"testing"
	"time"
)

// crowded returns a transport with so many Conns that repetitions wait, and what the first of
// them hears.
func crowded(t *testing.T) (*transport, inbox) {
	t.Helper()
	tr, in := &transport{}, newInbox()
	conns := []*Conn{{handler: in.handle, transport: tr}}
	for len(conns) < repeatConns {
		conns = append(conns, &Conn{handler: func([]byte, netip.AddrPort, int) {}, transport: tr})
	}
	tr.setConns(conns)
	t.Cleanup(tr.repeats.end)
	return tr, in
}

var repeatFrom = netip.MustParseAddrPort("10.0.0.1:5670")

// heardNow returns what was heard without waiting.
func (in inbox) heardNow() (all []string) {
	for len(in) > 0 {
		all = append(all, (<-in).payload)
	}
	return all
}

// A repetition comes a moment later, and nothing is lost.
func TestRepetitionsArrive(t *testing.T) {
	tr, in := crowded(t)
	for range 3 {
		for i := range 20 {
			tr.dispatch(fmt.Append(nil, i), repeatFrom, 1)
		}
		for i := range 20 {
			in.want(t, fmt.Sprint(i))
		}
	}
}

// A datagram that is new is heard at once, after all that came before it: what says that a node
// leaves does not overtake what says that it is there.
func TestNewDatagramsComeInOrder(t *testing.T) {
	tr, in := crowded(t)
	tr.dispatch([]byte("here"), repeatFrom, 1)
	if got := fmt.Sprint(in.heardNow()); got != "[here]" {
		t.Fatal(got)
	}
	tr.dispatch([]byte("here"), repeatFrom, 1)
	tr.dispatch([]byte("gone"), repeatFrom, 1)
	if got := fmt.Sprint(in.heardNow()); got != "[here gone]" {
		t.Error(got)
	}
	// The same octets from elsewhere, or by another interface, are no repetition.
	for i, from := range []string{"10.0.0.2:5670", "10.0.0.1:5671"} {
		tr.dispatch([]byte("here"), netip.MustParseAddrPort(from), 1)
		if got := fmt.Sprint(in.heardNow()); got != "[here]" {
			t.Error(i, got)
		}
	}
	tr.dispatch([]byte("here"), repeatFrom, 2)
	if got := fmt.Sprint(in.heardNow()); got != "[here]" {
		t.Error(got)
	}
}

// What waits comes first also where so many Conns have been closed that nothing waits any more.
func TestNewDatagramsComeInOrderAmongFewer(t *testing.T) {
	tr, in := crowded(t)
	tr.dispatch([]byte("here"), repeatFrom, 1)
	tr.dispatch([]byte("here"), repeatFrom, 1)
	tr.setConns(tr.current()[:repeatConns-1])
	tr.dispatch([]byte("gone"), repeatFrom, 1)
	if got := fmt.Sprint(in.heardNow()); got != "[here here gone]" {
		t.Error(got)
	}
}

// What waits and what is remembered is bounded, whatever is sent.
func TestRepetitionsAreBounded(t *testing.T) {
	tr, in := crowded(t)
	send := func(i int) { tr.dispatch(fmt.Append(nil, i), repeatFrom, 1) }
	for i := range 10 * repeatKnown {
		send(i)
		if got := in.heardNow(); len(got) != 1 {
			t.Fatal(i, got)
		}
	}
	r := &tr.repeats
	if len(r.recent) > repeatKnown || len(r.before) > repeatKnown {
		t.Error("remembered:", len(r.recent), len(r.before))
	}
	for range repeatKept + 10 {
		send(10*repeatKnown - 1)
		r.mu.Lock()
		if n := len(r.waiting); n > repeatKept {
			t.Error("waiting:", n)
		}
		r.mu.Unlock()
	}
	for range repeatKept + 10 {
		in.want(t, fmt.Sprint(10*repeatKnown-1))
	}
	r.turned = time.Now().Add(-repeatWithin) // It was quiet for so long.
	send(10*repeatKnown - 1)
	if got := in.heardNow(); len(got) != 1 {
		t.Error("after a long time:", got)
	}
	long := make([]byte, repeatOctets+1)
	for range 2 {
		tr.dispatch(long, repeatFrom, 1)
		if got := in.heardNow(); len(got) != 1 {
			t.Error("a long datagram:", got)
		}
	}
}

// A Conn that is closed hears nothing of what waited.
func TestClosedConnHearsNoRepetition(t *testing.T) {
	tr, in := crowded(t)
	tr.dispatch([]byte("here"), repeatFrom, 1)
	in.heardNow()
	tr.dispatch([]byte("here"), repeatFrom, 1)
	c := tr.current()[0]
	c.mu.Lock()
	c.closed.Store(true)
	c.mu.Unlock()
	in.heardNow() // the timer may have come before
	tr.handOver()
	if got := in.heardNow(); len(got) > 0 {
		t.Error(got)
	}
}
