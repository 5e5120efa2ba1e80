package model

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// builder works out what an element tree means.
type builder struct {
	faults
	protocol *Protocol
	load     Loader
	types    map[string]*element
	header   []*element // the fields of all headers
	included int        // files included so far
	expanded int        // fields read so far, those of custom types each time
}

func build(path string, root *element, load Loader) (*Protocol, error) {
	b := &builder{
		faults:   faults{file: path},
		protocol: &Protocol{Source: path, Doc: paragraphs(root.lead.String())},
		load:     load,
		types:    map[string]*element{},
	}
	if root.name != "class" {
		b.add(root, "the root element is <%s>; want <class>", root.name)
		return nil, b.err()
	}
	b.class(root)
	if err := b.err(); err != nil {
		return nil, err
	}
	return b.protocol, nil
}

// add records a fault in an element.
func (b *builder) add(e *element, format string, args ...any) {
	b.list = append(b.list, &Error{File: e.file, Line: e.line, Reason: fmt.Sprintf(format, args...)})
}

// warn records what has no effect.
func (b *builder) warn(e *element, format string, args ...any) {
	b.protocol.Warnings = append(b.protocol.Warnings,
		&Error{File: e.file, Line: e.line, Reason: fmt.Sprintf(format, args...)})
}

// class reads the whole model: first what other parts refer to, then those.
func (b *builder) class(root *element) {
	p := b.protocol
	p.Name = b.name(root, "class")
	p.Title = sentence(root.attrOr("title", ""))
	p.PubSub = root.attrOr("pubsub", "0") == "1"
	if !p.PubSub {
		p.Signature = b.signature(root)
	}
	children := b.resolveIncludes(root)
	var defines, messages []*element
	for _, c := range children {
		switch c.name {
		case "define":
			defines = append(defines, c)
		case "type":
			b.customType(c)
		case "header":
			b.header = append(b.header, c.all("field")...)
			b.only(c, "field")
		case "message":
			messages = append(messages, c)
		case "grammar":
			p.Grammar.Text += c.text.String()
			if p.Grammar.Line == 0 {
				p.Grammar.Line = c.line
			}
		case "license":
		default:
			b.warn(c, "element <%s> has no effect on the codec", c.name)
		}
	}
	b.defines(defines)
	p.Header = b.fields(b.header, "header", true)
	if len(messages) == 0 {
		b.add(root, "class %s has no message", p.Name)
	}
	for i, m := range messages {
		b.message(m, i+1)
	}
	b.oneTypePerName()
}

// only warns of children, and of attributes, that mean nothing where they
// stand: they may be slips of the pen.
func (b *builder) only(e *element, child string, attrs ...string) {
	for _, c := range e.children {
		if c.name != child {
			b.warn(c, "element <%s> in <%s> has no effect on the codec", c.name, e.name)
		}
	}
	for _, a := range e.attrs {
		if !slices.Contains(attrs, a.name) {
			b.warn(e, "attribute %q of <%s> has no effect on the codec", a.name, e.name)
		}
	}
}

// name returns the name of an element, which must have a letter or a digit to
// make an identifier of, and nothing that may not stand in a comment.
func (b *builder) name(e *element, what string) string {
	name, ok := e.attr("name")
	switch {
	case !ok || name == "":
		b.add(e, "%s without a name", what)
	case Key(name) == "":
		b.add(e, "%s name %q has neither letter nor digit", what, name)
	case strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsGraphic(r) }):
		b.add(e, "%s name %q has a control character", what, name)
	}
	return name
}

// customType keeps a custom type for the fields that name it.
func (b *builder) customType(e *element) {
	name := b.name(e, "type")
	if _, builtin := kindOf(name); builtin {
		b.add(e, "type %q is built in", name)
		return
	}
	if first, twice := b.types[name]; twice {
		b.add(e, "type %q is defined twice, first in line %d", name, first.line)
		return
	}
	if len(e.all("field")) == 0 {
		b.add(e, "type %q has no field", name)
	}
	b.only(e, "field", "name")
	b.types[name] = e
}

// message reads one message. Its id is its place among the messages unless
// the model gives one, as in zproto.
func (b *builder) message(e *element, place int) {
	m := Message{Name: b.name(e, "message"), Doc: sentence(e.text.String()), Line: e.line}
	id := uint64(place)
	if text, given := e.attr("id"); given {
		var ok bool
		if id, ok = number(text); !ok {
			b.add(e, "message %s: id %q is not a number", m.Name, text)
			return
		}
	}
	if id > 255 {
		b.add(e, "message %s: id %d does not fit one octet", m.Name, id)
		return
	}
	m.ID = uint8(id)
	for _, other := range b.protocol.Messages {
		if other.ID == m.ID {
			b.add(e, "message %s: id %d is taken by message %s of line %d", m.Name, m.ID, other.Name, other.Line)
		}
		if Key(other.Name) == Key(m.Name) {
			b.add(e, "message %s has the name of message %s of line %d", m.Name, other.Name, other.Line)
		}
	}
	b.only(e, "field", "name", "id", "digest", "role") // zproto's own tests and grammar use the last two
	m.Fields = append(m.Fields, b.protocol.Header...)
	m.Fields = append(m.Fields, b.fields(e.all("field"), "message "+m.Name, false)...)
	b.layout(&m)
	b.protocol.Messages = append(b.protocol.Messages, m)
}

// layout checks the fields of a message against each other.
func (b *builder) layout(m *Message) {
	seen := map[string]*Field{}
	for i := range m.Fields {
		f := &m.Fields[i]
		if f.Kind == Msg && i < len(m.Fields)-1 {
			b.add(f.at, "message %s: field %q of type msg must come last", m.Name, f.Name)
		}
		first, twice := seen[Key(f.Name)]
		// A constant has no value of its own, so it may well come twice.
		if twice && (f.Constant == nil || first.Constant == nil) {
			b.add(f.at, "message %s: field %q comes twice, first in line %d", m.Name, f.Name, first.Line)
		}
		seen[Key(f.Name)] = f
	}
}

// oneTypePerName checks that fields of one name are of one type and size
// wherever they are, so that the name means one thing.
func (b *builder) oneTypePerName() {
	first := map[string]*Field{}
	for _, m := range b.protocol.Messages {
		for i := range m.Fields {
			f := &m.Fields[i]
			other, known := first[Key(f.Name)]
			if !known {
				first[Key(f.Name)] = f
				continue
			}
			if f.Kind != other.Kind || f.Size != other.Size {
				b.add(f.at,
					"message %s: field %q is %s here and %s in line %d; a name has one type and size in all messages",
					m.Name, f.Name, f.wire(), other.wire(), other.Line)
			}
		}
	}
}

// wire describes the type and size of a field.
func (f *Field) wire() string {
	if f.Kind == Number || f.Kind == Octets {
		return fmt.Sprintf("%s of size %d", f.Kind, f.Size)
	}
	return f.Kind.String()
}

// Key is what names are told apart by: their letters and digits, in lower
// case, with a low line between words. zproto makes its identifiers so.
func Key(name string) string { return strings.Join(Words(strings.ToLower(name)), "_") }
