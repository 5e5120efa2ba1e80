package zmq

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// until waits for a condition that another goroutine brings about.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(limit); !is(); runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatal("never: " + what)
		}
	}
}

func (s *Socket) isParked() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.parked
}

func TestCloseWakesReceive(t *testing.T) {
	onEachPath(t, func(t *testing.T, c *Context, o Options) {
		for range 50 {
			r, _ := router(t, c, o)
			result := make(chan error, 1)
			go func() { result <- r.Receive(new(Batch)) }()
			until(t, "parked", r.isParked)
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
			if err := <-result; err != ErrClosed {
				t.Fatal(err)
			}
		}
	})
}

// TestCloseAnyTime closes at a moment when Receive may be anywhere.
func TestCloseAnyTime(t *testing.T) {
	onEachPath(t, func(t *testing.T, c *Context, o Options) {
		for i := range 100 {
			r, endpoint := router(t, c, o)
			d := dealer(t, c, endpoint, o)
			var all sync.WaitGroup
			for range 2 {
				all.Go(func() {
					var b Batch
					for {
						if err := r.Receive(&b); err != nil {
							if err != ErrClosed {
								t.Error(err)
							}
							return
						}
					}
				})
				all.Go(func() {
					for {
						if err := d.Send(number(i), number(i), number(i)); err == ErrClosed {
							return
						}
						runtime.Gosched()
					}
				})
			}
			for range i {
				runtime.Gosched()
			}
			all.Go(func() { r.Close() })
			all.Go(func() { d.Close() })
			all.Wait()
		}
	})
}

// TestBothEndsCloseUnderLoad has libzmq abort the process when a linger shorter than shortestLinger is
// let through.
func TestBothEndsCloseUnderLoad(t *testing.T) {
	c := open(t)
	for i := range 100 {
		r, endpoint := router(t, c, Options{RecvHWM: 10})
		d := dealer(t, c, endpoint, Options{})
		content := make([]byte, 100+i%5*2000)
		for range 2000 {
			send(t, d, content[:6], content, content[:3], content)
		}
		collect(t, r, 20)
		var all sync.WaitGroup
		all.Go(func() { r.Close() })
		all.Go(func() { d.Close() })
		all.Wait()
	}
}

func TestWouldBlock(t *testing.T) {
	onEachPath(t, func(t *testing.T, c *Context, o Options) {
		o.SendHWM, o.RecvHWM = 5, 5
		r, endpoint := router(t, c, o)
		d := dealer(t, c, endpoint, named(o, "carol"))
		// The kernel's buffers take some of these, so they are large.
		content := make([]byte, 1<<20)
		sent := 0
		fill := func() {
			for {
				err := d.Send(number(sent), content, []byte("end"))
				if err == ErrWouldBlock {
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				sent++
			}
		}
		fill()
		for got := 0; got < sent; {
			for _, m := range collect(t, r, 1) {
				if len(m) != 4 || !bytes.Equal(m[1], number(got)) || len(m[2]) != len(content) || string(m[3]) != "end" {
					t.Fatalf("message %d is not whole", got)
				}
				got++
			}
		}
	})
}

func TestMandatory(t *testing.T) {
	onEachPath(t, func(t *testing.T, c *Context, o Options) {
		o.Mandatory = true
		o.SendHWM, o.RecvHWM = 2, 2
		r, endpoint := router(t, c, o)
		if err := r.Send([]byte("nobody"), []byte("x")); err != ErrNoRoute {
			t.Fatal(err)
		}
		if err := r.Send([]byte("nobody"), []byte("x"), []byte("y"), []byte("z")); err != ErrNoRoute {
			t.Fatal(err)
		}
		if err := r.Send([]byte("nobody")); err != ErrNoFrames {
			t.Fatal(err)
		}
		d := dealer(t, c, endpoint, named(o, "dave"))
		send(t, d, []byte("hello"))
		id := collect(t, r, 1)[0][0]
		content := make([]byte, 1<<20)
		sent := 0
		for {
			err := r.Send(id, number(sent), content)
			if err == ErrWouldBlock {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			sent++
		}
		for i, m := range collect(t, d, sent) {
			if len(m) != 2 || !bytes.Equal(m[0], number(i)) || len(m[1]) != len(content) {
				t.Fatalf("message %d is not whole", i)
			}
		}
	})
}

func TestHandover(t *testing.T) {
	onEachPath(t, func(t *testing.T, c *Context, o Options) {
		o.Handover = true
		r, endpoint := router(t, c, o)
		old := dealer(t, c, endpoint, named(o, "erin"))
		send(t, old, []byte("old"))
		collect(t, r, 1)
		fresh := dealer(t, c, endpoint, named(o, "erin"))
		send(t, fresh, []byte("new"))
		m := collect(t, r, 1)[0]
		if string(m[0]) != "\x01erin" || string(m[1]) != "new" {
			t.Fatalf("%q", m)
		}
		if err := r.Send(m[0], []byte("to the new one")); err != nil {
			t.Fatal(err)
		}
		if m := collect(t, fresh, 1)[0]; string(m[0]) != "to the new one" {
			t.Fatalf("%q", m)
		}
	})
}

func TestBind(t *testing.T) {
	onEachPath(t, func(t *testing.T, c *Context, o Options) {
		r, endpoint := router(t, c, o)
		if !strings.HasPrefix(endpoint, "tcp://127.0.0.1:") || strings.HasSuffix(endpoint, "*") {
			t.Fatal(endpoint)
		}
		other, err := c.Router(o)
		if err != nil {
			t.Fatal(err)
		}
		_, err = other.Bind(endpoint)
		var ee *EndpointError
		if !errors.Is(err, ErrAddrInUse) || !errors.As(err, &ee) || ee.Op != "bind" || ee.Endpoint != endpoint {
			t.Fatal(err)
		}
		if _, err = other.Bind("tcp://192.0.2.1:0"); !errors.Is(err, ErrAddrNotAvailable) {
			t.Fatal(err)
		}
		if _, err = other.Bind("nonsense"); !errors.As(err, &ee) {
			t.Fatal(err)
		}
		second, err := r.Bind("tcp://*:*")
		if err != nil || !strings.HasPrefix(second, "tcp://0.0.0.0:") {
			t.Fatal(second, err)
		}
		for _, e := range []string{endpoint, strings.Replace(second, "0.0.0.0", "127.0.0.1", 1)} {
			send(t, dealer(t, c, e, o), []byte(e))
			if m := collect(t, r, 1)[0]; string(m[1]) != e {
				t.Fatalf("%q", m)
			}
		}
	})
}

func TestDisconnect(t *testing.T) {
	onEachPath(t, func(t *testing.T, c *Context, o Options) {
		r1, e1 := router(t, c, o)
		r2, e2 := router(t, c, o)
		d := dealer(t, c, e1, o)
		send(t, d, []byte("one"))
		collect(t, r1, 1)
		if err := d.Disconnect(e1); err != nil {
			t.Fatal(err)
		}
		if err := d.Send([]byte("nobody")); err != ErrWouldBlock {
			t.Fatal(err)
		}
		if err := d.Disconnect(e1); err == nil {
			t.Fatal("disconnected twice")
		}
		if err := d.Connect(e2); err != nil {
			t.Fatal(err)
		}
		send(t, d, []byte("two"))
		if m := collect(t, r2, 1)[0]; string(m[1]) != "two" {
			t.Fatalf("%q", m)
		}
	})
}

func TestClosed(t *testing.T) {
	onEachPath(t, func(t *testing.T, c *Context, o Options) {
		r, endpoint := router(t, c, o)
		d := dealer(t, c, endpoint, o)
		for _, s := range []*Socket{r, d} {
			for range 2 {
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
			}
			_, bind := s.Bind("tcp://127.0.0.1:*")
			for what, err := range map[string]error{
				"bind": bind, "connect": s.Connect(endpoint), "disconnect": s.Disconnect(endpoint),
				"send": s.Send([]byte("x"), []byte("y")), "content": s.SendContent([]byte("x"), new(Content)),
				"receive": s.Receive(new(Batch)),
			} {
				if !errors.Is(err, ErrClosed) {
					t.Errorf("%s: %v", what, err)
				}
			}
		}
	})
}

func TestBadOption(t *testing.T) {
	c := open(t)
	_, err := c.Dealer(Options{Identity: bytes.Repeat([]byte("x"), 256)})
	var oe *OptionError
	if !errors.As(err, &oe) || oe.Option != "identity" {
		t.Fatal(err)
	}
}

func TestContent(t *testing.T) {
	onEachPath(t, func(t *testing.T, c *Context, o Options) {
		const receivers = 5
		var routers, dealers []*Socket
		for i := range receivers {
			r, endpoint := router(t, c, o)
			routers = append(routers, r)
			dealers = append(dealers, dealer(t, c, endpoint, named(o, fmt.Sprint(i))))
		}
		for _, frames := range [][][]byte{
			nil,
			{[]byte("small")},
			{[]byte("small"), nil, []byte("three")},
			{make([]byte, shareFrom)},
			{bytes.Repeat([]byte("large"), 50_000), nil, []byte("and small"), bytes.Repeat([]byte{7}, ownBuffer)},
		} {
			var content Content
			content.Set(frames...)
			var all sync.WaitGroup
			for i, d := range dealers {
				all.Go(func() {
					for n := range 10 {
						if err := d.SendContent(number(i+n), &content); err != nil {
							t.Error(err)
						}
					}
				})
			}
			all.Wait()
			content.Release()
			for i, r := range routers {
				for n, m := range collect(t, r, 10) {
					if !bytes.Equal(m[1], number(i+n)) || len(m) != len(frames)+2 {
						t.Fatalf("got %d frames, sent %d", len(m), len(frames))
					}
					for j, f := range frames {
						if !bytes.Equal(m[j+2], f) {
							t.Fatalf("frame %d differs", j)
						}
					}
				}
			}
		}
	})
}

// What is queued when the linger is taken back does not keep the context.
func TestSetLinger(t *testing.T) {
	c, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	s := dealer(t, c, "tcp://127.0.0.1:1", Options{Linger: 10 * limit})
	if err := errors.Join(s.Send([]byte("nobody gets this")), s.SetLinger(0), s.Close(), s.SetLinger(0)); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() { done <- c.Close() }()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(limit):
		t.Fatal("the context is still waiting")
	}
}

// Frames of no size end a batch as well, lest one Receive takes memory without a bound.
func TestBatchOfEmptyFrames(t *testing.T) {
	onEachPath(t, func(t *testing.T, c *Context, o Options) {
		r, endpoint := router(t, c, o)
		d := dealer(t, c, endpoint, named(o, "alice"))
		defer r.Close()
		defer d.Close()
		const messages, frames = 8, 20_000
		for range messages {
			send(t, d, []byte("head"), make([][]byte, frames)...)
		}
		b := Batch{Heads: 2}
		for got := 0; got < messages; got += b.Len() {
			if err := r.Receive(&b); err != nil {
				t.Fatal(err)
			}
			// What the shim stores in one call comes on top of the bound.
			if b.Len() > 2 || len(b.Message(0)) != frames {
				t.Fatalf("%d messages in a batch, the first of %d frames", b.Len(), len(b.Message(0)))
			}
		}
	})
}

// A batch can be full of messages that were refused, and with none that was not. The next one is received all the same.
func TestNothingButRefused(t *testing.T) {
	onEachPath(t, func(t *testing.T, c *Context, o Options) {
		for name, refused := range map[string][][]byte{
			"octets": {make([]byte, 40<<10), make([]byte, 40<<10)},
			"frames": make([][]byte, MaxFrames+1),
		} {
			t.Run(name, func(t *testing.T) {
				r := o
				r.MaxMessageSize = 64 << 10
				in, at := router(t, c, r)
				d := dealer(t, c, at, named(o, "peer"))
				const times = 10
				for range times {
					send(t, d, refused[0], refused[1:]...)
				}
				send(t, d, []byte("sound"))
				if m := collect(t, in, 1)[0]; len(m) != 2 || string(m[1]) != "sound" {
					t.Errorf("received %d frames", len(m))
				}
				if got := in.Refused(); got != times {
					t.Errorf("%d refused, want %d", got, times)
				}
				for range times { // and while Receive waits already
					got := make(chan [][]byte)
					go func() {
						var b Batch
						if in.Receive(&b) != nil || b.Len() == 0 {
							close(got)
							return
						}
						got <- b.Message(0)
					}()
					until(t, "Receive is parked", in.isParked)
					send(t, d, refused[0], refused[1:]...)
					send(t, d, []byte("sound"))
					if m := <-got; len(m) != 2 || string(m[1]) != "sound" {
						t.Fatalf("received %q", m)
					}
				}
			})
		}
	})
}
