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
