package model

import (
	"encoding/hex"
	"math"
	"slices"
	"strings"
)

// Sample is the value of a field in tests: the one that the model gives, or one of zproto's own
// tests. Each kind of field has its part of it.
type Sample struct {
	Number uint64
	// Text is that of a String or LongStr.
	Text string
	// Octets are those of Octets, UUID, Chunk and Frame.
	Octets []byte
	// Texts are the entries of Strings.
	Texts []string
	// Pairs are the entries of a Hash, in the order of their keys.
	Pairs []Pair
	// Frames are those of a Msg.
	Frames [][]byte
}

// Pair is an entry of a Hash.
type Pair struct{ Key, Value string }

// The values of fields for which the model gives none.
const (
	sampleNumber = 123
	sampleText   = "Life is short but Now lasts for ever"
)

// samples works out the test values of all fields.
func (b *builder) samples() {
	for i := range b.protocol.Messages {
		m := &b.protocol.Messages[i]
		for j := range m.Fields {
			b.sample("message "+m.Name, &m.Fields[j])
		}
	}
}

func (b *builder) sample(where string, f *Field) {
	f.Sample = Sample{
		Number: sampleNumber, Text: sampleText, Octets: []byte(sampleText),
		Texts: []string{sampleText, f.Name},
		Pairs: []Pair{{"Name", sampleText}}, Frames: [][]byte{[]byte(sampleText)},
	}
	if f.Size > 0 {
		f.Sample.Octets = slices.Repeat([]byte{sampleNumber}, f.Size)
	}
	if len(f.Tests) == 0 {
		return
	}
	if f.Constant != nil {
		b.warn(f.Tests[0].at, "%s: field %q is constant: its test value has no effect", where, f.Name)
		return
	}
	switch f.Kind {
	case Strings, Hash, Msg:
		f.Sample.Texts, f.Sample.Pairs, f.Sample.Frames = nil, nil, nil
	default:
		if len(f.Tests) > 1 {
			b.warn(f.Tests[1].at, "%s: field %q: the first test value is taken, this one has no effect",
				where, f.Name)
		}
		f.Tests = f.Tests[:1]
	}
	for _, t := range f.Tests {
		if reason := f.Sample.take(f, t); reason != "" {
			b.warn(t.at, "%s: field %q: test value %q %s", where, f.Name, t.Value, reason)
		}
	}
}

// take reads one test value, or returns why it cannot.
func (s *Sample) take(f *Field, t Test) string {
	switch f.Kind {
	case Number:
		n, ok := number(t.Value)
		if !ok {
			return "is not a number"
		}
		if !fits(n, f.Size) {
			return "does not fit the field"
		}
		s.Number = n
	case String:
		if len(t.Value) > math.MaxUint8 {
			return "is longer than 255 octets"
		}
		s.Text = t.Value
	case LongStr:
		s.Text = t.Value
	case Strings:
		s.Texts = append(s.Texts, t.Value)
	case Hash:
		return s.takePair(t)
	case Octets, UUID:
		b, ok := sized(t.Value, f)
		if !ok {
			return "has neither the octets nor the digits that the field has"
		}
		s.Octets = b
	case Chunk, Frame:
		s.Octets = octetsOf(t.Value)
	case Msg:
		s.Frames = append(s.Frames, octetsOf(t.Value))
	}
	return ""
}

func (s *Sample) takePair(t Test) string {
	switch {
	case t.Name == "":
		return "has no name, which is the key"
	case len(t.Name) > math.MaxUint8:
		return "has a key of more than 255 octets"
	case slices.ContainsFunc(s.Pairs, func(p Pair) bool { return p.Key == t.Name }):
		return "has the key of another one"
	}
	s.Pairs = append(s.Pairs, Pair{t.Name, t.Value})
	slices.SortFunc(s.Pairs, func(a, b Pair) int { return strings.Compare(a.Key, b.Key) })
	return ""
}

// octetsOf returns the octets that hexadecimal digits say, or those of a text.
func octetsOf(text string) []byte {
	if b, err := hex.DecodeString(text); err == nil {
		return b
	}
	return []byte(text)
}

// sized returns octets of a size that is fixed: that many digits, or a text that fits, as in C
// with zeros after it. A UUID may have dashes.
func sized(text string, f *Field) ([]byte, bool) {
	digits := text
	if f.Kind == UUID {
		digits = strings.ReplaceAll(text, "-", "")
	}
	if b, err := hex.DecodeString(digits); err == nil && len(b) == f.Size {
		return b, true
	}
	if f.Kind == UUID || len(text) > f.Size {
		return nil, false
	}
	return append([]byte(text), make([]byte, f.Size-len(text))...), true
}

// fits reports whether a number fits that many octets.
func fits(n uint64, size int) bool { return size <= 0 || size >= 8 || n>>(8*size) == 0 }
