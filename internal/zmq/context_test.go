package zmq

import (
	"os"
	"runtime"
	"testing"

	zmq4 "github.com/pebbe/zmq4"
)

// TestShimIsUsed fails when pebbe keeps its pointer elsewhere: all would work then, but slowly.
func TestShimIsUsed(t *testing.T) {
	r, _ := router(t, open(t), Options{})
	if r.raw == 0 {
		t.Error("the shim is not used")
	}
	if rawOf(new(zmq4.Socket)) != 0 {
		t.Error("a pointer out of nowhere")
	}
}

func TestContextIsShared(t *testing.T) {
	a, b := open(t), open(t)
	if a.core != b.core {
		t.Fatal("two contexts in one process")
	}
	// What one binds over inproc, the other reaches.
	r, err := a.Router(Options{})
	if err != nil {
		t.Fatal(err)
	}
	if b.HasInproc("inproc://meeting") {
		t.Error("bound before Bind")
	}
	if _, err := r.Bind("inproc://meeting"); err != nil {
		t.Fatal(err)
	}
	if !b.HasInproc("inproc://meeting") || !a.HasInproc("meeting") || a.HasInproc("other") {
		t.Error("names are wrong")
	}
	d := dealer(t, b, "inproc://meeting", named(Options{}, "heidi"))
	send(t, d, []byte("hello"))
	if m := collect(t, r, 1)[0]; string(m[0]) != "\x01heidi" || string(m[1]) != "hello" {
		t.Fatalf("%q", m)
	}
	// Who closes his share closes his sockets and leaves the others' alone.
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if err := r.Send(nil, nil); err != ErrClosed {
		t.Error(err)
	}
	if b.HasInproc("meeting") {
		t.Error("bound after Close")
	}
	if _, err := a.Dealer(Options{}); err != ErrClosed {
		t.Error(err)
	}
	other, endpoint := router(t, b, Options{})
	send(t, dealer(t, b, endpoint, Options{}), []byte("still here"))
	collect(t, other, 1)
}

// TestContextCloseWakes closes the context under a parked Receive.
func TestContextCloseWakes(t *testing.T) {
	onEachPath(t, func(t *testing.T, c *Context, o Options) {
		r, _ := router(t, c, o)
		result := make(chan error, 1)
		go func() { result <- r.Receive(new(Batch)) }()
		until(t, "parked", r.isParked)
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		if err := <-result; err != ErrClosed {
			t.Fatal(err)
		}
	})
}

func entries(t *testing.T, dir string) int {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("needs /proc")
	}
	d, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	return len(d)
}

// TestNothingIsLeft counts descriptors and threads. Go's own threads come and go, and stay for a while, so
// those are only bounded.
func TestNothingIsLeft(t *testing.T) {
	use := func(c *Context, o Options) {
		o.SendHWM = 1
		for range 20 {
			r, endpoint := router(t, c, o)
			d := dealer(t, c, endpoint, o)
			for i := range 10 {
				send(t, d, number(i)) // waits for room at times
			}
			collect(t, r, 10)
			go r.Receive(new(Batch))
			until(t, "parked", r.isParked)
		}
	}
	for _, p := range paths {
		t.Run(p.name, func(t *testing.T) {
			// The netpoller's own descriptors are opened once.
			c, err := Open()
			if err != nil {
				t.Fatal(err)
			}
			use(c, p.opts)
			c.Close()
			before := entries(t, "/proc/self/fd")
			if c, err = Open(); err != nil {
				t.Fatal(err)
			}
			use(c, p.opts)
			if during := entries(t, "/proc/self/fd"); during <= before {
				t.Fatalf("%d descriptors during, %d before: nothing is counted", during, before)
			}
			// One thread for input and output and one reaper, whatever the number of sockets.
			if n, most := entries(t, "/proc/self/task"), 2+2*runtime.GOMAXPROCS(0)+12; n > most {
				t.Errorf("%d threads for 40 sockets", n)
			}
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
			if after := entries(t, "/proc/self/fd"); after != before {
				t.Errorf("%d descriptors before, %d after", before, after)
			}
		})
	}
}

// TestManySockets goes beyond libzmq's default of 1023.
func TestManySockets(t *testing.T) {
	c := open(t)
	r, endpoint := router(t, c, Options{})
	const n = 1500
	for range n {
		send(t, dealer(t, c, endpoint, Options{}), []byte("x"))
	}
	collect(t, r, n)
}
