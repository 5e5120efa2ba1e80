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

// warn records what has no effect, once: a part of a type is read for each field of that type.
func (b *builder) warn(e *element, format string, args ...any) {
	w := Error{File: e.file, Line: e.line, Reason: fmt.Sprintf(format, args...)}
	for _, other := range b.protocol.Warnings {
		if *other == w {
			return
		}
	}
	b.protocol.Warnings = append(b.protocol.Warnings, &w)
}

// place names the line of an element, and its file when another element refers to it from a
// different one.
func place(e, from *element) string {
	if e.file != from.file {
		return fmt.Sprintf("%s:%d", e.file, e.line)
	}
	return fmt.Sprintf("line %d", e.line)
}

// class reads the whole model: first what other parts refer to, then those.
func (b *builder) class(root *element) {
	p := b.protocol
	p.Name = b.name(root, "class")
	p.Title = sentence(root.attrOr("title", ""))
	p.PubSub = b.pubsub(root)
	if !p.PubSub {
		p.Signature = b.signature(root)
	}
	b.attributes(root, classAttributes...)
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
			part := Text{Text: c.text.String(), File: c.file, Line: max(c.textLine, c.line)}
			p.Grammar = append(p.Grammar, part)
			b.only(c, "")
		case "license":
		default:
			b.warn(c, "element <%s> has no effect on the codec%s",
				c.name, didYouMean("<%s>", c.name, classElements))
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
	b.samples()
}

// classAttributes are those of the class: the ones that count here, and the ones that zproto's
// scripts for other languages take.
var classAttributes = []string{
	"name", "title", "signature", "pubsub",
	"script", "package_dir", "source_dir", "header_ext", "source_ext", "project_header",
	"export_macro", "export_header", "protocol_dir", "protocol_class", "use_zmq_msg", "virtual",
	"state", "package", "namespace", "modifier", "module", "test_dir", "test_namespace", "test_module",
}

// classElements are what a class is made of.
var classElements = []string{"include", "define", "type", "header", "message", "grammar", "license"}

// only warns of children, and of attributes, that mean nothing where they
// stand: they may be mistakes.
func (b *builder) only(e *element, child string, attrs ...string) {
	for _, c := range e.children {
		if c.name != child {
			b.warn(c, "element <%s> in <%s> has no effect on the codec%s",
				c.name, e.name, didYouMean("<%s>", c.name, []string{child}))
		}
	}
	b.attributes(e, attrs...)
}

// attributes warns of attributes that mean nothing.
func (b *builder) attributes(e *element, attrs ...string) {
	for _, a := range e.attrs {
		if !slices.Contains(attrs, a.name) && a.name != "xmlns" && !strings.HasPrefix(a.name, "xmlns:") {
			b.warn(&element{file: e.file, line: a.line}, "attribute %q of <%s> has no effect on the codec%s",
				a.name, e.name, didYouMean("%q", a.name, attrs))
		}
	}
}

// didYouMean asks for the name that may have been meant, if there is one.
func didYouMean(format, name string, names []string) string {
	if near := Closest(name, names); near != "" {
		return fmt.Sprintf("; did you mean "+format+"?", near)
	}
	return ""
}

// pubsub reads whether messages go over publish-subscribe sockets.
func (b *builder) pubsub(e *element) bool {
	text := e.attrOr("pubsub", "0")
	if text != "0" && text != "1" {
		b.add(e.at("pubsub"), "pubsub %q is neither 0 nor 1", text)
	}
	return text == "1"
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
		b.add(e, "type %q is defined twice, first in %s", name, place(first, e))
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
func (b *builder) message(e *element, nth int) {
	m := Message{Name: b.name(e, "message"), Doc: sentence(e.text.String()), Line: e.line, at: e}
	id := uint64(nth)
	if text, given := e.attr("id"); given {
		var ok bool
		if id, ok = number(text); !ok {
			b.add(e.at("id"), "message %s: id %q is not a number", m.Name, text)
			return
		}
	}
	if id > 255 {
		b.add(e.at("id"), "message %s: id %d does not fit one octet", m.Name, id)
		return
	}
	m.ID = uint8(id)
	for _, other := range b.protocol.Messages {
		if other.ID == m.ID {
			b.add(e, "message %s: id %d is taken by message %s of %s",
				m.Name, m.ID, other.Name, place(other.at, e))
		}
		if Key(other.Name) == Key(m.Name) {
			b.add(e, "message %s has the name of message %s of %s", m.Name, other.Name, place(other.at, e))
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
			b.add(f.at, "message %s: field %q comes twice, first in %s",
				m.Name, f.Name, place(first.at, f.at))
		}
		seen[Key(f.Name)] = f
	}
}

// oneTypePerName checks that fields of one name are of one type wherever they are, so that the
// name means one thing. Their sizes may differ, as in zproto.
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
			if f.Kind != other.Kind {
				b.add(f.at, "message %s: field %q is %s here and %s in %s; a name has one type in all messages",
					m.Name, f.Name, f.Kind, other.Kind, place(other.at, f.at))
			}
		}
	}
}

// Key is what names are told apart by: their letters and digits, in lower
// case, with a low line between words. zproto makes its identifiers so.
func Key(name string) string { return strings.Join(Words(strings.ToLower(name)), "_") }
