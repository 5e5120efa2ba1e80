package golang

import (
	"fmt"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/gozre/zre/gen/model"
)

// message writes the struct of one message and its methods.
func (e *emitter) message(f *jen.File, i int) {
	m, n := &e.p.Messages[i], e.names.messages[i]
	doc(f, describe(fmt.Sprintf("%s is message %s, id %d.", n.typ, m.Name, m.ID), m.Doc))
	f.Type().Id(n.typ).StructFunc(func(g *jen.Group) { e.structFields(g, m.Fields) })

	doc(f, fmt.Sprintf("ID returns %s.", n.id))
	f.Func().Params(jen.Op("*").Id(n.typ)).Id("ID").Params().Id("ID").Block(jen.Return(jen.Id(n.id)))

	e.accessors(f, n)
	e.size(f, m, n)
	e.appendTo(f, m, n)
	e.decode(f, m, n)
	e.messageFrames(f, m, n)
	e.binary(f, m, n)
	e.equal(f, m, n)
	e.print(f, m, n)
}

// structFields writes the fields of a struct: those that are not constant.
func (e *emitter) structFields(g *jen.Group, fields []model.Field) {
	if e.names.topic != "" {
		doc(g, e.names.topic+" is what subscribers choose by. It holds no zero octet.")
		g.Id(e.names.topic).String()
	}
	for i := range fields {
		f := &fields[i]
		if f.Constant != nil {
			continue
		}
		if f.Doc != "" {
			doc(g, f.Doc)
		}
		g.Id(e.names.field(f)).Add(goType(f))
	}
}

// goType returns the Go type of a field.
func goType(f *model.Field) *jen.Statement {
	switch f.Kind {
	case model.Number:
		return jen.Id(fmt.Sprintf("uint%d", 8*f.Size))
	case model.Octets, model.UUID:
		return jen.Index(jen.Lit(f.Size)).Byte()
	case model.Strings:
		return jen.Index().String()
	case model.Hash:
		return jen.Map(jen.String()).String()
	case model.Chunk, model.Frame:
		return jen.Index().Byte()
	case model.Msg:
		return jen.Index().Index().Byte()
	default:
		return jen.String()
	}
}

// describe puts the model's own words behind the sentence that Go asks for.
func describe(first, text string) string {
	if text == "" {
		return first
	}
	if !strings.ContainsAny(text[len(text)-1:], ".!?:)") {
		text += "."
	}
	return first + " " + text
}

// method starts a method of a message.
func method(n messageNames, name string) *jen.Statement {
	return jen.Func().Params(jen.Id("m").Op("*").Id(n.typ)).Id(name)
}

// octets is the type []byte, frames the type [][]byte.
func octets() *jen.Statement { return jen.Index().Byte() }
func frames() *jen.Statement { return jen.Index().Index().Byte() }

// ifNil writes what a method returns for a nil message.
func ifNil(returns ...jen.Code) *jen.Statement {
	return jen.If(jen.Id("m").Op("==").Nil()).Block(jen.Return(returns...))
}

// ifErr writes what a function returns after an error.
func ifErr(returns ...jen.Code) *jen.Statement {
	return jen.If(jen.Err().Op("!=").Nil()).Block(jen.Return(returns...))
}

// ifCallErr writes what a function returns after an error of a call.
func ifCallErr(call *jen.Statement, returns ...jen.Code) *jen.Statement {
	return jen.If(jen.Err().Op(":=").Add(call), jen.Err().Op("!=").Nil()).Block(jen.Return(returns...))
}

// framed returns the fields of a message that have frames of their own.
func framed(m *model.Message) []*model.Field {
	var list []*model.Field
	for i := range m.Fields {
		if m.Fields[i].Kind.Framed() {
			list = append(list, &m.Fields[i])
		}
	}
	return list
}
