package golang

import (
	"github.com/dave/jennifer/jen"

	"github.com/gozre/zre/gen/model"
)

// frames writes frames_gen.go.
func (e *emitter) frames(f *jen.File) {
	doc(f, "Encode returns all frames of a message. Those of the fields that have frames of their own are the message's, not copies.")
	f.Func().Id("Encode").Params(jen.Id("m").Id("Message")).Params(jen.Index().Index().Byte(), jen.Error()).BlockFunc(func(g *jen.Group) {
		g.List(jen.Id("first"), jen.Err()).Op(":=").Id("m").Dot("AppendTo").Call(jen.Nil())
		g.If(jen.Err().Op("!=").Nil()).Block(jen.Return(jen.Nil(), jen.Err()))
		e.framed(g, func(g *jen.Group, fields []*model.Field) {
			frames := []jen.Code{jen.Id("first")}
			for _, field := range fields {
				value := jen.Id("m").Dot(e.names.field(field))
				if field.Kind == model.Msg {
					g.Return(jen.Append(jen.Index().Index().Byte().Values(frames...), value.Op("...")), jen.Nil())
					return
				}
				frames = append(frames, value)
			}
			g.Return(jen.Index().Index().Byte().Values(frames...), jen.Nil())
		})
		g.Return(jen.Index().Index().Byte().Values(jen.Id("first")), jen.Nil())
	})

	doc(f, "DecodeFrames decodes a message of all its frames. The fields that have frames of their own share memory with frames, the others do not. Frames that the message lacks, or that it has no field for, are an error, which is a *wire.FieldError.")
	f.Func().Id("DecodeFrames").Params(jen.Id("frames").Index().Index().Byte()).Params(jen.Id("Message"), jen.Error()).BlockFunc(func(g *jen.Group) {
		g.If(jen.Len(jen.Id("frames")).Op("==").Lit(0)).Block(
			jen.Return(jen.Nil(), jen.Op("&").Add(e.wireFunc("FieldError")).Values(jen.Id("Err").Op(":").Add(e.wireFunc("ErrFrames")))),
		)
		g.List(jen.Id("m"), jen.Err()).Op(":=").Id("Decode").Call(jen.Id("frames").Index(jen.Lit(0)))
		g.If(jen.Err().Op("!=").Nil()).Block(jen.Return(jen.Nil(), jen.Err()))
		g.Id("f").Op(":=").Add(e.wireFunc("NewFrameReader")).Call(jen.Id("m").Dot("ID").Call().Dot("String").Call(), jen.Id("frames"))
		e.framed(g, func(g *jen.Group, fields []*model.Field) {
			for _, field := range fields {
				target := jen.Id("m").Dot(e.names.field(field)).Op("=").Id("f")
				if field.Kind == model.Msg {
					g.Add(target.Dot("Rest").Call())
				} else {
					g.Add(target.Dot("Next").Call(jen.Lit(field.Name)))
				}
			}
		})
		g.If(jen.Err().Op(":=").Id("f").Dot("End").Call(), jen.Err().Op("!=").Nil()).Block(jen.Return(jen.Nil(), jen.Err()))
		g.Return(jen.Id("m"), jen.Nil())
	})
}

// framed writes a switch over the messages that have fields with frames of
// their own, if there is one.
func (e *emitter) framed(g *jen.Group, write func(*jen.Group, []*model.Field)) {
	var cases []jen.Code
	for i := range e.p.Messages {
		var fields []*model.Field
		for j := range e.p.Messages[i].Fields {
			if f := &e.p.Messages[i].Fields[j]; f.Kind.Framed() {
				fields = append(fields, f)
			}
		}
		if len(fields) > 0 {
			cases = append(cases, jen.Case(jen.Op("*").Id(e.names.messages[i].typ)).BlockFunc(func(g *jen.Group) { write(g, fields) }))
		}
	}
	if len(cases) > 0 {
		g.Switch(jen.Id("m").Op(":=").Id("m").Assert(jen.Type())).Block(cases...)
	}
}
