package wire_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/gozre/zre/internal/codec/wire"
)

// TestSizes holds the sizes to what is appended.
func TestSizes(t *testing.T) {
	t.Parallel()
	text, list := strings.Repeat("x", 255), []string{"", "ab", strings.Repeat("y", 300)}
	hash := map[string]string{"": "", "key": "value", text: text}
	for name, sizes := range map[string]struct {
		want int
		out  func([]byte) ([]byte, error)
	}{
		"string":  {wire.SizeString(text), func(b []byte) ([]byte, error) { return wire.AppendString(b, text) }},
		"longstr": {wire.SizeLongString(text), func(b []byte) ([]byte, error) { return wire.AppendLongString(b, text) }},
		"chunk":   {wire.SizeChunk([]byte(text)), func(b []byte) ([]byte, error) { return wire.AppendChunk(b, []byte(text)) }},
		"strings": {wire.SizeStrings(list), func(b []byte) ([]byte, error) { return wire.AppendStrings(b, list) }},
		"hash":    {wire.SizeHash(hash), func(b []byte) ([]byte, error) { return wire.AppendHash(b, hash) }},
		"none":    {wire.SizeStrings(nil), func(b []byte) ([]byte, error) { return wire.AppendStrings(b, nil) }},
	} {
		if out, err := sizes.out(nil); err != nil || len(out) != sizes.want {
			t.Errorf("%s: size %d; %d octets are appended, %v", name, sizes.want, len(out), err)
		}
	}
	for _, size := range []int{math.MinInt, -1, 0, 1, math.MaxInt} {
		if room := wire.Room(size); len(room) != 0 || cap(room) > 64<<10 || size == 1 && cap(room) < 1 {
			t.Errorf("room for %d: %d of %d", size, len(room), cap(room))
		}
	}
}

// TestFramesInOnePiece reads what AppendFrames has written, whole and cut at each octet.
func TestFramesInOnePiece(t *testing.T) {
	t.Parallel()
	frames := [][]byte{[]byte("one"), {}, []byte("three")}
	out, err := wire.AppendFrames([]byte("before"), frames)
	if err != nil || string(out) != "before\x00\x00\x00\x03one\x00\x00\x00\x00\x00\x00\x00\x05three" {
		t.Fatalf("%q, %v", out, err)
	}
	blob := out[len("before"):]
	whole := []int{0, 7, 11, len(blob)} // where a frame ends
	for n := range len(blob) + 1 {
		r := wire.NewReader(blob[:n])
		got := r.Frames("content")
		at := slices.Index(whole, n)
		switch {
		case at < 0:
			if err := r.End(); !errors.Is(err, wire.ErrShort) || got != nil {
				t.Errorf("%d octets: %q, %v", n, got, err)
			}
		case r.End() != nil || len(got) != at || at > 0 && string(got[0]) != "one":
			t.Errorf("%d octets: %q, %v", n, got, r.End())
		}
	}
}

// TestNoFrames checks the errors for what is not there.
func TestNoFrames(t *testing.T) {
	t.Parallel()
	f := wire.NewFrameReader("PING", nil)
	if err := f.End(); !errors.Is(err, wire.ErrFrames) || err.Error() != "PING at octet 0: frame missing" {
		t.Errorf("a reader of no frames: %v", err)
	}
	if err := wire.NoFrames("PING"); !errors.Is(err, wire.ErrFrames) {
		t.Error(err)
	}
	if err := wire.Nil("PING"); !errors.Is(err, wire.ErrNil) || err.Error() != "PING at octet 0: nil message" {
		t.Error(err)
	}
}

// TestPrinter checks that nothing that a peer sends makes a text long, or moves a cursor.
func TestPrinter(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("\x1b[2J\n", 1<<16)
	var many []string
	hash := map[string]string{}
	for i := range 1000 {
		many = append(many, long)
		hash[strings.Repeat("k", i%256)] = long
	}
	p := wire.NewPrinter("M")
	p.Uint("n", math.MaxUint64)
	p.Text("text", long)
	p.Octets("octets", []byte(long))
	p.Strings("list", many)
	p.Hash("hash", hash)
	p.Frames("frames", [][]byte{[]byte(long), nil})
	text := p.End()
	if len(text) > 8<<10 || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' }) {
		t.Errorf("%d octets of text: %q", len(text), text)
	}
	for _, part := range []string{`M{n: 18446744073709551615, text: "\x1b[2J\n`, " octets, octets: 0x1b5b324a0a", " and 992 entries], hash: {\"\": ", ", frames: 2 frames of 327680 octets}"} {
		if !strings.Contains(text, part) {
			t.Errorf("no %q in %s", part, text)
		}
	}
}
