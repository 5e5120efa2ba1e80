package golang

import (
	"github.com/dave/jennifer/jen"

	"github.com/gozre/zre/gen/model"
)

// print writes String.
func (e *emitter) print(f *jen.File, m *model.Message, n messageNames) {
	doc(f, "String returns the message for people to read: texts quoted, and long values cut "+
		"short.")
	f.Add(method(n, "String")).Params().String().BlockFunc(func(g *jen.Group) {
		g.Add(ifNil(jen.Lit(m.Name + "(nil)")))
		g.Id("p").Op(":=").Add(e.wireFunc("NewPrinter")).Call(jen.Lit(m.Name))
		write := func(function, name string, value jen.Code) {
			g.Id("p").Dot(function).Call(jen.Lit(name), value)
		}
		if e.names.topic != "" {
			write("Text", "topic", jen.Id("m").Dot(e.names.topic))
		}
		for i := range m.Fields {
			field := &m.Fields[i]
			if field.Constant != nil {
				continue
			}
			value := jen.Id("m").Dot(e.names.field(field))
			switch field.Kind {
			case model.Number:
				write("Uint", field.Name, jen.Uint64().Call(value))
			case model.Octets, model.UUID:
				write("Octets", field.Name, value.Index(jen.Op(":")))
			case model.Chunk, model.Frame:
				write("Octets", field.Name, value)
			case model.Strings, model.Hash:
				write(suffix(field.Kind), field.Name, value)
			case model.Msg:
				write("Frames", field.Name, value)
			default:
				write("Text", field.Name, value)
			}
		}
		g.Return(jen.Id("p").Dot("End").Call())
	})
}
