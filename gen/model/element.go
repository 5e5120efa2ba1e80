package model

import "strings"

// element is a part of a model, whichever format it was written in.
type element struct {
	name     string
	file     string
	line     int
	attrs    []attr
	children []*element
	// lead is the text before the first child, text all of it.
	lead, text strings.Builder
	textLine   int // where the text starts
}

// prose adds text that starts in a line.
func (e *element) prose(text string, line int) {
	if e.text.Len() == 0 {
		e.textLine = line
	}
	if len(e.children) == 0 {
		e.lead.WriteString(text)
	}
	e.text.WriteString(text)
}

type attr struct {
	name, value string
	line        int
}

// attr returns the value of an attribute without the blanks around it, and
// whether it is there.
func (e *element) attr(name string) (string, bool) {
	for _, a := range e.attrs {
		if a.name == name {
			return strings.TrimSpace(a.value), true
		}
	}
	return "", false
}

// attrOr returns the value of an attribute, or another value without it.
func (e *element) attrOr(name, without string) string {
	if v, ok := e.attr(name); ok {
		return v
	}
	return without
}

// at returns where an attribute stands, for errors.
func (e *element) at(name string) *element {
	for _, a := range e.attrs {
		if a.name == name {
			return &element{name: e.name, file: e.file, line: a.line}
		}
	}
	return e
}

// all returns the children of a name.
func (e *element) all(name string) []*element {
	var list []*element
	for _, c := range e.children {
		if c.name == name {
			list = append(list, c)
		}
	}
	return list
}

// The limits of a model. They are far above any real one, and keep a broken or
// hostile one from taking the machine's memory.
const (
	maxDepth    = 32
	maxElements = 100_000
	maxFile     = 16 << 20
)
