package zmq

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
)

// noise is where tests take their contents from.
func noise(n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{}).Read(b)
	return b
}

func TestOrderAndIdentity(t *testing.T) {
	onEachPath(t, func(t *testing.T, c *Context, o Options) {
		r, endpoint := router(t, c, o)
		const n = 100_000
		o.SendHWM = 1000
		d := dealer(t, c, endpoint, named(o, "alice"))
		source := noise(200)
		var all sync.WaitGroup
		defer all.Wait()
		all.Go(func() {
			for i := range n {
				send(t, d, number(i), source[:i%200])
			}
		})
		i := 0
		each(t, r, n, func(m [][]byte) {
			if len(m) != 3 || string(m[0]) != "\x01alice" || !bytes.Equal(m[1], number(i)) || !bytes.Equal(m[2], source[:i%200]) {
				t.Fatalf("message %d: %q", i, m)
			}
			i++
		})
	})
}

func checksum(frames [][]byte) uint32 {
	h := crc32.NewIEEE()
	for _, f := range frames {
		fmt.Fprintf(h, "%d:", len(f))
		h.Write(f)
	}
	return h.Sum32()
}

// TestShapes sends messages of every shape, by turns, keeps them all, and compares checksums at the end.
func TestShapes(t *testing.T) {
	source := noise(300_000)
	rnd := rand.New(rand.NewPCG(1, 2))
	sizes := []int{0, 1, 16, 29, 33, 34, 100, smallSlab - 1, smallSlab, ownBuffer - 1, ownBuffer, largeSlab - 1, largeSlab, largeSlab + 1, 200_000}
	messages := make([][][]byte, 1000)
	for i := range messages {
		for range 1 + rnd.IntN(6) {
			size := sizes[min(rnd.IntN(len(sizes)), rnd.IntN(len(sizes)))]
			from := rnd.IntN(len(source) - size)
			messages[i] = append(messages[i], source[from:from+size])
		}
	}
	onEachPath(t, func(t *testing.T, c *Context, o Options) {
		r, endpoint := router(t, c, o)
		d := dealer(t, c, endpoint, named(o, "bob"))
		var all sync.WaitGroup
		defer all.Wait()
		all.Go(func() {
			for _, m := range messages {
				send(t, d, m[0], m[1:]...)
			}
		})
		for i, m := range collect(t, r, len(messages)) {
			if checksum(m[1:]) != checksum(messages[i]) {
				t.Fatalf("message %d differs: %d frames, wanted %d", i, len(m)-1, len(messages[i]))
			}
			for _, f := range m {
				if f == nil || len(f) < ownBuffer && cap(f) != len(f) {
					t.Fatalf("message %d: a frame of %d octets, capacity %d", i, len(f), cap(f))
				}
			}
		}
	})
}

// TestAllocations holds what the package promises of small messages: nothing is allocated to send one, and
// little to receive it.
func TestAllocations(t *testing.T) {
	c := open(t)
	r, endpoint := router(t, c, Options{})
	d := dealer(t, c, endpoint, named(Options{}, "0123456789abcdef"))
	var header [6]byte
	var content [16]byte
	const n = 100_000
	var before, between, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range n {
		if err := d.Send(header[:], content[:]); err != nil {
			t.Fatal(err)
		}
	}
	runtime.ReadMemStats(&between)
	each(t, r, n, func([][]byte) {})
	runtime.ReadMemStats(&after)
	if got := between.Mallocs - before.Mallocs; got > n/1000 {
		t.Errorf("%d allocations to send %d messages", got, n)
	}
	if got := after.Mallocs - between.Mallocs; got > n/100 {
		t.Errorf("%d allocations to receive %d messages", got, n)
	}
	// 17 octets of identity, 6 and 16 of frames, and three slice headers.
	if got := (after.TotalAlloc - between.TotalAlloc) / n; got > 17+6+16+3*24+40 {
		t.Errorf("%d octets allocated to receive a message", got)
	}
}

// TestKeptMemory keeps one small message of many large ones, and one large one.
func TestKeptMemory(t *testing.T) {
	c := open(t)
	r, endpoint := router(t, c, Options{})
	d := dealer(t, c, endpoint, Options{})
	large := noise(1 << 20)
	const n = 100
	for range n {
		send(t, d, []byte("small"))
		send(t, d, large)
	}
	var small [][]byte
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	each(t, r, 2*n, func(m [][]byte) {
		if small == nil {
			small = m
		}
	})
	runtime.GC()
	runtime.ReadMemStats(&after)
	if kept := int64(after.HeapAlloc) - int64(before.HeapAlloc); kept > 100<<10 {
		t.Errorf("a message of 5 octets keeps %d", kept)
	}
	runtime.KeepAlive(small)
	runtime.KeepAlive(large)
}

// TestRecycle gives back every other large frame, and looks at the end whether those that were kept are
// what was sent.
func TestRecycle(t *testing.T) {
	onEachPath(t, func(t *testing.T, c *Context, o Options) {
		r, endpoint := router(t, c, o)
		d := dealer(t, c, endpoint, o)
		const n = 400
		source := noise(n + 4*ownBuffer)
		content := func(i int) []byte { return source[i : i+ownBuffer-50+i*20] }
		for i := range n {
			send(t, d, number(i), content(i))
		}
		var kept [][]byte
		memory := make(map[*byte]bool)
		again, i := 0, 0
		each(t, r, n, func(m [][]byte) {
			if !bytes.Equal(m[2], content(i)) {
				t.Fatalf("message %d differs", i)
			}
			if p := &m[2][0]; memory[p] {
				again++
			}
			if i%2 == 0 {
				kept = append(kept, m[2])
			} else {
				memory[&m[2][0]] = true
				r.Recycle(m[2])
			}
			r.Recycle(m[1]) // is not taken
			i++
		})
		for i, f := range kept {
			if !bytes.Equal(f, content(2*i)) {
				t.Fatalf("message %d has changed", 2*i)
			}
		}
		if r.raw != 0 && again == 0 {
			t.Error("no memory was used again")
		}
	})
}

func TestPileIsBounded(t *testing.T) {
	var s Socket
	for range 1000 {
		s.Recycle(make([]byte, ownBuffer))
		s.Recycle(make([]byte, pileOctets/20))
		s.Recycle(make([]byte, ownBuffer-1))
	}
	if n := len(s.pile.buffers); n == 0 || n > pileBuffers || s.pile.octets > pileOctets {
		t.Errorf("%d buffers of %d octets", n, s.pile.octets)
	}
	for s.pile.take(ownBuffer) != nil || s.pile.take(pileOctets/20) != nil {
	}
	if len(s.pile.buffers) != 0 || s.pile.octets != 0 {
		t.Errorf("left: %d buffers of %d octets", len(s.pile.buffers), s.pile.octets)
	}
	if s.Recycle(make([]byte, 4*ownBuffer)); s.pile.take(ownBuffer) != nil || s.pile.take(5*ownBuffer) != nil {
		t.Error("a buffer that does not fit")
	}
}
