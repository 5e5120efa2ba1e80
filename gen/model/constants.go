package model

import (
	"math"
	"strings"
)

// number reads a number as C does: decimal, hexadecimal with 0x, octal with a
// leading 0, with the suffixes that tell its type, or as a character in quotes.
func number(text string) (uint64, bool) {
	if len(text) == 3 && text[0] == '\'' && text[2] == '\'' && text[1] != '\\' {
		return uint64(text[1]), true
	}
	text = strings.TrimRight(text, "uUlL")
	base, digits := uint64(10), text
	switch {
	case strings.HasPrefix(text, "0x"), strings.HasPrefix(text, "0X"):
		base, digits = 16, text[2:]
	case len(text) > 1 && text[0] == '0':
		base, digits = 8, text[1:]
	}
	if digits == "" {
		return 0, false
	}
	var n uint64
	for _, c := range strings.ToLower(digits) {
		d := uint64(strings.IndexRune("0123456789abcdef", c))
		if d >= base || n > (math.MaxUint64-d)/base {
			return 0, false
		}
		n = n*base + d
	}
	return n, true
}

// defines reads the named constants. One may be the name of another.
func (b *builder) defines(elements []*element) {
	seen := map[string]*element{}
	for _, e := range elements {
		d := Define{Name: b.name(e, "define"), Doc: sentence(e.text.String()), Line: e.line}
		if first, twice := seen[Key(d.Name)]; twice {
			b.add(e, "define %q comes twice, first in %s", d.Name, place(first, e))
			continue
		}
		seen[Key(d.Name)] = e
		text, ok := e.attr("value")
		if !ok {
			b.add(e, "define %q has no value", d.Name)
			continue
		}
		d.Str = text
		if _, ok := number(text); !ok && text != "" && text[0] >= '0' && text[0] <= '9' {
			b.warn(e.at("value"), "define %q: value %q starts like a number and is none; "+
				"it is taken for a text",
				d.Name, text)
		}
		b.protocol.Defines = append(b.protocol.Defines, d)
		b.only(e, "", "name", "value")
	}
	list := b.protocol.Defines
	for i := range list {
		list[i].Str = b.expand(list[i].Str, len(list))
	}
	for i := range list {
		d := &list[i]
		d.Int, d.Number = number(d.Str)
		if n := len(d.Str); n >= 2 && d.Str[0] == '"' && d.Str[n-1] == '"' {
			d.Str = d.Str[1 : n-1]
		}
	}
}

// expand follows a value that names a define, at most depth times.
func (b *builder) expand(text string, depth int) string {
	for range depth {
		d := b.define(text)
		if d == nil {
			break
		}
		text = d.Str
	}
	return text
}

// define returns the define that a text names, as "VERSION" or, as C code
// does, with the class before it: "ZRE_MSG_VERSION".
func (b *builder) define(text string) *Define {
	full := strings.ToUpper(Key(b.protocol.Name)) + "_"
	for i := range b.protocol.Defines {
		d := &b.protocol.Defines[i]
		if text == d.Name || text == full+strings.ToUpper(Key(d.Name)) {
			return d
		}
	}
	return nil
}

// definedNumber returns the number of the define that a text names.
func (b *builder) definedNumber(text string) (uint64, bool) {
	if d := b.define(text); d != nil && d.Number {
		return d.Int, true
	}
	return 0, false
}

// constant reads the value that a field always has.
func (b *builder) constant(e *element, where string, f *Field) *Constant {
	text, given := e.attr("value")
	if !given {
		return nil
	}
	c := &Constant{}
	d := b.define(text)
	switch f.Kind {
	case Number:
		n, ok := number(text)
		if d != nil {
			c.Define = d.Name
			n, ok = d.Int, d.Number
		}
		if !ok {
			b.add(e.at("value"), "%s: value %q is neither a number nor the name of a define that is one",
				where, text)
			return nil
		}
		if !fits(n, f.Size) {
			b.add(e.at("value"), "%s: value %q does not fit %d octets", where, text, f.Size)
			return nil
		}
		c.Number = n
	case String, LongStr:
		c.Text = text
		if d != nil {
			b.warn(e.at("value"), "%s: the text %q is sent as it stands, as zproto does, "+
				"though there is a define of that name",
				where, text)
		}
		if f.Kind == String && len(c.Text) > math.MaxUint8 {
			b.add(e.at("value"), "%s: a string constant of %d octets; it has at most %d",
				where, len(c.Text), math.MaxUint8)
			return nil
		}
	default:
		b.warn(e.at("value"), "%s: the value of a field of type %s has no effect", where, f.Kind)
		return nil
	}
	return c
}

// signature reads what every message starts with. A number is zproto's: it is
// added to the octets AA A0. Letters, or any text in double quotes, stand for
// themselves, and %x5A.52.45, which is how ABNF writes octets, for any octets.
func (b *builder) signature(e *element) []byte {
	text := e.attrOr("signature", "0")
	if n, ok := number(text); ok {
		if n > math.MaxUint16 {
			b.add(e.at("signature"), "signature %q is larger than 15", text)
			return nil
		}
		if n > 15 {
			b.warn(e.at("signature"), "signature %q is larger than 15 and changes the octets AA A0", text)
		}
		n |= 0xAAA0
		return []byte{byte(n >> 8), byte(n)}
	}
	octets, ok := literalOctets(text)
	for _, d := range e.all("define") {
		ok = ok && d.attrOr("name", "") != text // zproto would take its value
	}
	switch {
	case !ok && strings.HasPrefix(text, "%x"):
		b.add(e.at("signature"), "signature %q is not of the form %%x5A.52.45", text)
	case !ok:
		b.add(e.at("signature"), `signature %q is neither a number from 0 to 15 nor octets, `+
			`such as %%x5A.52.45, ZRE or "3" in double quotes`,
			text)
	case len(octets) == 0:
		b.add(e.at("signature"), "signature is empty")
	case len(octets) > math.MaxUint8:
		b.add(e.at("signature"), "signature is longer than %d octets", math.MaxUint8)
	}
	return octets
}

// literalOctets reads octets that are written as %x5A.52.45, as a text in double quotes, or as two
// letters or more. A single letter, or one among digits, is a digit that went wrong.
func literalOctets(text string) ([]byte, bool) {
	if n := len(text); n >= 2 && text[0] == '"' && text[n-1] == '"' {
		return []byte(text[1 : n-1]), true
	}
	hex, ok := strings.CutPrefix(text, "%x")
	if !ok {
		letter := func(r rune) bool { return r|0x20 >= 'a' && r|0x20 <= 'z' }
		return []byte(text), len(text) != 1 && strings.TrimFunc(text, letter) == ""
	}
	var octets []byte
	for part := range strings.SplitSeq(hex, ".") {
		n, ok := number("0x" + part)
		if !ok || len(part) != 2 {
			return nil, false
		}
		octets = append(octets, byte(n))
	}
	return octets, true
}
