package wire

import (
	"encoding/hex"
	"maps"
	"slices"
	"strconv"
)

// What a Printer shows of a value: peers choose how long it is, and a log has to stay readable.
const (
	printText    = 64 // octets of a text
	printOctets  = 16 // octets of a chunk or frame
	printEntries = 8  // entries of a list or map
)

// Printer writes a message for people, such as
//
//	SHOUT{sequence: 4, group: "CHAT", content: 2 frames of 9 octets}
//
// Texts are quoted, so that no peer can send control characters to a terminal. Of long values
// the beginning is shown, and how long they are.
type Printer struct {
	out   []byte
	first bool
}

// NewPrinter returns a printer for the message of that name.
func NewPrinter(message string) Printer {
	return Printer{out: append([]byte(message), '{'), first: true}
}

// End returns the text.
func (p *Printer) End() string { return string(append(p.out, '}')) }

func (p *Printer) field(name string) {
	if !p.first {
		p.out = append(p.out, ", "...)
	}
	p.first = false
	p.out = append(append(p.out, name...), ": "...)
}

// Uint writes a number.
func (p *Printer) Uint(name string, n uint64) {
	p.field(name)
	p.out = strconv.AppendUint(p.out, n, 10)
}

// Text writes a text.
func (p *Printer) Text(name, text string) {
	p.field(name)
	p.text(text)
}

func (p *Printer) text(text string) {
	p.out = strconv.AppendQuote(p.out, text[:min(len(text), printText)])
	p.rest(len(text)-printText, "octet", "octets")
}

// rest says how much of a value is not shown.
func (p *Printer) rest(n int, one, more string) {
	if n > 0 {
		p.out = append(p.out, " and "...)
		p.count(n, one, more)
	}
}

// count writes a number of things.
func (p *Printer) count(n int, one, more string) {
	p.out = strconv.AppendInt(p.out, int64(n), 10)
	p.out = append(p.out, ' ')
	if n != 1 {
		one = more
	}
	p.out = append(p.out, one...)
}

// Octets writes a chunk or a frame in hexadecimal digits.
func (p *Printer) Octets(name string, b []byte) {
	p.field(name)
	p.out = append(p.out, "0x"...)
	p.out = hex.AppendEncode(p.out, b[:min(len(b), printOctets)])
	p.rest(len(b)-printOctets, "octet", "octets")
}

// Strings writes a list.
func (p *Printer) Strings(name string, list []string) {
	p.field(name)
	p.out = append(p.out, '[')
	for i, s := range list[:min(len(list), printEntries)] {
		if i > 0 {
			p.out = append(p.out, ' ')
		}
		p.text(s)
	}
	p.rest(len(list)-printEntries, "entry", "entries")
	p.out = append(p.out, ']')
}

// Hash writes a map in the order of its keys.
func (p *Printer) Hash(name string, hash map[string]string) {
	p.field(name)
	p.out = append(p.out, '{')
	for i, key := range slices.Sorted(maps.Keys(hash)) {
		if i == printEntries {
			break
		}
		if i > 0 {
			p.out = append(p.out, ' ')
		}
		p.text(key)
		p.out = append(p.out, ": "...)
		p.text(hash[key])
	}
	p.rest(len(hash)-printEntries, "entry", "entries")
	p.out = append(p.out, '}')
}

// Frames writes how many frames there are and how long they are together.
func (p *Printer) Frames(name string, frames [][]byte) {
	p.field(name)
	octets := 0
	for _, frame := range frames {
		octets += len(frame)
	}
	p.count(len(frames), "frame", "frames")
	p.out = append(p.out, " of "...)
	p.count(octets, "octet", "octets")
}
