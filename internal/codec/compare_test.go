package codec_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/gozre/zre/gen/model"
)

// rounds is how many random messages of each kind are tried.
const rounds = 300

// TestRandomValues encodes random values by the codec and by the reference,
// and decodes what comes out in each way that the codec has.
func TestRandomValues(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s subject, r reference) {
		rng := newRandom(1)
		for i := range r.p.Messages {
			m := &r.p.Messages[i]
			empty := s.zero(t, r, m)
			for range rounds {
				values := rng.values(r.p, m)
				msg := blank(empty)
				set(t, msg, values)
				want, refused := r.encode(m, values)
				got, err := s.encode(msg)
				if (err != nil) != (refused != nil) {
					t.Fatalf("%s %v: error %v; the reference says %v", m.Name, values, err, refused)
				}
				if err != nil {
					continue
				}
				same(t, m.Name, want, got)
				back, err := s.decodeFrames(got)
				if err != nil {
					t.Fatalf("%s: decoding %x: %v", m.Name, got, err)
				}
				same(t, m.Name, values, get(back))
				firstFrame(t, s, back, got[0])
			}
		}
	})
}

// firstFrame checks that the ways to decode a first frame agree.
func firstFrame(t *testing.T, s subject, want message, frame []byte) {
	t.Helper()
	fresh, err := s.decode(frame)
	if err != nil {
		t.Fatal(err)
	}
	reused, err := s.reuse(frame)
	if err != nil {
		t.Fatal(err)
	}
	// What was in the message before must not shine through.
	own := blank(want)
	reflect.ValueOf(own).Elem().Set(reflect.ValueOf(want).Elem())
	if err := own.Decode(frame); err != nil {
		t.Fatal(err)
	}
	same(t, "Decoder.Decode", fresh, reused)
	same(t, "Message.Decode", fresh, own)
	again, err := fresh.AppendTo([]byte("before"))
	if err != nil {
		t.Fatal(err)
	}
	same(t, "AppendTo", append([]byte("before"), frame...), again)
}

// TestRandomOctets decodes broken frames by the codec and by the reference:
// both take the same ones, and see the same in them.
func TestRandomOctets(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s subject, r reference) {
		rng := newRandom(2)
		taken := 0
		for i := range r.p.Messages {
			m := &r.p.Messages[i]
			for range rounds {
				frames, err := r.encode(m, rng.values(r.p, m))
				if err != nil {
					continue
				}
				frames = rng.damage(frames)
				_, want, refused := r.decode(frames)
				got, err := s.decodeFrames(frames)
				if (err != nil) != (refused != nil) {
					t.Fatalf("%x: error %v; the reference says %v", frames, err, refused)
				}
				if err == nil {
					taken++
					same(t, fmt.Sprintf("%x", frames), want, get(got))
				}
			}
		}
		if taken == 0 {
			t.Error("no damaged frame was sound: the test shows half of what it should")
		}
	})
}

// same compares two values; an empty slice or map and none are the same.
func same(t *testing.T, what string, want, got any) {
	t.Helper()
	if reflect.DeepEqual(want, got) { // the quick way, which most go
		return
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("%s: (-want +got)\n%s", what, diff)
	}
}

// random makes values and damage. A test has the same ones in each run.
type random struct{ *rand.Rand }

func newRandom(seed uint64) random { return random{rand.New(rand.NewPCG(seed, seed))} }

// length prefers the edges of what a length octet can say.
func (r random) length() int {
	switch r.IntN(12) {
	case 0:
		return 255
	case 1:
		return 254
	case 2:
		return 0
	case 3:
		if r.IntN(10) == 0 {
			return 256
		}
		return 1
	}
	return r.IntN(20)
}

func (r random) octets(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func (r random) values(p *model.Protocol, m *model.Message) []any {
	var values []any
	if p.PubSub {
		// A topic is the one text that may not hold a zero octet.
		values = append(values, fmt.Sprintf("%x", r.octets(r.IntN(5))))
	}
	for i := range m.Fields {
		if m.Fields[i].Constant == nil {
			values = append(values, r.value(&m.Fields[i]))
		}
	}
	return values
}

func (r random) value(f *model.Field) any {
	switch f.Kind {
	case model.Number:
		return r.Uint64() >> (64 - 8*f.Size)
	case model.Octets, model.UUID:
		return r.octets(f.Size)
	case model.Chunk, model.Frame:
		return r.octets(r.length())
	case model.Strings:
		var list []string
		for range r.IntN(4) {
			list = append(list, string(r.octets(r.length())))
		}
		return list
	case model.Hash:
		hash := map[string]string{}
		for range r.IntN(4) {
			hash[string(r.octets(r.length()))] = string(r.octets(r.length()))
		}
		return hash
	case model.Msg:
		var frames [][]byte
		for range r.IntN(4) {
			frames = append(frames, r.octets(r.length()))
		}
		return frames
	}
	return string(r.octets(r.length()))
}

// damage changes a message in one way, or not at all.
func (r random) damage(frames [][]byte) [][]byte {
	first := frames[0]
	at := r.IntN(len(first))
	switch r.IntN(8) {
	case 0:
		first = first[:at]
	case 1:
		first = append(first, r.octets(1+r.IntN(4))...)
	case 2:
		first[at] = byte(r.Uint32())
	case 3: // a length that is off by one
		first[at]++
	case 4:
		first = append(first[:at:at], first[min(at+1+r.IntN(4), len(first)):]...)
	case 5:
		frames = frames[:1+r.IntN(len(frames))]
	case 6:
		frames = append(frames, r.octets(r.IntN(3)))
	}
	return append([][]byte{first}, frames[1:]...)
}
