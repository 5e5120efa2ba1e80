package model

import (
	"fmt"
	"slices"
	"strings"
)

// maxOctets is the largest size of a field of type octets. zproto advises
// against more than 256.
const maxOctets = 1 << 16

// uuidSize is the size of a field of type uuid.
const uuidSize = 16

// formerHash is what zproto called a hash before November 2014. The octets were
// the same.
const formerHash = "dictionary"

// kindOf returns the built-in type of a name.
func kindOf(name string) (Kind, bool) {
	if i := slices.Index(kindNames[1:], name); i >= 0 {
		return Kind(i + 1), true
	}
	return 0, false
}

// fields reads field elements and replaces those of custom types by their
// parts.
func (b *builder) fields(elements []*element, where string, header bool) []Field {
	var list []Field
	for _, e := range elements {
		list = append(list, b.field(e, where, header, nil)...)
	}
	return list
}

// maxFields is how many fields a model may come to: types that hold types grow
// fast.
const maxFields = 20_000

// field reads one field. The path is that of the custom types it is part of.
func (b *builder) field(e *element, where string, header bool, path []string) []Field {
	if b.expanded++; b.expanded > maxFields {
		if b.expanded == maxFields+1 {
			b.add(e, "%s: the model comes to more than %d fields", where, maxFields)
		}
		return nil
	}
	name := b.name(e, where+": field")
	typeName, ok := e.attr("type")
	if !ok || typeName == "" {
		b.add(e, "%s: field %q: no type; want one of %s", where, name, b.typeNames())
		return nil
	}
	kind, builtin := kindOf(typeName)
	if _, own := b.types[typeName]; typeName == formerHash && !own {
		b.warn(e, "%s: field %q: type %q is read as hash, which is its name since 2014",
			where, name, typeName)
		kind, builtin = Hash, true
	}
	if !builtin {
		return b.parts(e, where, header, name, typeName, path)
	}
	f := Field{Name: name, Kind: kind, Doc: sentence(e.text.String()), Line: e.line, Header: header, at: e}
	where = fmt.Sprintf("%s: field %q", where, name)
	f.Size = b.size(e, where, kind)
	if _, given := e.attr("size"); given && kind != Number && kind != Octets {
		b.warn(e.at("size"), "%s: the size of a field of type %s has no effect", where, kind)
	}
	f.Constant = b.constant(e, where, &f)
	for _, t := range e.all("test") {
		f.Tests = append(f.Tests, testOf(t, t.attrOr("name", "")))
	}
	b.only(e, "test", "name", "type", "size", "value")
	return []Field{f}
}

// testOf reads a test value.
func testOf(e *element, name string) Test {
	return Test{Name: name, Value: strings.TrimSpace(e.text.String()), at: e}
}

// parts reads a field of a custom type: one field for each of the type's, with
// the field's name before it. A test of the field names the part it is for.
func (b *builder) parts(e *element, where string, header bool, name, typeName string, path []string) []Field {
	custom, ok := b.types[typeName]
	if !ok {
		b.add(e.at("type"), "%s: field %q: unknown type %q; want one of %s",
			where, name, typeName, b.typeNames())
		return nil
	}
	if slices.Contains(path, typeName) {
		b.add(e, "%s: field %q: type %q contains itself", where, name, typeName)
		return nil
	}
	b.only(e, "test", "name", "type", "size", "value")
	for _, a := range []string{"size", "value"} {
		if _, given := e.attr(a); given {
			b.warn(e.at(a), "%s: field %q: the %s of a field of type %s has no effect",
				where, name, a, typeName)
		}
	}
	b.partTests(e, where, name, custom)
	path = append(path[:len(path):len(path)], typeName)
	var list []Field
	for _, part := range custom.all("field") {
		for _, f := range b.field(part, where, header, path) {
			partName := f.Name
			f.Name = name + " " + partName
			f.Line, f.at = e.line, e
			for _, t := range e.all("test") {
				if t.attrOr("name", "") == partName {
					f.Tests = append(f.Tests, testOf(t, ""))
				}
			}
			list = append(list, f)
		}
	}
	return list
}

// partTests warns of test values that are for no part of a custom type.
func (b *builder) partTests(e *element, where, name string, custom *element) {
	for _, t := range e.all("test") {
		part := t.attrOr("name", "")
		named := func(f *element) bool { return f.attrOr("name", "") == part }
		if !slices.ContainsFunc(custom.all("field"), named) {
			b.warn(t, "%s: field %q: no part of its type is called %q, so the test value has no effect",
				where, name, part)
		}
	}
}

// typeNames lists what may stand as a type.
func (b *builder) typeNames() string {
	names := slices.Clone(kindNames[1:])
	var own []string
	for name := range b.types {
		own = append(own, name)
	}
	slices.Sort(own)
	return strings.Join(append(names, own...), ", ")
}

// size returns the size of a field in octets.
func (b *builder) size(e *element, where string, kind Kind) int {
	text, given := e.attr("size")
	switch kind {
	case Number:
		if !given {
			return 1
		}
		if n, ok := number(text); ok && (n == 1 || n == 2 || n == 4 || n == 8) {
			return int(n)
		}
		b.add(e.at("size"), "%s: size %q of a number is not one of 1, 2, 4, 8", where, text)
	case Octets:
		n, ok := number(text)
		if !ok {
			n, ok = b.definedNumber(text)
		}
		if ok && n >= 1 && n <= maxOctets {
			return int(n)
		}
		b.add(e.at("size"), "%s: size %q of octets is not a number from 1 to %d", where, text, maxOctets)
	case UUID:
		return uuidSize
	}
	return 0
}
