package transfer

import (
	"encoding/binary"
	"fmt"
	"io/fs"
	"math"
	"strings"
)

// The least octets of an entry and of a claim.
const (
	entryOctets = 1 + 2 + 8 + 2
	claimOctets = 1 + 4 + 8 + len(Sum{})
)

// Parse decodes a message. The names of an offer are checked. ErrMessage is in its errors, also
// for messages that have nothing to do with files.
func Parse(frames [][]byte) (Message, error) {
	if len(frames) == 0 || !strings.HasPrefix(string(frames[0][:min(len(magic), len(frames[0]))]), magic) {
		return nil, ErrMessage
	}
	r := reader{rest: frames[0][len(magic):]}
	if len(frames[0]) > maxFirst {
		r.fail("%d octets", len(frames[0]))
	}
	kind := r.uint8()
	id := ID(r.octets(len(ID{})))
	var m Message
	payload := 1
	switch kind {
	case kindOffer:
		m = r.offer(id)
	case kindRefuse:
		m = Refuse{id, r.reason()}
	case kindTake:
		m = Take{id}
	case kindAccept:
		m = r.accept(id)
	case kindData:
		payload = 2
		if len(frames) == 2 {
			m = r.data(id, frames[1])
		}
	case kindResult:
		m = Result{id, r.reason()}
	default:
		r.fail("kind %#x", kind)
	}
	switch {
	case len(frames) != payload:
		r.fail("%d frames", len(frames))
	case len(r.rest) > 0:
		r.fail("%d octets too many", len(r.rest))
	}
	if r.err != nil {
		return nil, r.err
	}
	return m, nil
}

// reader takes a frame apart and keeps the first error.
type reader struct {
	rest []byte
	err  error
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: %s", ErrMessage, fmt.Sprintf(format, args...))
	}
	r.rest = nil
}

// zeros is what is read behind the end.
var zeros [64]byte

// octets returns the next n octets, n at most 64; the frame keeps the memory.
func (r *reader) octets(n int) []byte {
	if len(r.rest) < n {
		r.fail("it is too short")
		return zeros[:n:n]
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

func (r *reader) uint8() byte    { return r.octets(1)[0] }
func (r *reader) uint16() uint16 { return binary.BigEndian.Uint16(r.octets(2)) }
func (r *reader) uint32() uint32 { return binary.BigEndian.Uint32(r.octets(4)) }

// size is a number of octets of a file.
func (r *reader) size() int64 {
	n := binary.BigEndian.Uint64(r.octets(8))
	if n > math.MaxInt64 {
		r.fail("a size of %d octets", n)
		return 0
	}
	return int64(n)
}

// flags are bits of which only these may be set.
func (r *reader) flags(known byte) byte {
	f := r.uint8()
	if f&^known != 0 {
		r.fail("flags %#x", f)
	}
	return f
}

// count is a number of elements of so many octets at least.
func (r *reader) count(octets int) int {
	n := r.uint32()
	if n > MaxEntries || int(n)*octets > len(r.rest) {
		r.fail("%d elements", n)
		return 0
	}
	return int(n)
}

// index is the number of an entry.
func (r *reader) index() int {
	n := r.uint32()
	if n >= MaxEntries {
		r.fail("entry %d", n)
		return 0
	}
	return int(n)
}

// reason is a text, to the end.
func (r *reader) reason() string {
	text := r.rest
	r.rest = nil
	if !validReason(text) {
		r.fail("a reason of %d octets", len(text))
		return ""
	}
	return string(text)
}

func (r *reader) offer(id ID) Offer {
	m := Offer{ID: id}
	n := r.count(entryOctets)
	m.Entries = make([]Entry, 0, n)
	for range n {
		e := Entry{Dir: r.flags(flagDir) != 0}
		mode := r.uint16()
		e.Mode, e.Size = fs.FileMode(mode), r.size()
		length := int(r.uint16())
		if mode&^uint16(fs.ModePerm) != 0 || length > len(r.rest) {
			r.fail("an entry with mode %#o and a name of %d octets", mode, length)
			return m
		}
		e.Name = string(r.rest[:length])
		r.rest = r.rest[length:]
		m.Entries = append(m.Entries, e)
	}
	if r.err == nil {
		if err := m.check(); err != nil {
			r.fail("%v", err)
		}
	}
	return m
}

func (r *reader) accept(id ID) Accept {
	m := Accept{ID: id, Run: r.uint32()}
	n := r.count(claimOctets)
	m.Claims = make([]Claim, 0, n)
	last := -1
	for range n {
		c := Claim{Keep: r.flags(flagKeep) != 0, Index: r.index(), Octets: r.size(), Sum: Sum(r.octets(len(Sum{})))}
		if c.Index <= last {
			r.fail("claims out of order")
		}
		last = c.Index
		m.Claims = append(m.Claims, c)
	}
	return m
}

func (r *reader) data(id ID, payload []byte) Data {
	m := Data{ID: id, Run: r.uint32(), Payload: payload}
	flags := r.flags(flagEnd | flagDiffers)
	m.Index, m.Offset = r.index(), r.size()
	m.End, m.Differs = flags&flagEnd != 0, flags&flagDiffers != 0
	if m.End {
		m.Sum = Sum(r.octets(len(Sum{})))
	}
	if len(payload) > maxChunk || m.End && m.Differs {
		r.fail("%d octets of a file, flags %#x", len(payload), flags)
	}
	return m
}
