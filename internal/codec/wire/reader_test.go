package wire_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gozre/zre/internal/codec/wire"
)

// read applies one method of a Reader to a frame.
type read func(*wire.Reader) any

func text(r *wire.Reader) any { return r.String("f") }
func long(r *wire.Reader) any { return r.LongString("f") }
func list(r *wire.Reader) any { return r.Strings("f") }
func hash(r *wire.Reader) any { return r.Hash("f") }
func blob(r *wire.Reader) any { return r.Chunk("f") }
func u8(r *wire.Reader) any   { return r.Uint8("f") }
func u16(r *wire.Reader) any  { return r.Uint16("f") }
func u32(r *wire.Reader) any  { return r.Uint32("f") }
func u64(r *wire.Reader) any  { return r.Uint64("f") }
func zero(r *wire.Reader) any { return r.ZeroTerminated("f") }

func TestReader(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		read  read
		frame string
		want  any
		err   error
	}{
		{"uint8", u8, "\x7f", uint8(0x7f), nil},
		{"uint16", u16, "\x01\x02", uint16(0x0102), nil},
		{"uint32", u32, "\x01\x02\x03\x04", uint32(0x01020304), nil},
		{"uint64", u64, "\x01\x02\x03\x04\x05\x06\x07\x08", uint64(0x0102030405060708), nil},
		{"uint8, short", u8, "", uint8(0), wire.ErrShort},
		{"uint16, short", u16, "\x01", uint16(0), wire.ErrShort},
		{"uint32, short", u32, "\x01\x02\x03", uint32(0), wire.ErrShort},
		{"uint64, short", u64, "\x01\x02\x03\x04\x05\x06\x07", uint64(0), wire.ErrShort},
		{"string", text, "\x03abc", "abc", nil},
		{"string, empty", text, "\x00", "", nil},
		{"string, longest", text, "\xff" + strings.Repeat("x", 255), strings.Repeat("x", 255), nil},
		{"string, short", text, "\x04abc", "", wire.ErrShort},
		{"string, no length", text, "", "", wire.ErrShort},
		{"string, trailing", text, "\x02abc", "ab", wire.ErrTrailing},
		{"longstr", long, "\x00\x00\x00\x03abc", "abc", nil},
		{"longstr, short", long, "\x00\x00\x00\x04abc", "", wire.ErrShort},
		{"longstr, 4 GiB", long, "\xff\xff\xff\xffabc", "", wire.ErrShort},
		{"longstr, half a length", long, "\x00\x00", "", wire.ErrShort},
		{"chunk", blob, "\x00\x00\x00\x02\x00\xff", []byte{0, 255}, nil},
		{"chunk, empty", blob, "\x00\x00\x00\x00", []byte(nil), nil},
		{"chunk, 4 GiB", blob, "\xff\xff\xff\xff", []byte(nil), wire.ErrShort},
		{"strings", list, "\x00\x00\x00\x02\x00\x00\x00\x01a\x00\x00\x00\x00", []string{"a", ""}, nil},
		{"strings, none", list, "\x00\x00\x00\x00", []string(nil), nil},
		{"strings, count too large", list, "\x00\x00\x00\x03\x00\x00\x00\x00\x00\x00\x00\x00", []string(nil), wire.ErrCount},
		{"strings, count of 4 Gi", list, "\xff\xff\xff\xff\x00\x00\x00\x00", []string(nil), wire.ErrCount},
		{"strings, entry short", list, "\x00\x00\x00\x01\x00\x00\x00\x02a", []string(nil), wire.ErrShort},
		{"strings, first takes the second's length", list, "\x00\x00\x00\x02\x00\x00\x00\x01a\x00\x00\x00", []string(nil), wire.ErrShort},
		{"hash", hash, "\x00\x00\x00\x01\x01k\x00\x00\x00\x01v", map[string]string{"k": "v"}, nil},
		{"hash, none", hash, "\x00\x00\x00\x00", map[string]string(nil), nil},
		{"hash, first of two equal keys", hash, "\x00\x00\x00\x02\x01k\x00\x00\x00\x01a\x01k\x00\x00\x00\x01b", map[string]string{"k": "a"}, nil},
		{"hash, empty key and value", hash, "\x00\x00\x00\x01\x00\x00\x00\x00\x00", map[string]string{"": ""}, nil},
		{"hash, count too large", hash, "\x00\x00\x00\x02\x00\x00\x00\x00\x00", map[string]string(nil), wire.ErrCount},
		{"hash, key short", hash, "\x00\x00\x00\x01\x09k\x00\x00\x00\x00", map[string]string(nil), wire.ErrShort},
		{"hash, value short", hash, "\x00\x00\x00\x01\x01k\x00\x00\x00\x02v", map[string]string(nil), wire.ErrShort},
		{"hash, value without length", hash, "\x00\x00\x00\x01\x02kk\x00\x00", map[string]string(nil), wire.ErrShort},
		{"zero-terminated", zero, "abc\x00", "abc", nil},
		{"zero-terminated, empty", zero, "\x00", "", nil},
		{"zero-terminated, no end", zero, "abc", "", wire.ErrZero},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := wire.NewReader([]byte(test.frame))
			r.Message("M")
			got := test.read(&r)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if err := r.End(); !errors.Is(err, test.err) || (err == nil) != (test.err == nil) {
				t.Errorf("error %v; want %v", err, test.err)
			}
		})
	}
}

// TestReaderSticks checks that the first error stays, and that all reads after
// it give nothing.
func TestReaderSticks(t *testing.T) {
	t.Parallel()
	r := wire.NewReader([]byte("\x05ab\x01\x02\x03\x04\x05\x06\x07\x08\x00"))
	r.Uint8("length")
	r.Message("HELLO")
	r.Octets("key", make([]byte, 100))
	first := r.Err()
	var field *wire.FieldError
	if !errors.As(first, &field) || field.Message != "HELLO" || field.Field != "key" || field.Offset != 1 {
		t.Fatalf("error %v", first)
	}
	if want := `HELLO: field "key" at octet 1: frame too short`; first.Error() != want {
		t.Errorf("error %q; want %q", first, want)
	}
	octets := []byte{1, 2}
	r.Octets("f", octets)
	r.Constant("f", "\x05")
	r.Signature("\x05")
	r.Fail("f", wire.ErrWrongID)
	for i, got := range []any{
		text(&r), long(&r), list(&r), hash(&r), blob(&r), u8(&r), u16(&r), u32(&r), u64(&r), zero(&r), string(octets),
	} {
		want := []any{
			"", "", []string(nil), map[string]string(nil), []byte(nil),
			uint8(0), uint16(0), uint32(0), uint64(0), "", "\x00\x00",
		}[i]
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("read %d after an error: (-want +got)\n%s", i, diff)
		}
	}
	if err := r.End(); err != first {
		t.Errorf("error %v; want the first, %v", err, first)
	}
}

func TestConstants(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, frame, constant string
		err                   error
	}{
		{"equal", "\x02", "\x02", nil},
		{"other", "\x03", "\x02", wire.ErrConstant},
		{"nothing", "", "\x02", wire.ErrShort},
		{"start of it", "\x03ab", "\x03abc", wire.ErrShort},
		{"start of another", "\x03ax", "\x03abc", wire.ErrConstant},
		{"more", "\x02x", "\x02", wire.ErrTrailing},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := wire.NewReader([]byte(test.frame))
			r.Constant("version", test.constant)
			if err := r.End(); !errors.Is(err, test.err) || (err == nil) != (test.err == nil) {
				t.Errorf("error %v; want %v", err, test.err)
			}
		})
	}
	r := wire.NewReader([]byte("\xaa\xa0"))
	r.Signature("\xaa\xa1")
	if err := r.Err(); !errors.Is(err, wire.ErrSignature) {
		t.Errorf("signature: %v", err)
	}
}

// TestNothingIsKept changes a frame after it was read.
func TestNothingIsKept(t *testing.T) {
	t.Parallel()
	frame := []byte("\x01a" + "\x00\x00\x00\x01b" + "\x00\x00\x00\x01c" + "\x00\x00\x00\x01\x00\x00\x00\x01d" + "\x00\x00\x00\x01\x01e\x00\x00\x00\x01f")
	r := wire.NewReader(frame)
	var table wire.Interner
	r.Intern(&table)
	got := []any{text(&r), long(&r), blob(&r), list(&r), hash(&r)}
	if err := r.End(); err != nil {
		t.Fatal(err)
	}
	for i := range frame {
		frame[i] = 'x'
	}
	want := []any{"a", "b", []byte("c"), []string{"d"}, map[string]string{"e": "f"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestFrameReader(t *testing.T) {
	t.Parallel()
	frames := [][]byte{[]byte("first"), []byte("a"), nil, []byte("c"), []byte("d")}
	f := wire.NewFrameReader("M", frames)
	if got := f.Next("one"); string(got) != "a" {
		t.Errorf("first frame %q", got)
	}
	if got := f.Next("two"); len(got) != 0 {
		t.Errorf("second frame %q", got)
	}
	rest := f.Rest()
	if diff := cmp.Diff(frames[3:], rest); diff != "" {
		t.Errorf("rest: (-want +got)\n%s", diff)
	}
	_ = append(rest, []byte("more")) // must not reach into frames
	if err := f.End(); err != nil {
		t.Error(err)
	}
	if got := f.Rest(); got != nil {
		t.Errorf("rest of nothing is %q", got)
	}
	f.Next("three")
	var field *wire.FieldError
	if err := f.End(); !errors.Is(err, wire.ErrFrames) || !errors.As(err, &field) || field.Field != "three" {
		t.Errorf("error %v", err)
	}
	f = wire.NewFrameReader("M", frames)
	if err := f.End(); !errors.Is(err, wire.ErrTrailing) || err.Error() != "M at octet 5: trailing octets" {
		t.Errorf("error %v", err)
	}
}

// TestInterner checks that equal octets give one string, and that the table
// stays correct, and small, whatever comes.
func TestInterner(t *testing.T) {
	var table wire.Interner
	frame := []byte("\x04CHAT")
	get := func() string {
		r := wire.NewReader(frame)
		r.Intern(&table)
		return r.String("group")
	}
	get()
	if n := testing.AllocsPerRun(100, func() {
		if get() != "CHAT" {
			t.Fatal("not CHAT")
		}
	}); n > 0 {
		t.Errorf("%v allocations for a string that is known", n)
	}
	for i := range 100_000 {
		name := string([]byte{byte(i), byte(i >> 8), byte(i >> 16)})
		r := wire.NewReader([]byte("\x03" + name))
		r.Intern(&table)
		if got := r.String("name"); got != name {
			t.Fatalf("%q for %q", got, name)
		}
	}
}
