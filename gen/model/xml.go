package model

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// readXML reads the element tree of an XML model.
//
// zproto's own reader takes text that is not quite XML: a bare ampersand in
// the prose is common, and so are comments with a row of dashes in them. So the
// decoder is the lenient one, does not get to see comments, and what it would
// let pass is checked here: that every element ends, and in order.
func readXML(file string, data []byte) (*element, error) {
	data = blankComments(data)
	p := &xmlReader{file: file, data: data, decoder: xml.NewDecoder(bytes.NewReader(data))}
	p.decoder.Strict = false
	p.decoder.CharsetReader = charset
	root, err := p.document()
	if err != nil {
		return nil, p.fault(err)
	}
	return root, nil
}

type xmlReader struct {
	file     string
	data     []byte
	decoder  *xml.Decoder
	line     int // where the token at hand starts
	offset   int64
	open     []*element
	elements int
}

// document reads up to the end of the file and returns the one root.
func (p *xmlReader) document() (*element, error) {
	var root *element
	for {
		p.line, _ = p.decoder.InputPos()
		p.offset = p.decoder.InputOffset()
		token, err := p.decoder.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		switch token := token.(type) {
		case xml.StartElement:
			e, err := p.start(token)
			if err != nil {
				return nil, err
			}
			if len(p.open) == 1 {
				if root != nil {
					return nil, fmt.Errorf("a second root element <%s>", e.name)
				}
				root = e
			}
		case xml.EndElement:
			if err := p.end(token); err != nil {
				return nil, err
			}
		case xml.CharData:
			if err := p.prose(string(token)); err != nil {
				return nil, err
			}
		}
	}
	if n := len(p.open); n > 0 {
		p.line = p.open[n-1].line
		return nil, fmt.Errorf("element <%s> does not end", p.open[n-1].name)
	}
	if root == nil {
		p.line = 1
		return nil, errors.New("no element found")
	}
	return root, nil
}

func (p *xmlReader) start(token xml.StartElement) (*element, error) {
	p.elements++
	if p.elements > maxElements {
		return nil, fmt.Errorf("more than %d elements", maxElements)
	}
	if len(p.open) == maxDepth {
		return nil, fmt.Errorf("elements nested more than %d deep", maxDepth)
	}
	e := &element{name: full(token.Name), file: p.file, line: p.line}
	lines := p.attrLines(len(token.Attr))
	for i, a := range token.Attr {
		name := full(a.Name)
		if _, twice := e.attr(name); twice {
			return nil, fmt.Errorf("element <%s> has attribute %q twice", e.name, name)
		}
		e.attrs = append(e.attrs, attr{name: name, value: a.Value, line: lines[i]})
	}
	if n := len(p.open); n > 0 {
		p.open[n-1].children = append(p.open[n-1].children, e)
	}
	p.open = append(p.open, e)
	return e, nil
}

// attrLines returns the lines of the attributes of the tag at hand, of which there are so many.
// Where they are not known, as in another encoding, each has the line of the tag.
func (p *xmlReader) attrLines(attrs int) []int {
	if end := p.decoder.InputOffset(); p.offset < end && end <= int64(len(p.data)) {
		if lines := attrLines(p.data[p.offset:end], p.line); len(lines) == attrs {
			return lines
		}
	}
	return slices.Repeat([]int{p.line}, attrs)
}

// full returns a name with its prefix: x:size is not size.
func full(name xml.Name) string {
	if name.Space != "" {
		return name.Space + ":" + name.Local
	}
	return name.Local
}

func (p *xmlReader) end(token xml.EndElement) error {
	n := len(p.open)
	if n == 0 {
		return fmt.Errorf("</%s> ends no element", full(token.Name))
	}
	if e := p.open[n-1]; e.name != full(token.Name) {
		return fmt.Errorf("</%s> where </%s> is due, for the element of line %d",
			full(token.Name), e.name, e.line)
	}
	p.open = p.open[:n-1]
	return nil
}

func (p *xmlReader) prose(text string) error {
	n := len(p.open)
	if n == 0 {
		if strings.Trim(text, " \t\r\n\uFEFF") != "" {
			return errors.New("text outside of the root element")
		}
		return nil
	}
	p.open[n-1].prose(text, p.line)
	return nil
}

// fault gives an error of the decoder its file and line.
func (p *xmlReader) fault(err error) error {
	reason, line := err.Error(), p.line
	var syntax *xml.SyntaxError
	if errors.As(err, &syntax) {
		reason, line = syntax.Msg, max(syntax.Line, 1)
	}
	return &Error{File: p.file, Line: line, Reason: "broken XML: " + reason, Err: err}
}

// charset converts the one encoding besides UTF-8 that old models come in.
func charset(label string, input io.Reader) (io.Reader, error) {
	switch strings.ToLower(label) {
	case "us-ascii", "ascii", "utf8":
		return input, nil
	case "iso-8859-1", "latin1", "latin-1":
	default:
		return nil, fmt.Errorf("encoding %q is not known; use UTF-8", label)
	}
	data, err := io.ReadAll(input)
	if err != nil {
		return nil, err
	}
	text := make([]rune, len(data))
	for i, b := range data {
		text[i] = rune(b)
	}
	return strings.NewReader(string(text)), nil
}

// blankComments replaces comments by blanks, so that lines keep their numbers.
// One that does not end is left for the decoder to complain of.
func blankComments(data []byte) []byte {
	data = bytes.Clone(data)
	for at := 0; at < len(data); {
		switch rest := data[at:]; {
		case bytes.HasPrefix(rest, []byte("<!--")):
			n := bytes.Index(rest, []byte("-->"))
			if n < 0 {
				return data
			}
			for i := range rest[:n+3] {
				if rest[i] != '\n' {
					rest[i] = ' '
				}
			}
			at += n + 3
		case bytes.HasPrefix(rest, []byte("<![CDATA[")):
			n := bytes.Index(rest, []byte("]]>"))
			if n < 0 {
				return data
			}
			at += n + 3
		case rest[0] == '<':
			at += tagLength(rest)
		default:
			at++
		}
	}
	return data
}

// tagLength returns the length of a tag. A quoted value may hold anything.
func tagLength(tag []byte) int {
	quote := byte(0)
	for i, c := range tag {
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			return i + 1
		}
	}
	return len(tag)
}

// attrLines returns the line of each attribute of a tag that starts in a line.
func attrLines(tag []byte, line int) []int {
	at := 0
	// skip goes on while the octets are of a class.
	skip := func(in func(byte) bool) {
		for at < len(tag) && in(tag[at]) {
			if tag[at] == '\n' {
				line++
			}
			at++
		}
	}
	blank := func(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }
	word := func(c byte) bool { return !blank(c) && c != '=' && c != '>' && c != '/' }
	skip(word) // the name of the element
	var lines []int
	for skip(blank); at < len(tag) && word(tag[at]); skip(blank) {
		lines = append(lines, line)
		skip(word)
		skip(blank)
		if at == len(tag) || tag[at] != '=' {
			continue
		}
		at++
		skip(blank)
		if at < len(tag) && (tag[at] == '"' || tag[at] == '\'') {
			quote := tag[at]
			at++
			skip(func(c byte) bool { return c != quote })
			at++
		} else {
			skip(func(c byte) bool { return !blank(c) && c != '>' })
		}
	}
	return lines
}
