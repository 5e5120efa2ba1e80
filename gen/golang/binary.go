package golang

import (
	"github.com/dave/jennifer/jen"

	"github.com/gozre/zre/gen/model"
)

// binary writes the methods that package encoding asks for.
func (e *emitter) binary(f *jen.File, m *model.Message, n messageNames) {
	e.appendBinary(f, m, n)

	doc(f, "MarshalBinary returns what AppendBinary appends.")
	f.Add(method(n, "MarshalBinary")).Params().Params(octets(), jen.Error()).Block(
		jen.List(jen.Id("out"), jen.Err()).Op(":=").Id("m").Dot("AppendBinary").Call(
			e.wireFunc("Room").Call(jen.Id("m").Dot("Size").Call())),
		ifErr(jen.Nil(), jen.Err()),
		jen.Return(jen.Id("out"), jen.Nil()),
	)

	e.unmarshalBinary(f, m, n)
}

// appendBinary writes AppendBinary.
func (e *emitter) appendBinary(f *jen.File, m *model.Message, n messageNames) {
	own := framed(m)
	head := method(n, "AppendBinary").Params(jen.Id("dst").Add(octets())).Params(octets(), jen.Error())
	if len(own) == 0 {
		doc(f, "AppendBinary does what AppendTo does. It is encoding.BinaryAppender.")
		f.Add(head).Block(jen.Return(jen.Id("m").Dot("AppendTo").Call(jen.Id("dst"))))
		return
	}
	doc(f, "AppendBinary appends all of the message to dst: the first frame, then each "+
		"further frame with its length of 4 octets. It is encoding.BinaryAppender. On an "+
		"error it returns dst as it was.")
	f.Add(head).BlockFunc(func(g *jen.Group) {
		g.List(jen.Id("out"), jen.Err()).Op(":=").Id("m").Dot("AppendTo").Call(jen.Id("dst"))
		g.Add(ifErr(jen.Id("dst"), jen.Err()))
		for _, field := range own {
			function := "AppendChunk"
			if field.Kind == model.Msg {
				function = "AppendFrames"
			}
			e.appendChecked(g, m, field.Name, function, jen.Id("m").Dot(e.names.field(field)), "=")
		}
		g.Return(jen.Id("out"), jen.Nil())
	})
}

// unmarshalBinary writes UnmarshalBinary.
func (e *emitter) unmarshalBinary(f *jen.File, m *model.Message, n messageNames) {
	own := framed(m)
	head := method(n, "UnmarshalBinary").Params(jen.Id("data").Add(octets())).Error()
	if len(own) == 0 {
		doc(f, "UnmarshalBinary does what Decode does. It is encoding.BinaryUnmarshaler.")
		f.Add(head).Block(jen.Return(jen.Id("m").Dot("Decode").Call(jen.Id("data"))))
		return
	}
	doc(f, "UnmarshalBinary replaces the message by the one that AppendBinary has written. "+
		"Nothing of data is kept. It is encoding.BinaryUnmarshaler. After an error the "+
		"message is not to be used.")
	f.Add(head).BlockFunc(func(g *jen.Group) {
		g.Add(ifNil(e.wireFunc("Nil").Call(jen.Lit(m.Name))))
		g.Id("r").Op(":=").Add(e.wireFunc("NewReader")).Call(jen.Id("data"))
		g.Id("expect").Call(jen.Op("&").Id("r"), jen.Id(n.id))
		g.Id("m").Dot("decode").Call(jen.Op("&").Id("r"))
		for _, field := range own {
			function := "Chunk"
			if field.Kind == model.Msg {
				function = "Frames"
			}
			g.Id("m").Dot(e.names.field(field)).Op("=").Id("r").Dot(function).Call(jen.Lit(field.Name))
		}
		g.Return(jen.Id("r").Dot("End").Call())
	})
}
