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
		method := func(text, name string) *jen.Statement {
			doc(g, text)
			return g.Id(name)
		}
		method("ID returns which message it is.", "ID").Params().Id("ID")
		e.accessorMethods(g)
		method("Size returns how many octets AppendTo appends.", "Size").Params().Int()
		method("AppendTo appends the first frame of the message to dst.", "AppendTo").
			Params(jen.Id("dst").Add(octets())).Params(octets(), jen.Error())
		method("Decode replaces the message by the one in its first frame.", "Decode").
			Params(jen.Id("frame").Add(octets())).Error()
		method("AppendFrames appends all frames to frames, and the first one's octets to buf.", "AppendFrames").
			Params(jen.Id("frames").Add(frames()), jen.Id("buf").Add(octets())).
			Params(frames(), octets(), jen.Error())
		method("DecodeFrames replaces the message by the one in all its frames.", "DecodeFrames").
			Params(jen.Id("frames").Add(frames())).Error()
		method("AppendBinary appends all frames to dst, as one piece of octets.", "AppendBinary").
			Params(jen.Id("dst").Add(octets())).Params(octets(), jen.Error())
		method("MarshalBinary returns what AppendBinary appends.", "MarshalBinary").
			Params().Params(octets(), jen.Error())
		method("UnmarshalBinary replaces the message by one of AppendBinary.", "UnmarshalBinary").
			Params(jen.Id("data").Add(octets())).Error()
		method("Equal reports whether other is of the same type and has the same values.", "Equal").
			Params(jen.Id("other").Id("Message")).Bool()
		method("String returns the message for people to read.", "String").Params().String()
	})

	doc(f, "Decode decodes the first frame of any message. The message is a new one, and "+
		"nothing of frame is kept. An error is a *wire.FieldError.")
	f.Func().Id("Decode").
		Params(jen.Id("frame").Add(octets())).Params(jen.Id("Message"), jen.Error()).BlockFunc(func(g *jen.Group) {
		g.Id("r").Op(":=").Add(e.wireFunc("NewReader")).Call(jen.Id("frame"))
		e.decodeAny(g, func(n messageNames) []jen.Code {
			return []jen.Code{
				jen.Id("v").Op(":=").New(jen.Id(n.typ)),
				jen.Id("v").Dot("decode").Call(jen.Op("&").Id("r")),
				jen.Id("m").Op("=").Id("v"),
			}
		})
	})
	e.header(f)
	e.start(f)
}

// decodeAny writes the switch over the ids. The reader r is at the start of the frame, and m is
// the message that comes out.
func (e *emitter) decodeAny(g *jen.Group, read func(messageNames) []jen.Code) {
	g.Var().Id("m").Id("Message")
	id := jen.Id("id").Op(":=").Id("readID").Call(jen.Op("&").Id("r"))
	g.Switch(id, jen.Id("id")).BlockFunc(func(g *jen.Group) {
		for _, n := range e.names.messages {
			g.Case(jen.Id(n.id)).Block(read(n)...)
		}
		g.Default().Block(jen.Id("unknown").Call(jen.Op("&").Id("r"), jen.Id("id")))
	})
	g.Add(ifCallErr(jen.Id("r").Dot("End").Call(), jen.Nil(), jen.Err()))
	g.Return(jen.Id("m"), jen.Nil())
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

	doc(f, "unknown records that no message has the id.")
	f.Func().Id("unknown").Params(reader(), jen.Id("id").Id("ID")).Block(
		jen.Id("r").Dot("Message").Call(jen.Id("id").Dot("String").Call()),
		jen.Id("r").Dot("Fail").Call(jen.Lit("id"), e.wireFunc("ErrUnknownID")),
	)
}
