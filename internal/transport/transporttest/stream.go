package transporttest

import (
	"encoding/binary"
	"fmt"
	"sync"

	"github.com/gozre/zre/internal/transport"
)

// fill returns n octets that differ with the seed and the position.
func fill(seed, n int) []byte {
	b := make([]byte, n)
	x := uint32(seed)*2654435761 + 1
	for i := range b {
		x = x*1664525 + 1013904223
		b[i] = byte(x >> 24)
	}
	return b
}

// filled checks what fill makes.
func filled(seed int, b []byte) bool {
	x := uint32(seed)*2654435761 + 1
	for _, c := range b {
		x = x*1664525 + 1013904223
		if c != byte(x>>24) {
			return false
		}
	}
	return true
}

// stream is a numbered sequence of messages of different shapes. The first frame has
// the source and the number, each in 8 octets, and some more octets.
type stream struct {
	source int
	// size gives the length of the frame after the first one of a message, nil stands
	// for small ones.
	size func(i int) int
}

// message makes the message with number i.
func (s stream) message(i int) (first []byte, rest [][]byte) {
	first = binary.BigEndian.AppendUint64(nil, uint64(s.source))
	first = binary.BigEndian.AppendUint64(first, uint64(i))
	if s.size != nil {
		return first, [][]byte{fill(i, s.size(i))}
	}
	first = append(first, fill(i, i%7)...)
	for k := range i % 4 {
		rest = append(rest, fill(i+k, i*(k+1)%600))
	}
	return first, rest
}

// send sends the messages from one number up to another one.
func (s stream) send(h *handler, from, to int) error {
	for i := from; i < to; i++ {
		first, rest := s.message(i)
		if err := h.conn.Send(first, rest...); err != nil {
			return fmt.Errorf("%v: message %d: %w", h, i, err)
		}
	}
	return nil
}

// checker takes the messages of several streams and checks that each comes in order
// and complete. One goroutine at a time uses it.
type checker struct {
	w     *world
	size  func(i int) int
	next  map[int]int // by source
	wrong int
}

// check makes a handler check what it receives.
func (h *handler) check(size func(i int) int) *checker {
	c := &checker{w: h.w, size: size, next: make(map[int]int)}
	h.take = c.take
	return c
}

func (c *checker) take(m transport.Message) {
	if c.wrong > 3 {
		return // It was said.
	}
	if len(m.First) < 16 {
		c.wrong++
		c.w.Errorf("a first frame of %d octets", len(m.First))
		return
	}
	source := int(binary.BigEndian.Uint64(m.First))
	number := int(binary.BigEndian.Uint64(m.First[8:]))
	if want := c.next[source]; number != want {
		c.wrong++
		c.w.Errorf("source %d: message %d, want %d", source, number, want)
	}
	c.next[source] = number + 1
	if err := (stream{source, c.size}).compare(number, m); err != nil {
		c.wrong++
		c.w.Errorf("source %d, message %d: %v", source, number, err)
	}
}

// compare checks a message. It does not make the frames, which would be slow.
func (s stream) compare(i int, m transport.Message) error {
	seeds := []int{i}
	lengths := []int{0}
	if s.size != nil {
		lengths[0] = s.size(i)
	} else {
		if len(m.First) != 16+i%7 || !filled(i, m.First[16:]) {
			return fmt.Errorf("another first frame, of %d octets", len(m.First))
		}
		seeds, lengths = nil, nil
		for k := range i % 4 {
			seeds, lengths = append(seeds, i+k), append(lengths, i*(k+1)%600)
		}
	}
	if len(m.Rest) != len(lengths) {
		return fmt.Errorf("%d frames after the first one, want %d", len(m.Rest), len(lengths))
	}
	for k, f := range m.Rest {
		if len(f) != lengths[k] || !filled(seeds[k], f) {
			return fmt.Errorf("frame %d differs, it has %d octets of %d", k, len(f), lengths[k])
		}
	}
	return nil
}

// together runs functions at the same time and waits for them.
func (w *world) together(fs ...func() error) {
	w.Helper()
	var wg sync.WaitGroup
	for _, f := range fs {
		wg.Go(func() {
			if err := f(); err != nil {
				w.Error(err)
			}
		})
	}
	wg.Wait()
}
