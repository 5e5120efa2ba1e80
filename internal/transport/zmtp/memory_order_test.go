package zmtp

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gozre/zre/internal/transport"
)

// crowdSize is the size of messages of which one is enough for the bound, with its other frame.
const crowdSize = 512 << 10

// queued begins a message on each of count connections. The first one is exempt, and the
// others wait in order.
func queued(t *testing.T, e *end, m *memory, count int) (
	scripts []*script, owners []*owner, rest []byte,
) {
	t.Helper()
	for i := range count {
		s, o := e.shaken()
		rest = s.begin(crowdSize, 400<<10)
		scripts, owners = append(scripts, s), append(owners, o)
		if i == 0 {
			eventually(t, "the first one is exempt", func() bool { return m.isExempt(o) })
		} else {
			eventually(t, "the next one waits", func() bool { return m.waiting() == i })
		}
	}
	return scripts, owners, rest
}

// Connections on which one large message follows the other are read in turn: a message that begins
// in the same octets that end the one before waits behind the others.
func TestMemoryInOrder(t *testing.T) {
	t.Parallel()
	const count, rounds = 3, 4
	e, m := crowdedEnd(t, 200<<10, time.Hour) // There is never room for all.
	scripts, owners, rest := queued(t, e, m, count)
	for i := range count * rounds {
		s, o := scripts[i%count], owners[i%count]
		eventually(t, "the next one is exempt, and the others wait", func() bool {
			return m.isExempt(o) && m.waiting() == count-1
		})
		s.send(rest, frame(1, "x"), long(0, crowdSize), make([]byte, 400<<10))
		got(t, "a message", o.inbox)
		for n, o := range owners {
			if len(o.inbox) > 0 {
				t.Fatalf("a message of number %d", n)
			}
		}
	}
}

// A link that waits holds no memory to read to.
func TestMemoryHeldWhileWaiting(t *testing.T) {
	t.Parallel()
	e, _ := crowdedEnd(t, 100<<10, time.Hour)
	newLink := func() *link { return e.Transport.(*engine).newLink(nil) }
	l, other := newLink(), newLink()
	takes := func(l *link, octets int64) { l.in.octets = octets; l.account(1) }
	takes(l, 200<<10)
	went := make(chan struct{})
	go func() {
		defer close(went)
		other.in.rx = getScratch(nil, false)
		takes(other, 50<<10)
	}()
	eventually(t, "the other one waits", other.waits.Load)
	if other.in.rx != nil {
		t.Errorf("it holds %d octets to read to", len(other.in.rx.buf))
	}
	takes(l, 0)
	got(t, "the other one goes on", went)
	takes(other, 0)
}

// A link is exempt until its message is whole, also if that takes less memory after a frame
// is decrypted. Then the next one is.
func TestMemoryUntilWhole(t *testing.T) {
	t.Parallel()
	e, m := crowdedEnd(t, 100<<10, time.Hour)
	newLink := func() *link { return e.Transport.(*engine).newLink(nil) }
	l, other := newLink(), newLink()
	takes := func(octets int64) { l.in.octets = octets; l.account(1) }
	takes(200 << 10)
	went := make(chan struct{})
	go func() {
		defer close(went)
		other.in.octets = 50 << 10
		other.account(1)
	}()
	eventually(t, "the other one waits", func() bool { return m.waiting() == 1 })
	for _, octets := range []int64{199 << 10, 250 << 10, 250<<10 - 1, 300 << 10} {
		takes(octets)
		if m.waiting() != 1 {
			t.Fatal("the other one goes on")
		}
	}
	l.delivered = true
	takes(shareLeast - 1)
	got(t, "the other one goes on", went)
	other.in.octets = 0
	other.account(1)
	if n := m.used.Load(); n != 0 || m.exempt != nil {
		t.Errorf("%d octets are taken", n)
	}
}

// Links that receive enough are not ended, however long others wait. One that receives too little
// is, and the next one goes on.
func TestMemorySlowLine(t *testing.T) {
	t.Parallel()
	e, m := crowdedEnd(t, crowdSize, time.Hour)
	m.least = 10_000
	scripts, owners, rest := queued(t, e, m, 2)
	slow, waits := owners[0], owners[1]
	for range 5 {
		before := linkOf(slow).got.Load()
		scripts[0].send(rest[:m.least])
		eventually(t, "more has arrived", func() bool {
			return linkOf(slow).got.Load() >= before+m.least
		})
		m.expire(nil)
	}
	for i, o := range owners {
		if err := o.conn.Err(); err != nil {
			t.Fatalf("number %d was cut off: %v", i, err)
		}
	}
	m.expire(nil)
	if err := got(t, "the slow one is cut off", slow.down); !errors.Is(err, transport.ErrTooLarge) {
		t.Error(err)
	}
	scripts[1].send(rest)
	got(t, "the message of the other one", waits.inbox)
}

// A peer whose link waits for memory cannot be heard, and its message counts as one that is
// arriving.
func TestMemoryWaitsIsArriving(t *testing.T) {
	t.Parallel()
	e, m := crowdedEnd(t, crowdSize, time.Hour)
	scripts, owners, rest := queued(t, e, m, 2)
	stuck, waits := owners[0].conn, owners[1].conn
	for range 3 {
		if !waits.Arriving() {
			t.Error("nothing is arriving at the link that waits")
		}
	}
	stuck.Arriving()
	if stuck.Arriving() {
		t.Error("something is arriving at the link that is read")
	}
	scripts[0].send(rest)
	scripts[1].send(rest)
	got(t, "the message", owners[1].inbox)
	eventually(t, "its message is not arriving any more", func() bool { return !waits.Arriving() })
}

// What has arrived before a write fails is received, also if it has to wait.
func TestMemoryAfterFailedWrite(t *testing.T) {
	t.Parallel()
	e, m := crowdedEnd(t, crowdSize, time.Hour)
	scripts, owners, rest := queued(t, e, m, 2)
	linkOf(owners[1]).writeFailed(errors.New("the write has failed"))
	scripts[1].send(rest)
	scripts[0].send(rest)
	for _, o := range owners {
		got(t, "the message", o.inbox)
	}
}

// A link that waits ends like any other one, and so does one that is exempt.
func TestMemoryEnds(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*transport.Conn){
		"closed":  func(c *transport.Conn) { c.Close(0) },
		"aborted": func(c *transport.Conn) { c.Abort() },
		"drained": func(c *transport.Conn) { c.Close(time.Millisecond) },
	} {
		e, m := crowdedEnd(t, crowdSize, time.Hour)
		scripts, owners, rest := queued(t, e, m, 3)
		end(owners[1].conn)
		if err := got(t, name, owners[1].down); !errors.Is(err, transport.ErrClosed) {
			t.Errorf("%s, waiting: %v", name, err)
		}
		end(owners[0].conn)
		if err := got(t, name, owners[0].down); !errors.Is(err, transport.ErrClosed) {
			t.Errorf("%s, exempt: %v", name, err)
		}
		scripts[2].send(rest)
		got(t, "the message of the last one", owners[2].inbox)
		eventually(t, "nothing is taken", func() bool { return m.used.Load() == 0 })
	}
}

// A link that ends before it is in the queue does not wait.
func TestMemoryEndedBefore(t *testing.T) {
	t.Parallel()
	e, m := crowdedEnd(t, crowdSize, time.Hour)
	_, _, _ = queued(t, e, m, 1)
	l := e.Transport.(*engine).newLink(nil)
	l.end(transport.ErrClosed)
	went := make(chan struct{})
	go func() {
		defer close(went)
		l.in.octets = crowdSize
		l.account(1)
		m.leave(l)
	}()
	got(t, "it goes on", went)
	if n := m.waiting(); n != 0 {
		t.Errorf("%d wait", n)
	}
}

// One message above the bound is no reason to warn, as nobody waits.
func TestMemoryWithoutWarning(t *testing.T) {
	t.Parallel()
	e, m := crowdedEnd(t, crowdSize, time.Hour)
	for range 3 {
		scripts, owners, rest := queued(t, e, m, 1)
		scripts[0].send(rest)
		got(t, "the message", owners[0].inbox)
	}
	if strings.Contains(e.log.String(), "more memory than allowed") {
		t.Errorf("a warning:\n%s", e.log)
	}
}

// With CURVE it is the same: all messages of several connections arrive, and then nothing is taken.
func TestMemoryWithCurve(t *testing.T) {
	t.Parallel()
	const count = 20
	b, m := crowdedEnd(t, 200<<10, time.Hour, secure(t))
	a := newEnd(t, secure(t))
	var outs, ins []*owner
	for range 3 {
		out := a.dialKey(b, keyOf(b))
		got(t, "connection is up", out.up)
		outs, ins = append(outs, out), append(ins, got(t, "connection is accepted", b.accepted))
	}
	want := message{[]byte("x"), fill(150 << 10), fill(100), fill(150 << 10)}
	for range count {
		for _, out := range outs {
			if err := out.conn.Send(want[0], want[1:]...); err != nil {
				t.Fatal(err)
			}
		}
	}
	for range count {
		for _, in := range ins {
			if err := sameMessage(got(t, "a message", in.inbox), want); err != nil {
				t.Fatal(err)
			}
		}
	}
	eventually(t, "nothing is taken", func() bool { return m.used.Load() == 0 && m.waiting() == 0 })
}
