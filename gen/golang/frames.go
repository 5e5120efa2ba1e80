package golang

import (
	"github.com/dave/jennifer/jen"

	"github.com/gozre/zre/gen/model"
)

// frames writes frames_gen.go: the functions for any message.
func (e *emitter) frames(f *jen.File) {
	doc(f, "Encode returns all frames of a message. Those of the fields that have frames of "+
		"their own are the message's, not copies.")
	f.Func().Id("Encode").Params(jen.Id("m").Id("Message")).Params(frames(), jen.Error()).Block(
		ifNil(jen.Nil(), e.wireFunc("Nil").Call(jen.Lit(""))),
		jen.List(jen.Id("list"), jen.Id("_"), jen.Err()).Op(":=").Id("m").Dot("AppendFrames").Call(
			jen.Nil(), e.wireFunc("Room").Call(jen.Id("m").Dot("Size").Call())),
		jen.Return(jen.Id("list"), jen.Err()),
	)

	doc(f, "DecodeFrames decodes a message of all its frames. The fields that have frames of "+
		"their own share memory with frames, the others do not. Frames that the message "+
		"lacks, or that it has no field for, are an error, which is a *wire.FieldError.")
	f.Func().Id("DecodeFrames").
		Params(jen.Id("frames").Add(frames())).Params(jen.Id("Message"), jen.Error()).
		BlockFunc(func(g *jen.Group) { e.decodeFrames(g, jen.Id("Decode")) })

	doc(f, "DecodeFrames decodes a message of all its frames, as Decode does for one of a "+
		"single frame. The fields that have frames of their own share memory with frames.")
	f.Func().Params(jen.Id("d").Op("*").Id("Decoder")).Id("DecodeFrames").
		Params(jen.Id("frames").Add(frames())).Params(jen.Id("Message"), jen.Error()).
		BlockFunc(func(g *jen.Group) { e.decodeFrames(g, jen.Id("d").Dot("Decode")) })

	doc(f, "takeFrames gives the fields that have frames of their own those that follow the "+
		"first one.")
	params := []jen.Code{jen.Id("m").Id("Message"), jen.Id("frames").Add(frames())}
	f.Func().Id("takeFrames").Params(params...).Error().BlockFunc(func(g *jen.Group) {
		name := jen.Id("m").Dot("ID").Call().Dot("String").Call()
		g.Id("f").Op(":=").Add(e.wireFunc("NewFrameReader")).Call(name, jen.Id("frames"))
		var cases []jen.Code
		for i := range e.p.Messages {
			if own := framed(&e.p.Messages[i]); len(own) > 0 {
				of := jen.Case(jen.Op("*").Id(e.names.messages[i].typ))
				cases = append(cases, of.BlockFunc(func(g *jen.Group) { e.takeFrames(g, own) }))
			}
		}
		if len(cases) > 0 {
			g.Switch(jen.Id("m").Op(":=").Id("m").Assert(jen.Type())).Block(cases...)
		}
		g.Return(jen.Id("f").Dot("End").Call())
	})
}

// decodeFrames writes what decodes the first frame in one way, and then takes the others.
func (e *emitter) decodeFrames(g *jen.Group, decode *jen.Statement) {
	g.If(jen.Len(jen.Id("frames")).Op("==").Lit(0)).Block(
		jen.Return(jen.Nil(), e.wireFunc("NoFrames").Call(jen.Lit(""))),
	)
	g.List(jen.Id("m"), jen.Err()).Op(":=").Add(decode).Call(jen.Id("frames").Index(jen.Lit(0)))
	g.Add(ifErr(jen.Nil(), jen.Err()))
	g.Add(ifCallErr(jen.Id("takeFrames").Call(jen.Id("m"), jen.Id("frames")), jen.Nil(), jen.Err()))
	g.Return(jen.Id("m"), jen.Nil())
}

// takeFrames writes how the fields of one message get their frames.
func (e *emitter) takeFrames(g *jen.Group, own []*model.Field) {
	for _, field := range own {
		target := jen.Id("m").Dot(e.names.field(field)).Op("=").Id("f")
		if field.Kind == model.Msg {
			g.Add(target.Dot("Rest").Call())
		} else {
			g.Add(target.Dot("Next").Call(jen.Lit(field.Name)))
		}
	}
}

// messageFrames writes AppendFrames and DecodeFrames of one message.
func (e *emitter) messageFrames(f *jen.File, m *model.Message, n messageNames) {
	own := framed(m)
	text := "AppendFrames appends the frame of the message to frames. Its octets are appended " +
		"to buf, which is returned for the next call, so that a caller who keeps both " +
		"allocates nothing."
	if len(own) > 0 {
		text = "AppendFrames appends the frames of the message to frames. The octets of the " +
			"first one are appended to buf, which is returned for the next call, so that a " +
			"caller who keeps both allocates nothing. The others are the message's own, not " +
			"copies."
	}
	doc(f, text+" On an error both are returned as they were.")
	f.Add(method(n, "AppendFrames")).
		Params(jen.Id("frames").Add(frames()), jen.Id("buf").Add(octets())).
		Params(frames(), octets(), jen.Error()).BlockFunc(func(g *jen.Group) {
		g.List(jen.Id("out"), jen.Err()).Op(":=").Id("m").Dot("AppendTo").Call(jen.Id("buf"))
		g.Add(ifErr(jen.Id("frames"), jen.Id("buf"), jen.Err()))
		// The capacity ends with the frame, so that no append to it reaches the next one.
		end := jen.Len(jen.Id("out"))
		first := jen.Id("out").Index(jen.Len(jen.Id("buf")).Op(":").Add(end).Op(":").Add(end))
		list := []jen.Code{jen.Id("frames"), first}
		for _, field := range own {
			value := jen.Id("m").Dot(e.names.field(field))
			if field.Kind == model.Msg {
				g.Id("frames").Op("=").Append(list...)
				list = []jen.Code{jen.Id("frames"), value.Op("...")}
				break
			}
			list = append(list, value)
		}
		g.Return(jen.Append(list...), jen.Id("out"), jen.Nil())
	})

	text = "DecodeFrames replaces the message by the one in frames."
	if len(own) > 0 {
		text += " The fields that have frames of their own share memory with frames, the " +
			"others do not."
	}
	doc(f, text+" After an error the message is not to be used.")
	f.Add(method(n, "DecodeFrames")).
		Params(jen.Id("frames").Add(frames())).Error().BlockFunc(func(g *jen.Group) {
		g.If(jen.Len(jen.Id("frames")).Op("==").Lit(0)).Block(
			jen.Return(e.wireFunc("NoFrames").Call(jen.Lit(m.Name))),
		)
		g.Add(ifCallErr(jen.Id("m").Dot("Decode").Call(jen.Id("frames").Index(jen.Lit(0))), jen.Err()))
		g.Id("f").Op(":=").Add(e.wireFunc("NewFrameReader")).Call(jen.Lit(m.Name), jen.Id("frames"))
		e.takeFrames(g, own)
		g.Return(jen.Id("f").Dot("End").Call())
	})
}
