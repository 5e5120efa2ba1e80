package zmq

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestConcurrentSend has eight goroutines send over one socket. Each one's messages come whole, in order.
func TestConcurrentSend(t *testing.T) {
	onEachPath(t, func(t *testing.T, c *Context, o Options) {
		const senders, each1 = 8, 2000
		o.SendHWM, o.RecvHWM = 100, 100
		r, endpoint := router(t, c, o)
		d := dealer(t, c, endpoint, named(o, "frank"))
		source := noise(20_000)
		var all sync.WaitGroup
		defer all.Wait()
		for who := range senders {
			all.Go(func() {
				for i := range each1 {
					// One, two, four frames, and one in fifty large ones.
					switch {
					case i%50 == 49:
						send(t, d, number(who), number(i), source, source[:100])
					case i%3 == 0:
						send(t, d, append(number(who), number(i)...))
					case i%3 == 1:
						send(t, d, number(who), number(i))
					default:
						send(t, d, number(who), number(i), []byte("a"), nil)
					}
				}
			})
		}
		var next [senders]uint64
		each(t, r, senders*each1, func(m [][]byte) {
			frames, b := len(m), bytes.Join(m[1:], nil)
			who, i := binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])
			want := []int{2, 3, 5}[i%3]
			if i%50 == 49 {
				want = 5
			}
			if i != next[who] || frames != want {
				t.Fatalf("sender %d: message %d with %d frames, wanted %d with %d", who, i, frames, next[who], want)
			}
			next[who]++
		})
	})
}

// TestNoNewsIsLost has Receive parked on sockets that other goroutines use at the same time: any of their
// calls may take the news of a message out of libzmq's mailbox. A message that then lies there unseen stops
// the game, because each player waits for the answer.
func TestNoNewsIsLost(t *testing.T) {
	onEachPath(t, func(t *testing.T, c *Context, o Options) {
		const players, rounds = 4, 1000
		o.Mandatory = true
		r, endpoint := router(t, c, o)
		var all sync.WaitGroup
		defer all.Wait()

		// The server answers from another goroutine than the one that receives.
		answers := make(chan [][]byte, players)
		all.Go(func() {
			for m := range answers {
				send(t, r, m[0], m[1])
			}
		})
		all.Go(func() {
			defer close(answers)
			each(t, r, players*rounds, func(m [][]byte) { answers <- m })
		})
		for range players {
			d := dealer(t, c, endpoint, o)
			// At each round somebody calls libzmq on both sockets, to no effect but the one described.
			disturb := make(chan int)
			all.Go(func() {
				for range disturb {
					if err := r.Send([]byte("nobody"), nil); err != ErrNoRoute {
						t.Error(err)
					}
					d.mu.Lock()
					d.settle()
					d.mu.Unlock()
				}
			})
			all.Go(func() {
				defer close(disturb)
				for i := range rounds {
					disturb <- i
					send(t, d, number(i))
					if m := collect(t, d, 1)[0]; !bytes.Equal(m[0], number(i)) {
						t.Errorf("round %d: %q", i, m)
					}
				}
			})
		}
	})
}

// TestWholeAcrossReconnects closes the ROUTER under a sender, again and again. Messages are lost then, as
// TCP connections go, but each one that comes is whole.
func TestWholeAcrossReconnects(t *testing.T) {
	onEachPath(t, func(t *testing.T, c *Context, o Options) {
		o.ReconnectInterval = time.Millisecond
		o.SendHWM, o.RecvHWM = 10, 10
		r, endpoint := router(t, c, o)
		d := dealer(t, c, endpoint, named(o, "grace"))
		source := noise(100_000)
		var all sync.WaitGroup
		defer all.Wait()
		all.Go(func() {
			for i := 0; ; i++ {
				n := number(i)
				err := patiently(func() error { return d.Send(n, n, source[:i%3*50_000], n, n) })
				if err == ErrClosed {
					return
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
		check := func(m [][]byte) {
			if len(m) != 6 {
				t.Fatalf("%d frames", len(m))
			}
			i := binary.BigEndian.Uint64(m[1])
			if !bytes.Equal(m[2], m[1]) || !bytes.Equal(m[4], m[1]) || !bytes.Equal(m[5], m[1]) || len(m[3]) != int(i%3*50_000) {
				t.Fatalf("message %d is mixed with another", i)
			}
		}
		for range 20 {
			each(t, r, 50, check)
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
			next, err := c.Router(o)
			if err != nil {
				t.Fatal(err)
			}
			// libzmq's thread frees the port some time after Close.
			until(t, "port free", func() bool {
				_, err := next.Bind(endpoint)
				return err == nil
			})
			r = next
		}
		d.Close()
	})
}

// TestPeerGoesWithinMessage closes the ROUTER while a message of many frames is handed to libzmq. That
// message is lost as a whole, and none of those that come after.
func TestPeerGoesWithinMessage(t *testing.T) {
	onEachPath(t, func(t *testing.T, c *Context, o Options) {
		d, err := c.Dealer(o)
		if err != nil {
			t.Fatal(err)
		}
		short, long := make([][]byte, 300), make([][]byte, 300)
		for i := range short {
			short[i], long[i] = make([]byte, 10), make([]byte, 1000)
		}
		var content Content
		content.Set(long...)
		defer content.Release()
		for i := range 30 {
			// inproc, because there the DEALER hears at once that its peer is gone.
			endpoint := fmt.Sprintf("inproc://going-%d", i)
			r, err := c.Router(o)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := r.Bind(endpoint); err != nil {
				t.Fatal(err)
			}
			if err := d.Connect(endpoint); err != nil {
				t.Fatal(err)
			}
			hello := fmt.Sprint("hello ", i)
			send(t, d, []byte(hello))
			if m := collect(t, r, 1)[0]; len(m) != 2 || string(m[1]) != hello {
				t.Fatalf("%d: %d frames, %q", i, len(m), m[1])
			}
			closed := make(chan error)
			go func() { closed <- r.Close() }()
			for err = nil; err == nil; {
				switch i % 3 {
				case 0:
					err = d.Send(nil, short...)
				case 1:
					err = d.Send(nil, long...)
				case 2:
					err = d.SendContent(nil, &content)
				}
			}
			if err != ErrWouldBlock {
				t.Fatal(err)
			}
			if err := <-closed; err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestHostileMessages(t *testing.T) {
	onEachPath(t, func(t *testing.T, c *Context, o Options) {
		const largest = 100_000
		for _, transport := range []string{"tcp", "inproc"} {
			o := o
			o.MaxMessageSize = largest
			r, endpoint := router(t, c, o)
			if transport == "inproc" {
				endpoint = "inproc://hostile"
				if _, err := r.Bind(endpoint); err != nil {
					t.Fatal(err)
				}
			}
			o.MaxMessageSize = 0
			d := dealer(t, c, endpoint, named(o, "mallory"))
			whole := func(frames int, frame []byte) [][]byte {
				m := make([][]byte, frames)
				for i := range m {
					m[i] = frame
				}
				return m
			}
			for _, m := range [][][]byte{
				whole(MaxFrames, nil),             // too many, with the identity
				whole(2*MaxFrames, nil),           // many too many
				whole(MaxFrames-1, nil),           // just enough
				whole(MaxFrames-1, []byte("abc")), // too long in all
				whole(3, make([]byte, largest/2)), // too long in all, and large
				whole(1, make([]byte, largest-8)), // just short enough, with an identity of 8
				whole(1, make([]byte, largest-7)), // just too long
				{nil},
			} {
				send(t, d, m[0], m[1:]...)
			}
			send(t, d, []byte("last"))
			var sizes []string
			each(t, r, 4, func(m [][]byte) { sizes = append(sizes, fmt.Sprint(len(m), "/", len(m[1]))) })
			if got, want := strings.Join(sizes, " "), fmt.Sprintf("%d/0 2/%d 2/0 2/4", MaxFrames, largest-8); got != want {
				t.Errorf("%s: got %s, want %s", transport, got, want)
			}
			if n := r.Refused(); n != 5 {
				t.Errorf("%s: refused %d", transport, n)
			}
			r.Close()
		}
	})
}

// TestHugeFrame: libzmq itself turns away a peer that announces a frame beyond the limit, and others are
// served.
func TestHugeFrame(t *testing.T) {
	onEachPath(t, func(t *testing.T, c *Context, o Options) {
		o.MaxMessageSize = 1000
		r, endpoint := router(t, c, o)
		// A greeting, a READY command with the least that is needed, and a frame of 2^62 octets.
		peer, err := net.Dial("tcp", strings.TrimPrefix(endpoint, "tcp://"))
		if err != nil {
			t.Fatal(err)
		}
		defer peer.Close()
		greeting := append([]byte{0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 0, 'N', 'U', 'L', 'L'}, make([]byte, 48)...)
		ready := "\x05READY\x0bSocket-Type\x00\x00\x00\x06DEALER"
		peer.Write(greeting)
		peer.Write(append([]byte{4, byte(len(ready))}, ready...))
		peer.Write([]byte{2, 0x40, 0, 0, 0, 0, 0, 0, 0})
		peer.SetReadDeadline(time.Now().Add(limit))
		b := make([]byte, 1000)
		for err = nil; err == nil; _, err = peer.Read(b) {
		}
		if os.IsTimeout(err) {
			t.Fatal("libzmq keeps the peer")
		}
		d := dealer(t, c, endpoint, o)
		send(t, d, []byte("hello"))
		if m := collect(t, r, 1)[0]; string(m[1]) != "hello" {
			t.Fatalf("%q", m)
		}
	})
}
