package model

import (
	"path/filepath"
	"regexp"
)

// resolveIncludes puts the root element of each included file in the place of
// the include. A licence may be missing: it has nothing to say about the wire, and
// a model that is passed around seldom has it at hand.
func (b *builder) resolveIncludes(parent *element) []*element {
	var list []*element
	for _, c := range parent.children {
		if c.name != "include" {
			list = append(list, c)
			continue
		}
		if included := b.include(c); included != nil {
			list = append(list, included)
		}
	}
	return list
}

// maxIncludes bounds how many files one model includes.
const maxIncludes = 100

var licence = regexp.MustCompile(`(?i)licen[cs]e|copying|copyright`)

// include reads one included file and returns its root, or nil.
func (b *builder) include(e *element) *element {
	name, ok := e.attr("filename")
	if !ok || name == "" {
		b.add(e, "include without a filename")
		return nil
	}
	b.only(e, "", "filename")
	if b.included++; b.included > maxIncludes {
		b.add(e, "more than %d includes", maxIncludes)
		return nil
	}
	path := filepath.Join(filepath.Dir(e.file), name)
	if filepath.IsAbs(name) {
		path = name
	}
	if licence.MatchString(filepath.Base(name)) {
		return b.includeLicence(e, path)
	}
	data, err := b.load(path)
	if err != nil {
		b.add(e, "include %q: %s", name, cause(err))
		return nil
	}
	root, err := parseTree(path, data)
	if err != nil {
		b.list = append(b.list, err)
		return nil
	}
	if root.name == "include" {
		return b.include(root)
	}
	return root
}

// includeLicence reads a file that by its name is a licence. It may be missing, and it may be
// plain text. But what has a part of a model in it is read as any other file.
func (b *builder) includeLicence(e *element, path string) *element {
	data, err := b.load(path)
	if err != nil {
		return nil
	}
	root, err := parseTree(path, data)
	if err != nil && !hasFormat(path) { // zproto reads XML, whatever the file is called
		root, err = readXML(path, data)
		if err != nil {
			return nil
		}
	}
	switch {
	case err != nil && modelPart.Match(data):
		b.list = append(b.list, err)
		return nil
	case err != nil:
		b.warn(e, "include %q is left out: %v", filepath.Base(path), err)
		return nil
	case root.name == "include":
		return b.include(root)
	}
	return root
}

// modelPart finds what says something about the wire.
var modelPart = regexp.MustCompile(`<(?:class|header|message|field|type|define)\b`)
