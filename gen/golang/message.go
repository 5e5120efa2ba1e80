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
	e.appendTo(f, m, n)
	e.decode(f, m, n)
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

// method returns a method of a message whose receiver has a name if it is used.
func method(used bool, typ, name string) *jen.Statement {
	receiver := jen.Op("*").Id(typ)
	if used {
		receiver = jen.Id("m").Op("*").Id(typ)
	}
	return jen.Func().Params(receiver).Id(name)
}

// inFrame tells whether a message has fields in its first frame that are not
// constant.
func (e *emitter) inFrame(m *model.Message) bool {
	for i := range m.Fields {
		if m.Fields[i].Constant == nil && !m.Fields[i].Kind.Framed() {
			return true
		}
	}
	return e.names.topic != ""
}

// decode writes Decode, and decode for what follows the id.
func (e *emitter) decode(f *jen.File, m *model.Message, n messageNames) {
	text := "Decode replaces the message by the one in frame, of which nothing is kept. After an error the message is not to be used."
	used := false
	for i := range m.Fields {
		if m.Fields[i].Kind.Framed() {
			text = "Decode replaces the message by the one in frame, of which nothing is kept. It leaves the fields that have frames of their own empty: see DecodeFrames. After an error the message is not to be used."
		}
		used = used || m.Fields[i].Constant == nil
	}
	used = used || e.names.topic != ""
	doc(f, text)
	f.Func().Params(jen.Id("m").Op("*").Id(n.typ)).Id("Decode").Params(jen.Id("frame").Index().Byte()).Error().Block(
		jen.Id("r").Op(":=").Add(e.wireFunc("NewReader")).Call(jen.Id("frame")),
		jen.Id("expect").Call(jen.Op("&").Id("r"), jen.Id(n.id)),
		jen.Return(jen.Id("m").Dot("decode").Call(jen.Op("&").Id("r"))),
	)

	doc(f, "decode reads what follows the id.")
	f.Add(method(used, n.typ, "decode")).Params(jen.Id("r").Op("*").Add(e.wireFunc("Reader"))).Error().BlockFunc(func(g *jen.Group) {
		g.Id("r").Dot("Message").Call(jen.Lit(m.Name))
		e.readTopic(g, "m")
		for i := range m.Fields {
			e.readField(g, "m", &m.Fields[i])
		}
		g.Return(jen.Id("r").Dot("End").Call())
	})
}

// readTopic reads the topic of a publish-subscribe protocol.
func (e *emitter) readTopic(g *jen.Group, into string) {
	if e.names.topic != "" {
		g.Id(into).Dot(e.names.topic).Op("=").Id("r").Dot("ZeroTerminated").Call(jen.Lit("topic"))
	}
}

// readField reads one field of the first frame into a struct.
func (e *emitter) readField(g *jen.Group, into string, f *model.Field) {
	if f.Constant != nil {
		g.Id("r").Dot("Constant").Call(jen.Lit(f.Name), jen.Lit(string(f.ConstantOctets())))
		return
	}
	field := jen.Id(into).Dot(e.names.field(f))
	read := ""
	switch f.Kind {
	case model.Octets, model.UUID:
		g.Id("r").Dot("Octets").Call(jen.Lit(f.Name), field.Index(jen.Op(":")))
		return
	case model.Frame, model.Msg:
		g.Add(field).Op("=").Nil()
		return
	case model.Number:
		read = fmt.Sprintf("Uint%d", 8*f.Size)
	case model.String:
		read = "String"
	case model.LongStr:
		read = "LongString"
	case model.Strings:
		read = "Strings"
	case model.Hash:
		read = "Hash"
	case model.Chunk:
		read = "Chunk"
	}
	g.Add(field).Op("=").Id("r").Dot(read).Call(jen.Lit(f.Name))
}
