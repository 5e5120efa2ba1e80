package fuzz

import (
	"bytes"
	"errors"
	"reflect"
	"runtime"
	"testing"

	"github.com/gozre/zre/gen/testdata/codec/everythingmsg"
	"github.com/gozre/zre/internal/codec/wire"
	"github.com/gozre/zre/internal/codec/zgossipmsg"
	"github.com/gozre/zre/internal/codec/zrebeacon"
	"github.com/gozre/zre/internal/codec/zremsg"
)

// message is what the Message of each codec can do.
type message interface {
	AppendTo(dst []byte) ([]byte, error)
	Decode(frame []byte) error
	Size() int
	MarshalBinary() ([]byte, error)
	UnmarshalBinary(data []byte) error
	String() string
}

// equatable is a message that can be compared with others of its protocol.
type equatable[M any] interface {
	message
	Equal(other M) bool
}

func FuzzZRE(f *testing.F) {
	seedFrames(f)
	var d zremsg.Decoder
	f.Fuzz(func(t *testing.T, frame []byte) {
		m := sound(t, frame, zremsg.Decode, d.Decode)
		h, err := zremsg.DecodeHeader(frame)
		if m != nil && (err != nil || h.ID != m.(zremsg.Message).ID()) {
			t.Errorf("header %+v, %v of a sound %T", h, err, m)
		}
		if err != nil {
			typed(t, frame, err)
		}
	})
}

func FuzzGossip(f *testing.F) {
	seedFrames(f)
	var d zgossipmsg.Decoder
	f.Fuzz(func(t *testing.T, frame []byte) { sound(t, frame, zgossipmsg.Decode, d.Decode) })
}

func FuzzBeacon(f *testing.F) {
	seedFrames(f)
	var d zrebeacon.Decoder
	f.Fuzz(func(t *testing.T, frame []byte) {
		m := sound(t, frame, zrebeacon.Decode, d.Decode)
		switch m.(type) {
		case *zrebeacon.Plain:
			if len(frame) != 22 {
				t.Errorf("a plain beacon of %d octets", len(frame))
			}
		case *zrebeacon.Secure:
			if len(frame) != 54 {
				t.Errorf("a secure beacon of %d octets", len(frame))
			}
		}
	})
}

// FuzzEverything fuzzes the codec of a model with all types.
func FuzzEverything(f *testing.F) {
	seedFrames(f)
	var d everythingmsg.Decoder
	f.Fuzz(func(t *testing.T, frame []byte) { sound(t, frame, everythingmsg.Decode, d.Decode) })
}

// sound checks what has to hold for any frame. It returns the message, or nil
// for a frame that is refused.
func sound[M equatable[M]](t *testing.T, frame []byte, decode, reuse func([]byte) (M, error)) message {
	t.Helper()
	input := bytes.Clone(frame)
	var m M
	var err error
	bounded(t, len(frame), func() { m, err = decode(frame) })
	again, errAgain := reuse(frame)
	if !bytes.Equal(input, frame) {
		t.Fatal("decoding changed the frame")
	}
	if err != nil {
		typed(t, frame, err)
		if errAgain == nil || errAgain.Error() != err.Error() {
			t.Errorf("Decode says %v, a Decoder %v", err, errAgain)
		}
		return nil
	}
	if errAgain != nil || !reflect.DeepEqual(any(m), any(again)) {
		t.Errorf("Decode gives %+v, a Decoder %+v, %v", m, again, errAgain)
	}
	out, err := m.AppendTo(nil)
	if err != nil {
		t.Fatalf("what was decoded does not encode: %v", err)
	}
	back, err := decode(out)
	if err != nil || !reflect.DeepEqual(m, back) {
		t.Fatalf("%+v comes back as %+v, %v", m, back, err)
	}
	if m.Size() != len(out) || !m.Equal(back) || !back.Equal(m) {
		t.Errorf("%v of %d octets has size %d and equals what it came from: %v", m, len(out), m.Size(), m.Equal(back))
	}
	if text := m.String(); len(text) > mostText {
		t.Errorf("%d octets of text for %d on the wire", len(text), len(out))
	}
	// Only a hash has more than one form: any order of keys, and doubles.
	if !hasMap(m) && !bytes.Equal(out, input) || len(out) > len(input) {
		t.Errorf("%x encodes as %x", input, out)
	}
	for i := range frame {
		frame[i] ^= 0xff
	}
	if !reflect.DeepEqual(m, back) || !reflect.DeepEqual(any(again), any(back)) {
		t.Error("the message shares memory with the frame")
	}
	copy(frame, input)
	return m
}

// mostText is more than any message of these protocols has as text: each value is cut short.
const mostText = 16 << 10

// FuzzBinary decodes messages of several frames from one piece of octets.
func FuzzBinary(f *testing.F) {
	seedFrames(f)
	for _, m := range []message{
		&zremsg.Whisper{Sequence: 1, Content: [][]byte{[]byte("one"), nil, []byte("three")}},
		&zremsg.Shout{Group: "CHAT", Content: [][]byte{{}}},
		&everythingmsg.Frames{Before: "x", FirstFrame: []byte{0, 1}, Content: [][]byte{{2}, {}}},
		&everythingmsg.OneFrame{FirstFrame: []byte("first")},
	} {
		blob, err := m.MarshalBinary()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(blob)
		f.Add(blob[:len(blob)-1])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, m := range []message{new(zremsg.Whisper), new(zremsg.Shout), new(everythingmsg.Frames), new(everythingmsg.OneFrame)} {
			input := bytes.Clone(data)
			var err error
			bounded(t, len(data), func() { err = m.UnmarshalBinary(data) })
			if err != nil {
				continue
			}
			for i := range data {
				data[i] ^= 0xff
			}
			out, err := m.MarshalBinary()
			if err != nil || !bytes.Equal(out, input) {
				t.Errorf("%x comes back as %x, %v", input, out, err)
			}
			copy(data, input)
		}
	})
}

func hasMap(m message) bool {
	v := reflect.ValueOf(m).Elem()
	for i := range v.NumField() {
		if v.Field(i).Kind() == reflect.Map {
			return true
		}
	}
	return false
}

// typed checks that an error names a place within the input and a condition
// that callers can ask for.
func typed(t *testing.T, frame []byte, err error) {
	t.Helper()
	var field *wire.FieldError
	if !errors.As(err, &field) || field.Offset < 0 || field.Offset > len(frame) {
		t.Fatalf("error %v (%T) for %d octets", err, err, len(frame))
	}
	for _, known := range []error{
		wire.ErrShort, wire.ErrTrailing, wire.ErrCount, wire.ErrSignature, wire.ErrUnknownID, wire.ErrConstant, wire.ErrZero,
	} {
		if errors.Is(err, known) {
			return
		}
	}
	t.Fatalf("error %v is of no known condition", err)
}

// The most that decoding may allocate: so many octets for one of the input, as
// a map of empty strings takes, and so many in any case.
const (
	perOctet = 32
	anyway   = 16 << 10
)

// bounded checks what f allocates against the size of its input. The count is
// for the whole process, so it is taken again when it is too high: something
// else may have been at work.
func bounded(t *testing.T, size int, f func()) {
	t.Helper()
	limit := uint64(perOctet*size + anyway)
	var spent uint64
	for range 5 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		f()
		runtime.ReadMemStats(&after)
		if spent = after.TotalAlloc - before.TotalAlloc; spent <= limit {
			return
		}
	}
	t.Errorf("%d octets allocated for an input of %d", spent, size)
}
