package zmq

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"sync"
	"testing"
)

func TestOrderAndIdentity(t *testing.T) {
	onEachPath(t, func(t *testing.T, c *Context, o Options) {
		r, endpoint := router(t, c, o)
		const n = 100_000
		o.SendHWM = 1000
		d := dealer(t, c, endpoint, named(o, "alice"))
		var all sync.WaitGroup
		defer all.Wait()
		all.Go(func() {
			for i := range n {
				send(t, d, number(i), bytes.Repeat([]byte{byte(i)}, i%200))
			}
		})
		i := 0
		each(t, r, n, func(m [][]byte) {
			if len(m) != 3 || string(m[0]) != "\x01alice" || !bytes.Equal(m[1], number(i)) {
				t.Fatalf("message %d: %q", i, m)
			}
			if want := bytes.Repeat([]byte{byte(i)}, i%200); !bytes.Equal(m[2], want) {
				t.Fatalf("message %d: content %q", i, m[2])
			}
			i++
		})
	})
}

// TestShapes sends messages of every shape, by turns, and compares checksums.
func TestShapes(t *testing.T) {
	onEachPath(t, func(t *testing.T, c *Context, o Options) {
		r, endpoint := router(t, c, o)
		d := dealer(t, c, endpoint, named(o, "bob"))
		rnd := rand.New(rand.NewPCG(1, 2))
		sizes := []int{0, 1, 16, 29, 33, 34, 100, ownBuffer - 1, ownBuffer, slabSize - 1, slabSize, slabSize + 1, 200_000}
		var want []uint32
		sum := func(frames [][]byte) uint32 {
			h := crc32.NewIEEE()
			for _, f := range frames {
				fmt.Fprintf(h, "%d:", len(f))
				h.Write(f)
			}
			return h.Sum32()
		}
		var all sync.WaitGroup
		defer all.Wait()
		messages := make([][][]byte, 500)
		for i := range messages {
			for range 1 + rnd.IntN(6) {
				f := make([]byte, sizes[rnd.IntN(len(sizes))])
				for j := range f {
					f[j] = byte(rnd.Uint32())
				}
				messages[i] = append(messages[i], f)
			}
			want = append(want, sum(messages[i]))
		}
		all.Go(func() {
			for _, m := range messages {
				send(t, d, m[0], m[1:]...)
			}
		})
		got := collect(t, r, len(messages))
		for i, m := range got {
			if sum(m[1:]) != want[i] {
				t.Fatalf("message %d differs: %d frames, wanted %d", i, len(m)-1, len(messages[i]))
			}
		}
	})
}
