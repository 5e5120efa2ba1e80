package zmq

import (
	"bytes"
	"fmt"
	"runtime"
	"testing"
)

// TestHeads receives messages of all shapes with some of their frames as heads, and puts them together again.
func TestHeads(t *testing.T) {
	sizes := []int{0, 1, 40, ownBuffer - 1, ownBuffer, 100 << 10}
	var messages [][][]byte
	for i := range 400 {
		var m [][]byte
		for j := range 1 + i%5 {
			m = append(m, noise(sizes[(i/5+j*i)%len(sizes)]))
		}
		messages = append(messages, m)
	}
	onEachPath(t, func(t *testing.T, c *Context, o Options) {
		for _, heads := range []int{0, 1, 2, 4} {
			t.Run(fmt.Sprint(heads), func(t *testing.T) {
				r, endpoint := router(t, c, o)
				d := dealer(t, c, endpoint, named(o, "alice"))
				for _, m := range messages {
					send(t, d, m[0], m[1:]...)
				}
				b := Batch{Heads: heads, MaxMessages: 150}
				var kept [][][]byte // what Message gave, to be looked at when the batch has been used again
				for len(kept) < len(messages) {
					if err := r.Receive(&b); err != nil {
						t.Fatal(err)
					}
					for i := range b.Len() {
						want := append([][]byte{[]byte("\x01alice")}, messages[len(kept)]...)
						head := b.Head(i)
						if len(head) != heads {
							t.Fatalf("%d heads", len(head))
						}
						for j, h := range head {
							switch {
							case j >= len(want) && h != nil:
								t.Fatalf("message %d: head %d was made up", len(kept), j)
							case j < len(want) && !bytes.Equal(h, want[j]):
								t.Fatalf("message %d: head %d is not what was sent", len(kept), j)
							}
						}
						kept = append(kept, b.Message(i))
					}
				}
				for i, m := range kept {
					want := append([][]byte{[]byte("\x01alice")}, messages[i]...)
					want = want[min(heads, len(want)):]
					if len(m) != len(want) {
						t.Fatalf("message %d: %d frames, want %d", i, len(m), len(want))
					}
					for j := range m {
						if !bytes.Equal(m[j], want[j]) {
							t.Fatalf("message %d: frame %d is not what was sent", i, j)
						}
					}
				}
			})
		}
	})
}

// TestHeadsDropped has messages beyond the limits between others: their heads must not stay.
func TestHeadsDropped(t *testing.T) {
	onEachPath(t, func(t *testing.T, c *Context, o Options) {
		o.MaxMessageSize = 100
		r, endpoint := router(t, c, o)
		d := dealer(t, c, endpoint, o)
		const rounds = 50
		for i := range rounds {
			send(t, d, number(i), []byte("x"))
			send(t, d, []byte("too"), noise(60), noise(60), noise(60))
		}
		send(t, d, []byte("end"))
		b := Batch{Heads: 2}
		for i := 0; i <= rounds; {
			if err := r.Receive(&b); err != nil {
				t.Fatal(err)
			}
			for j := range b.Len() {
				want := number(i)
				if i == rounds {
					want = []byte("end")
				}
				if !bytes.Equal(b.Head(j)[1], want) {
					t.Fatalf("message %d has the head %q", i, b.Head(j)[1])
				}
				i++
			}
		}
		if n := r.Refused(); n != rounds {
			t.Errorf("%d messages were refused", n)
		}
	})
}

// TestHeadsGarbage holds what heads are for.
func TestHeadsGarbage(t *testing.T) {
	c := open(t)
	r, endpoint := router(t, c, Options{})
	d := dealer(t, c, endpoint, named(Options{}, "0123456789abcdef"))
	var header [6]byte
	var content [16]byte
	const n = 100_000
	for range n {
		if err := d.Send(header[:], content[:]); err != nil {
			t.Fatal(err)
		}
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	b := Batch{Heads: 2}
	for got := 0; got < n; got += b.Len() {
		if err := r.Receive(&b); err != nil {
			t.Fatal(err)
		}
	}
	runtime.ReadMemStats(&after)
	// The content and its slice header; without heads there would be 111 octets.
	if got := (after.TotalAlloc - before.TotalAlloc) / n; got > 16+24+15 {
		t.Errorf("%d octets allocated to receive a message", got)
	}
}
