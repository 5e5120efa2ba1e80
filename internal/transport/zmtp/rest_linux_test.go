package zmtp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/gozre/zre/internal/transport"
)

func (l *link) isAtRest() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.rests
}

// letRest lets so much time pass that the link comes to rest.
func letRest(t *testing.T, o *owner) {
	t.Helper()
	l := linkOf(o)
	eventually(t, "the link rests", func() bool {
		l.lookAfter(l.heard.Load() + restAfter)
		return l.isAtRest()
	})
}

// A link at rest goes on as if it were not: it receives, sends, and ends.
func TestLinksAtRest(t *testing.T) {
	t.Parallel()
	eachSocket(t, testLinksAtRest)
}

func testLinksAtRest(t *testing.T, socket func(*transport.Config), aborted error) {
	for _, c := range []struct {
		name string
		do   func(t *testing.T, out, in *owner)
	}{
		{"receives", func(t *testing.T, out, in *owner) {
			for i := range 100 {
				want := message{fmt.Append(nil, "message ", i), {}}
				if err := out.conn.Send(want[0], want[1:]...); err != nil {
					t.Fatal(err)
				}
				if err := sameMessage(got(t, "message", in.inbox), want); err != nil {
					t.Fatal(err)
				}
				letRest(t, in)
			}
		}},
		{"sends", func(t *testing.T, out, in *owner) {
			letRest(t, out)
			if err := out.conn.Send([]byte("hello")); err != nil {
				t.Fatal(err)
			}
			got(t, "message", in.inbox)
			if !linkOf(out).isAtRest() {
				t.Error("sending has woken it")
			}
		}},
		{"is closed by the other end", func(t *testing.T, out, in *owner) {
			out.conn.Close(0)
			if err := got(t, "down", in.down); !errors.Is(err, transport.ErrEnded) {
				t.Errorf("down: %v", err)
			}
		}},
		{"is reset by the other end", func(t *testing.T, out, in *owner) {
			out.conn.Abort()
			if err := got(t, "down", in.down); !errors.Is(err, aborted) {
				t.Errorf("down: %v", err)
			}
		}},
		{"is closed", func(t *testing.T, _, in *owner) {
			in.conn.Close(0)
			if err := got(t, "down", in.down); !errors.Is(err, transport.ErrClosed) {
				t.Errorf("down: %v", err)
			}
		}},
		{"is aborted", func(t *testing.T, out, in *owner) {
			in.conn.Abort()
			if err := got(t, "down", in.down); !errors.Is(err, transport.ErrClosed) {
				t.Errorf("down: %v", err)
			}
			if err := got(t, "down", out.down); !errors.Is(err, aborted) {
				t.Errorf("the other end is down: %v", err)
			}
		}},
		{"drains", func(t *testing.T, out, in *owner) {
			letRest(t, out)
			if err := out.conn.Send([]byte("last"), make([]byte, 1<<20)); err != nil {
				t.Fatal(err)
			}
			out.conn.Close(patience)
			got(t, "last message", in.inbox)
			if err := got(t, "down", in.down); !errors.Is(err, transport.ErrEnded) {
				t.Errorf("the other end is down: %v", err)
			}
			if err := got(t, "down", out.down); !errors.Is(err, transport.ErrClosed) {
				t.Errorf("down: %v", err)
			}
		}},
		{"has vanished", func(t *testing.T, _, in *owner) {
			l := linkOf(in)
			l.lookAfter(l.heard.Load() + deadAfter)
			if err := got(t, "down", in.down); !errors.Is(err, transport.ErrTimeout) {
				t.Errorf("down: %v", err)
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a, b := newEnd(t, unhurriedly, socket), newEnd(t, unhurriedly, socket)
			out, in := connected(t, a, b)
			letRest(t, in)
			c.do(t, out, in)
			a, b = newEnd(t, unhurriedly, secure(t), socket), newEnd(t, unhurriedly, secure(t), socket)
			out = a.dialKey(b, keyOf(b))
			got(t, "connection is up", out.up)
			in = got(t, "connection is accepted", b.accepted)
			letRest(t, in)
			c.do(t, out, in)
		})
	}
}

// A transport with links at rest closes, at once or when all is sent.
func TestCloseWithLinksAtRest(t *testing.T) {
	t.Parallel()
	for _, drain := range []time.Duration{0, patience} {
		a, b := newEnd(t, unhurriedly), newEnd(t, unhurriedly)
		var outs, ins []*owner
		for range 20 {
			out, in := connected(t, a, b)
			letRest(t, out)
			letRest(t, in)
			outs, ins = append(outs, out), append(ins, in)
		}
		if err := a.Close(drain); err != nil {
			t.Error(err)
		}
		for i := range outs {
			if err := got(t, "down", outs[i].down); !errors.Is(err, transport.ErrClosed) {
				t.Errorf("down: %v", err)
			}
			if err := got(t, "down", ins[i].down); !errors.Is(err, transport.ErrEnded) {
				t.Errorf("the other end is down: %v", err)
			}
		}
	}
}

// When there is no link, there is no descriptor for those at rest either, and there is one again
// for the next one.
func TestRestLeavesNothingBehind(t *testing.T) {
	a, b := newEnd(t, unhurriedly), newEnd(t, unhurriedly)
	before := descriptors(t)
	for range 3 {
		out, in := connected(t, a, b)
		letRest(t, out)
		letRest(t, in)
		out.conn.Close(0)
		got(t, "down", out.down)
		got(t, "down", in.down)
		eventually(t, "the descriptors are as before", func() bool { return descriptors(t) <= before })
	}
}

// A link that comes to rest in the middle of a message reads the rest of it later.
func TestRestWithinMessage(t *testing.T) {
	t.Parallel()
	s, o := newEnd(t, unhurriedly).shaken()
	frame := []byte("\x00\x0aten octets")
	for i := range frame {
		s.send(frame[i : i+1])
		letRest(t, o)
	}
	if err := sameMessage(got(t, "message", o.inbox), message{frame[2:]}); err != nil {
		t.Error(err)
	}
}

// A link at rest in the middle of a large message keeps its share: others wait until its message is
// whole, or it is cut off. One that waits neither rests nor looks silent.
func TestRestWithShare(t *testing.T) {
	t.Parallel()
	for _, ends := range []bool{true, false} {
		e, m := crowdedEnd(t, crowdSize, time.Hour, unhurriedly)
		scripts, owners, rest := queued(t, e, m, 2)
		letRest(t, owners[0])
		waits := linkOf(owners[1])
		waits.lookAfter(waits.heard.Load() + restAfter)
		waits.lookAfter(waits.heard.Load() + deadAfter)
		if err := owners[1].conn.Err(); err != nil || m.waiting() != 1 || waits.isAtRest() {
			t.Fatalf("%d wait, error %v", m.waiting(), err)
		}
		if ends {
			scripts[0].send(rest)
			got(t, "the message", owners[0].inbox)
		} else {
			m.expire(nil)
			if err := got(t, "it is cut off", owners[0].down); !errors.Is(err, transport.ErrTooLarge) {
				t.Error(err)
			}
		}
		scripts[1].send(rest)
		got(t, "the other message", owners[1].inbox)
		letRest(t, owners[1])
		if n := m.used.Load(); n != 0 {
			t.Errorf("%d octets are taken", n)
		}
	}
}

// Messages that come while links come to rest, again and again, are all received, in order.
func TestRestInTheMidstOfStreams(t *testing.T) {
	t.Parallel()
	a, b := newEnd(t, unhurriedly), newEnd(t, unhurriedly)
	const count = 20_000
	var ins []*owner
	for range 4 {
		out, in := connected(t, a, b)
		ins = append(ins, in)
		go func() {
			for i := range uint32(count) {
				if err := out.conn.Send(binary.BigEndian.AppendUint32(nil, i)); err != nil {
					t.Error(err)
					return
				}
				if i%64 == 0 {
					time.Sleep(50 * time.Microsecond)
				}
			}
		}()
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for _, in := range ins {
			for i := range uint32(count) {
				select {
				case m := <-in.inbox:
					if n := binary.BigEndian.Uint32(m[0]); n != i {
						t.Errorf("message %d, want %d", n, i)
						return
					}
				case <-time.After(patience):
					t.Errorf("waited %v for message %d", patience, i)
					return
				}
			}
		}
	}()
	rested := 0
	for {
		for _, in := range ins {
			l := linkOf(in)
			l.lookAfter(l.heard.Load() + restAfter)
			if l.isAtRest() {
				rested++
			}
		}
		select {
		case <-done:
			t.Logf("a link was seen at rest %d times", rested)
			return
		case <-time.After(100 * time.Microsecond):
		}
	}
}
