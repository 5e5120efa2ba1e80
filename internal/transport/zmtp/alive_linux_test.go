package zmtp

import (
	"errors"
	"io"
	"testing"
	"time"

	"github.com/gozre/zre/internal/transport"
)

// A peer on a slow line takes long to receive what was sent to it, and answers behind that. It
// stays as long as it receives, and is given up when it does not any more.
func TestSlowLineIsNotDead(t *testing.T) {
	t.Parallel()
	e := newEnd(t, lively)
	s, o := e.shaken()
	if err := s.SetReadBuffer(32 << 10); err != nil {
		t.Fatal(err)
	}
	if err := o.conn.Send([]byte("x"), make([]byte, 100<<20)); err != nil {
		t.Fatal(err)
	}
	engine := e.Transport.(*engine)
	part := make([]byte, 8<<10)
	for start := engine.beat.Load(); engine.beat.Load()-start < 3*deadAfter; {
		if _, err := io.ReadFull(s, part); err != nil {
			t.Fatalf("it was given up: %v", err)
		}
		time.Sleep(time.Millisecond) // The line is slow.
	}
	if err := o.conn.Err(); err != nil {
		t.Fatalf("ended: %v", err)
	}
	if err := got(t, "its end", o.down); !errors.Is(err, transport.ErrTimeout) {
		t.Errorf("down: %v", err)
	}
}

// What the other end's system has acknowledged, and what waits, is all that was written.
func TestBacklog(t *testing.T) {
	t.Parallel()
	s, o := newEnd(t, unhurriedly).shaken()
	if err := s.SetReadBuffer(32 << 10); err != nil {
		t.Fatal(err)
	}
	look := func() transport.Backlog {
		b, known := o.conn.Backlog()
		if !known {
			t.Fatal("it is not known")
		}
		return b
	}
	eventually(t, "the handshake is acknowledged", func() bool { return look().Unacked == 0 })
	before := look()
	const size = 64 << 10
	if err := o.conn.Send(make([]byte, size)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "all is written", func() bool { return o.conn.Queued() == 0 })
	eventually(t, "a part is acknowledged", func() bool {
		now := look()
		return now.Acked > before.Acked && now.Unacked > 0
	})
	if _, err := io.ReadFull(s, make([]byte, 9+size)); err != nil {
		t.Fatal(err)
	}
	want := transport.Backlog{Acked: before.Acked + 9 + size}
	eventually(t, "all is acknowledged", func() bool { return look() == want })
	o.conn.Close(0)
	got(t, "down", o.down)
	if b, known := o.conn.Backlog(); known {
		t.Errorf("known of a closed connection: %+v", b)
	}
}
