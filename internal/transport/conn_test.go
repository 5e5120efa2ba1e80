package transport

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"time"
)

// recorder is a driver that keeps what it is told.
type recorder struct{ flushes int }

func (r *recorder) Flush(*Conn)                { r.flushes++ }
func (r *recorder) Close(*Conn, time.Duration) {}
func (r *recorder) Abort(*Conn)                {}

// frames parses what a writer would write.
func frames(t *testing.T, p *Pending) [][]byte {
	t.Helper()
	var out [][]byte
	for _, b := range p.Buffers {
		for len(b) > 0 {
			var body []byte
			_, body, b = NextFrame(b)
			out = append(out, bytes.Clone(body))
		}
	}
	return out
}

func TestOutboxKeepsOrder(t *testing.T) {
	r := &recorder{}
	c := NewConn(r)
	var want [][]byte
	send := func(n int) {
		first, rest := []byte{byte(len(want))}, bytes.Repeat([]byte{byte(len(want))}, n)
		if err := c.Send(first, rest); err != nil {
			t.Fatal(err)
		}
		want = append(want, first, rest)
	}
	share := func(n int) {
		body := bytes.Repeat([]byte{byte(n)}, n)
		content := NewContent(body, nil)
		if err := c.SendContent([]byte("s"), content); err != nil {
			t.Fatal(err)
		}
		content.Release()
		want = append(want, []byte("s"), body, nil)
	}
	for _, n := range []int{0, 1, 255, 256, 1000, 3000, 70_000, 5, 2 << 20, 1} {
		send(n)
		share(n)
	}
	if r.flushes != 0 {
		t.Errorf("%d flushes before the connection is up", r.flushes)
	}
	var p Pending
	var got [][]byte
	for c.Take(&p) {
		got = append(got, frames(t, &p)...)
	}
	if len(got) != len(want) {
		t.Fatalf("%d frames, want %d", len(got), len(want))
	}
	for i := range want {
		if !bytes.Equal(got[i], want[i]) {
			t.Fatalf("frame %d has %d octets, want %d", i, len(got[i]), len(want[i]))
		}
	}
	if c.Queued() != 0 {
		t.Errorf("%d octets queued, want 0", c.Queued())
	}
}

func TestSendBatch(t *testing.T) {
	r := &recorder{}
	c := NewConn(r)
	var p Pending
	c.Take(&p)
	if err := c.SendBatch(nil); err != nil || r.flushes != 0 {
		t.Errorf("an empty batch: %v, %d flushes", err, r.flushes)
	}
	var want, got [][]byte
	for i := range 3000 {
		want = append(want, bytes.Repeat([]byte{byte(i)}, i%700))
	}
	if err := c.SendBatch(want); err != nil || r.flushes != 1 {
		t.Fatalf("error %v, %d flushes, want one for all", err, r.flushes)
	}
	for c.Take(&p) {
		got = append(got, frames(t, &p)...)
	}
	if !slices.EqualFunc(got, want, bytes.Equal) {
		t.Errorf("%d messages differ from what was sent", len(got))
	}
	c.Fail(ErrReset)
	if err := c.SendBatch(want); !errors.Is(err, ErrReset) {
		t.Errorf("error %v, want %v", err, ErrReset)
	}
}

func TestOutboxFlushesWhenIdle(t *testing.T) {
	r := &recorder{}
	c := NewConn(r)
	var p Pending
	if c.Take(&p) {
		t.Fatal("an empty outbox has something to write")
	}
	for want := 1; want <= 3; want++ {
		for range 2 { // The second one finds a writer at work.
			if err := c.Send([]byte("a")); err != nil {
				t.Fatal(err)
			}
		}
		if r.flushes != want {
			t.Fatalf("%d flushes, want %d", r.flushes, want)
		}
		for c.Take(&p) {
		}
	}
}

func TestSendAfterFail(t *testing.T) {
	c := NewConn(&recorder{})
	if err := c.Send([]byte("a")); err != nil {
		t.Fatal(err)
	}
	if !c.Fail(ErrReset) || c.Fail(ErrClosed) {
		t.Error("the first failure counts, and no other")
	}
	content := NewContent([]byte("b"))
	defer content.Release()
	for _, err := range []error{c.Send([]byte("a")), c.SendContent([]byte("a"), content), c.Err()} {
		if !errors.Is(err, ErrReset) {
			t.Errorf("error %v, want %v", err, ErrReset)
		}
	}
	var p Pending
	if c.Take(&p) || c.Queued() != 0 {
		t.Error("a connection that has ended still has something to write")
	}
}

// TestFailWhileWriting: the writer learns of the end when it has written.
func TestFailWhileWriting(t *testing.T) {
	c := NewConn(&recorder{})
	if err := c.Send([]byte("a")); err != nil {
		t.Fatal(err)
	}
	var p Pending
	if !c.Take(&p) {
		t.Fatal("nothing to write")
	}
	c.Fail(ErrReset)
	if c.Take(&p) || p.Octets != 0 || len(p.Buffers) != 0 {
		t.Error("a connection that has ended still has something to write")
	}
	if q := c.Queued(); q != 0 {
		t.Errorf("%d octets queued, want 0", q)
	}
}

func TestSendDoesNotAllocate(t *testing.T) {
	c := NewConn(&recorder{})
	first, rest := []byte("header"), make([]byte, 16)
	var p Pending
	c.Take(&p)
	allocs := testing.AllocsPerRun(1000, func() {
		for range 100 {
			if c.Send(first, rest) != nil {
				t.Fatal("not sent")
			}
		}
		for c.Take(&p) {
		}
	})
	if allocs > 4 { // Pools may lose what they hold, above all with the race detector.
		t.Errorf("%v allocations for 100 messages", allocs)
	}
}

func TestFinishKeepsTheOutbox(t *testing.T) {
	c := NewConn(&recorder{})
	if err := c.Send([]byte("a")); err != nil {
		t.Fatal(err)
	}
	if c.Finish(ErrClosed) {
		t.Error("nothing is left to write, but nobody has written")
	}
	content := NewContent([]byte("b"))
	defer content.Release()
	for _, err := range []error{c.Send([]byte("b")), c.SendContent([]byte("b"), content), c.SendCommand([]byte("\x01b"))} {
		if !errors.Is(err, ErrClosed) {
			t.Errorf("send: %v", err)
		}
	}
	if err := c.Err(); err != nil {
		t.Errorf("it has not ended: %v", err)
	}
	var p Pending
	if !c.Take(&p) || len(frames(t, &p)) != 1 {
		t.Error("what was sent before is lost")
	}
	if c.Finish(ErrReset) {
		t.Error("nothing is left to write, but it is being written")
	}
	if c.Take(&p) || !c.Finish(ErrReset) {
		t.Error("something is left to write")
	}
	if err := c.Send([]byte("b")); !errors.Is(err, ErrClosed) {
		t.Errorf("send: %v, want the first error", err)
	}
	if !c.Fail(ErrReset) || !errors.Is(c.Err(), ErrReset) {
		t.Errorf("ended by %v", c.Err())
	}
}

func TestSendCommand(t *testing.T) {
	c := NewConn(&recorder{})
	if err := errors.Join(c.Send([]byte("a"), nil), c.SendCommand([]byte("\x04PONG")), c.Send([]byte("b"))); err != nil {
		t.Fatal(err)
	}
	var p Pending
	if !c.Take(&p) {
		t.Fatal("nothing to write")
	}
	var flags []byte
	for b := p.Buffers[0]; len(b) > 0; {
		var f byte
		f, _, b = NextFrame(b)
		flags = append(flags, f)
	}
	if want := []byte{FlagMore, 0, FlagCommand, 0}; !bytes.Equal(flags, want) {
		t.Errorf("flags %v, want %v", flags, want)
	}
}
