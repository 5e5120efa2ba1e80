package golang

import (
	"strconv"

	"github.com/dave/jennifer/jen"
)

// messages writes message_gen.go: constants, ids, and what decodes any message.
func (e *emitter) messages(f *jen.File) {
	e.defines(f)
	e.ids(f)

	doc(f, "Message is one of the messages: a pointer to one of the structs of this package.")
	f.Type().Id("Message").InterfaceFunc(func(g *jen.Group) {
		g.Comment("// ID tells which message it is.")
		g.Id("ID").Params().Id("ID")
		e.accessorMethods(g)
		g.Comment("// AppendTo appends the first frame of the message to dst.")
		g.Id("AppendTo").Params(jen.Id("dst").Index().Byte()).Params(jen.Index().Byte(), jen.Error())
		g.Comment("// Decode replaces the message by the one in its first frame.")
		g.Id("Decode").Params(jen.Id("frame").Index().Byte()).Error()
	})

	doc(f, "Decode decodes the first frame of any message. The message is a new one, and nothing of frame is kept. An error is a *wire.FieldError.")
	f.Func().Id("Decode").Params(jen.Id("frame").Index().Byte()).Params(jen.Id("Message"), jen.Error()).BlockFunc(func(g *jen.Group) {
		g.Id("r").Op(":=").Add(e.wireFunc("NewReader")).Call(jen.Id("frame"))
		g.Var().Id("m").Id("Message")
		g.Var().Err().Error()
		g.Switch(jen.Id("id").Op(":=").Id("readID").Call(jen.Op("&").Id("r")), jen.Id("id")).BlockFunc(func(g *jen.Group) {
			for _, n := range e.names.messages {
				g.Case(jen.Id(n.id)).Block(
					jen.Id("v").Op(":=").New(jen.Id(n.typ)),
					jen.List(jen.Id("m"), jen.Err()).Op("=").List(jen.Id("v"), jen.Id("v").Dot("decode").Call(jen.Op("&").Id("r"))),
				)
			}
			g.Default().Block(jen.Err().Op("=").Id("unknown").Call(jen.Op("&").Id("r"), jen.Id("id")))
		})
		g.If(jen.Err().Op("!=").Nil()).Block(jen.Return(jen.Nil(), jen.Err()))
		g.Return(jen.Id("m"), jen.Nil())
	})
	e.header(f)
	e.start(f)
}

// defines writes the constants of the model.
func (e *emitter) defines(f *jen.File) {
	if len(e.p.Defines) == 0 {
		return
	}
	doc(f, "The constants of the protocol.")
	f.Const().DefsFunc(func(g *jen.Group) {
		for i, d := range e.p.Defines {
			if d.Doc != "" {
				doc(g, d.Doc)
			}
			value := jen.Lit(d.Str)
			if d.Number {
				value = jen.Op(strconv.FormatUint(d.Int, 10))
			}
			g.Id(e.names.defines[i]).Op("=").Add(value)
		}
	})
}

// ids writes the type ID.
func (e *emitter) ids(f *jen.File) {
	doc(f, "ID tells the messages apart. It is one octet of the frame.")
	f.Type().Id("ID").Uint8()

	doc(f, "The ids of the messages.")
	f.Const().DefsFunc(func(g *jen.Group) {
		for i, n := range e.names.messages {
			g.Id(n.id).Id("ID").Op("=").Lit(int(e.p.Messages[i].ID))
		}
	})

	doc(f, "String returns the name of the message, or the number of an id that has none.")
	f.Func().Params(jen.Id("id").Id("ID")).Id("String").Params().String().Block(
		jen.Switch(jen.Id("id")).BlockFunc(func(g *jen.Group) {
			for i, n := range e.names.messages {
				g.Case(jen.Id(n.id)).Block(jen.Return(jen.Lit(e.p.Messages[i].Name)))
			}
			g.Default().Block(jen.Return(e.wireFunc("UnknownID").Call(jen.Uint8().Call(jen.Id("id")))))
		}),
	)
}

// start writes the functions that read what comes before the fields.
func (e *emitter) start(f *jen.File) {
	reader := func() *jen.Statement { return jen.Id("r").Op("*").Add(e.wireFunc("Reader")) }
	text := "readID reads the signature and the id."
	if e.p.PubSub {
		text = "readID reads the id."
	}
	doc(f, text)
	f.Func().Id("readID").Params(reader()).Id("ID").BlockFunc(func(g *jen.Group) {
		if !e.p.PubSub {
			g.Id("r").Dot("Signature").Call(jen.Lit(string(e.p.Signature)))
		}
		g.Return(jen.Id("ID").Call(jen.Id("r").Dot("Uint8").Call(jen.Lit("id"))))
	})

	doc(f, "expect reads up to the id, which has to be that of one message.")
	f.Func().Id("expect").Params(reader(), jen.Id("want").Id("ID")).Block(
		jen.Id("r").Dot("Message").Call(jen.Id("want").Dot("String").Call()),
		jen.If(jen.Id("readID").Call(jen.Id("r")).Op("!=").Id("want")).Block(
			jen.Id("r").Dot("Fail").Call(jen.Lit("id"), e.wireFunc("ErrWrongID")),
		),
	)

	doc(f, "unknown returns the error for an id that no message has, or the one that reading it met.")
	f.Func().Id("unknown").Params(reader(), jen.Id("id").Id("ID")).Error().Block(
		jen.Id("r").Dot("Message").Call(jen.Id("id").Dot("String").Call()),
		jen.Id("r").Dot("Fail").Call(jen.Lit("id"), e.wireFunc("ErrUnknownID")),
		jen.Return(jen.Id("r").Dot("Err").Call()),
	)
}
