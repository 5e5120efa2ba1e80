package zmtp

import (
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/gozre/zre/internal/transport"
)

// sizes of frames, around all the borders between two ways to handle them.
var sizes = []int{0, 1, 16, 255, 256, 511, 512, 1024, 4095, 4096, 8191, 8192, 8193, 65_536, 131_071, 131_073, 1 << 20, 3<<20 + 5}

// fill returns n octets that depend on n.
func fill(n int) []byte {
	b := make([]byte, n)
	r := rand.New(rand.NewPCG(uint64(n), 1))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func TestMessagesArriveWholeAndInOrder(t *testing.T) {
	a, b := newEnd(t), newEnd(t)
	out, in := connected(t, a, b)
	if string(in.conn.Identity) != "\x01some-identity-16" || in.conn.Dialed || !out.conn.Dialed {
		t.Fatalf("identity %q, dialed %v and %v", in.conn.Identity, in.conn.Dialed, out.conn.Dialed)
	}
	exchange(t, out, in)
	exchange(t, in, out)
}

// exchange sends messages of all sizes, and checks what arrives.
func exchange(t *testing.T, out, in *owner) {
	t.Helper()
	var want []message
	send := func(m message) {
		t.Helper()
		want = append(want, m)
		if err := out.conn.Send(m[0], m[1:]...); err != nil {
			t.Fatal(err)
		}
	}
	for _, n := range sizes {
		send(message{[]byte("first")})
		send(message{[]byte("first"), fill(n)})
		send(message{nil, fill(n), nil, fill(n + 1), []byte("last")})
		if n <= 1<<20 {
			send(message{fill(n)})
		}
		content := transport.NewContent(fill(n), nil)
		want = append(want, message{[]byte("shared"), fill(n), nil})
		if err := out.conn.SendContent([]byte("shared"), content); err != nil {
			t.Fatal(err)
		}
		content.Release()
	}
	many := message{[]byte("many")}
	for i := range 5000 {
		many = append(many, fill(i%300))
	}
	send(many)
	for i := range 20_000 {
		send(message{{byte(i), byte(i >> 8)}, fill(i % 50)})
	}
	for i, m := range want {
		if err := sameMessage(got(t, "a message", in.inbox), m); err != nil {
			t.Fatalf("message %d: %v", i, err)
		}
	}
}

func TestCloseDrains(t *testing.T) {
	a, b := newEnd(t), newEnd(t)
	out, in := connected(t, a, b)
	in.gate.Lock()
	const count = 300
	for range count {
		if err := out.conn.Send([]byte("x"), fill(100_000)); err != nil {
			t.Fatal(err)
		}
	}
	out.conn.Close(patience)
	if err := out.conn.Send([]byte("late")); !errors.Is(err, transport.ErrClosed) {
		t.Errorf("send after close: %v", err)
	}
	in.gate.Unlock()
	for range count {
		got(t, "a message", in.inbox)
	}
	if err := got(t, "dialed end down", out.down); !errors.Is(err, transport.ErrClosed) {
		t.Errorf("dialed end: %v", err)
	}
	if err := got(t, "accepted end down", in.down); !errors.Is(err, transport.ErrEnded) {
		t.Errorf("accepted end: %v", err)
	}
}

func TestCloseWhileDialing(t *testing.T) {
	a := newEnd(t)
	b := newEnd(t)
	_ = b.Close(0)
	o := a.dial(b.addr)
	if err := got(t, "a failed attempt", o.retries); !errors.Is(err, transport.ErrRefused) {
		t.Errorf("attempt: %v", err)
	}
	if err := o.conn.Send([]byte("queued")); err != nil {
		t.Fatal(err)
	}
	o.conn.Close(10 * time.Millisecond)
	if err := got(t, "down", o.down); !errors.Is(err, transport.ErrClosed) {
		t.Errorf("down: %v", err)
	}
}
