package golang

import (
	"fmt"

	"github.com/dave/jennifer/jen"

	"github.com/gozre/zre/gen/model"
)

// decode writes Decode, and decode for what follows the id.
func (e *emitter) decode(f *jen.File, m *model.Message, n messageNames) {
	text := "Decode replaces the message by the one in frame, of which nothing is kept."
	if len(framed(m)) > 0 {
		text += " It leaves the fields that have frames of their own empty: see DecodeFrames."
	}
	doc(f, text+" After an error the message is not to be used.")
	f.Add(method(n, "Decode")).Params(jen.Id("frame").Add(octets())).Error().Block(
		ifNil(e.wireFunc("Nil").Call(jen.Lit(m.Name))),
		jen.Id("r").Op(":=").Add(e.wireFunc("NewReader")).Call(jen.Id("frame")),
		jen.Id("expect").Call(jen.Op("&").Id("r"), jen.Id(n.id)),
		jen.Id("m").Dot("decode").Call(jen.Op("&").Id("r")),
		jen.Return(jen.Id("r").Dot("End").Call()),
	)

	doc(f, "decode reads what follows the id.")
	reader := jen.Id("r").Op("*").Add(e.wireFunc("Reader"))
	f.Add(method(n, "decode")).Params(reader).BlockFunc(func(g *jen.Group) {
		g.Id("r").Dot("Message").Call(jen.Lit(m.Name))
		e.readTopic(g, "m")
		for i := range m.Fields {
			e.readField(g, "m", &m.Fields[i])
		}
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
