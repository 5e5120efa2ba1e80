package golang

import (
	"fmt"

	"github.com/dave/jennifer/jen"

	"github.com/gozre/zre/gen/model"
)

// header writes Header and DecodeHeader.
func (e *emitter) header(f *jen.File) {
	doc(f, "Header is what all messages start with.")
	f.Type().Id("Header").StructFunc(func(g *jen.Group) {
		doc(g, "ID is the id, which may be unknown here.")
		g.Id("ID").Id("ID")
		var fields []model.Field
		for _, field := range e.p.Header {
			if !field.Kind.Framed() {
				fields = append(fields, field)
			}
		}
		e.structFields(g, fields)
	})

	doc(f, "DecodeHeader decodes the start of any frame of the protocol, also of a message "+
		"that is not known here or whose other fields are not sound. Constants are checked.")
	f.Func().Id("DecodeHeader").
		Params(jen.Id("frame").Add(octets())).Params(jen.Id("Header"), jen.Error()).BlockFunc(func(g *jen.Group) {
		e.fixedHeader(g)
		g.Id("r").Op(":=").Add(e.wireFunc("NewReader")).Call(jen.Id("frame"))
		id := jen.Id("readID").Call(jen.Op("&").Id("r"))
		g.Id("h").Op(":=").Id("Header").Values(jen.Id("ID").Op(":").Add(id))
		e.readTopic(g, "h")
		for i := range e.p.Header {
			if field := &e.p.Header[i]; !field.Kind.Framed() {
				e.readField(g, "h", field)
			}
		}
		g.Add(ifCallErr(jen.Id("r").Dot("Err").Call(), jen.Id("Header").Values(), jen.Err()))
		g.Return(jen.Id("h"), jen.Nil())
	})
}

// fixedHeader writes the quick way to decode a header whose fields stand at the same place
// in each frame. What it does not take is left to the reader, which has the error for it.
func (e *emitter) fixedHeader(g *jen.Group) {
	if e.p.PubSub {
		return
	}
	at := len(e.p.Signature)
	var checks []jen.Code
	check := func(at int, octets string) {
		part := jen.Id("frame").Index(jen.Lit(at).Op(":").Lit(at + len(octets)))
		checks = append(checks, jen.String().Call(part).Op("==").Lit(octets))
	}
	check(0, string(e.p.Signature))
	values := []jen.Code{jen.Id("ID").Op(":").Id("ID").Call(jen.Id("frame").Index(jen.Lit(at)))}
	at++
	for i := range e.p.Header {
		f := &e.p.Header[i]
		field := jen.Id(e.names.field(f)).Op(":")
		switch {
		case f.Kind.Framed():
		case f.Constant != nil:
			check(at, string(f.ConstantOctets()))
			at += len(f.ConstantOctets())
		case f.Kind == model.Number && f.Size == 1:
			values = append(values, field.Id("frame").Index(jen.Lit(at)))
			at++
		case f.Kind == model.Number:
			part := jen.Id("frame").Index(jen.Lit(at).Op(":"))
			values = append(values, field.Add(e.wireFunc(fmt.Sprintf("Uint%d", 8*f.Size))).Call(part))
			at += f.Size
		case f.Kind == model.Octets, f.Kind == model.UUID:
			part := jen.Id("frame").Index(jen.Lit(at).Op(":").Lit(at + f.Size))
			values = append(values, field.Index(jen.Lit(f.Size)).Byte().Call(part))
			at += f.Size
		default:
			return
		}
	}
	long := jen.Len(jen.Id("frame")).Op(">=").Lit(at)
	for _, c := range checks {
		long.Op("&&").Line().Add(c)
	}
	g.If(long).Block(jen.Return(jen.Id("Header").Values(values...), jen.Nil()))
}

// accessor is a field that all messages have, with the methods that get and set it.
type accessor struct {
	accessorNames
	what  string // the field in words
	field string // in the struct
	typ   *jen.Statement
}

// accessorList returns the accessors: those of the header's fields that are not constant, and
// before them that of the topic.
func (e *emitter) accessorList() []accessor {
	var list []accessor
	if e.names.topic != "" {
		list = append(list, accessor{what: "topic", field: e.names.topic, typ: jen.String()})
	}
	for i := range e.p.Header {
		if f := &e.p.Header[i]; f.Constant == nil {
			what := fmt.Sprintf("header field %q", f.Name)
			list = append(list, accessor{what: what, field: e.names.field(f), typ: goType(f)})
		}
	}
	for i := range list {
		list[i].accessorNames = e.names.header[i]
	}
	return list
}

// accessorMethods writes the accessors into the interface Message.
func (e *emitter) accessorMethods(g *jen.Group) {
	for _, a := range e.accessorList() {
		doc(g, fmt.Sprintf("%s returns the %s.", a.get, a.what))
		g.Id(a.get).Params().Add(a.typ)
		doc(g, fmt.Sprintf("%s sets the %s.", a.set, a.what))
		g.Id(a.set).Params(a.typ)
	}
}

// accessors writes the accessors of one message.
func (e *emitter) accessors(f *jen.File, n messageNames) {
	for _, a := range e.accessorList() {
		doc(f, fmt.Sprintf("%s returns the %s, and the zero value for a nil message.", a.get, a.what))
		f.Add(method(n, a.get)).Params().Params(jen.Id("v").Add(a.typ)).Block(
			jen.If(jen.Id("m").Op("!=").Nil()).Block(jen.Id("v").Op("=").Id("m").Dot(a.field)),
			jen.Return(jen.Id("v")),
		)
		doc(f, fmt.Sprintf("%s sets the %s. It does nothing for a nil message.", a.set, a.what))
		f.Add(method(n, a.set)).Params(jen.Id("v").Add(a.typ)).Block(
			jen.If(jen.Id("m").Op("!=").Nil()).Block(jen.Id("m").Dot(a.field).Op("=").Id("v")),
		)
	}
}
