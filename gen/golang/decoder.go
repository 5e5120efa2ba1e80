package golang

import "github.com/dave/jennifer/jen"

// decoder writes decoder_gen.go.
func (e *emitter) decoder(f *jen.File) {
	doc(f, "Decoder decodes one frame after the other without an allocation for most: it has "+
		"one struct of each message, which it uses again, and a small table of the strings "+
		"that came before. The zero value is ready. One goroutine at a time may use it. A nil "+
		"Decoder makes a new message each time.")
	f.Type().Id("Decoder").StructFunc(func(g *jen.Group) {
		g.Id("strings").Add(e.wireFunc("Interner"))
		for _, n := range e.names.messages {
			g.Id(n.member).Id(n.typ)
		}
	})

	doc(f, "Decode decodes the first frame of any message. The struct that it returns is "+
		"valid until the next call; the strings, slices and maps in it may be kept. Nothing "+
		"of frame is kept. An error is a *wire.FieldError.")
	f.Func().Params(jen.Id("d").Op("*").Id("Decoder")).Id("Decode").
		Params(jen.Id("frame").Add(octets())).
		Params(jen.Id("Message"), jen.Error()).BlockFunc(func(g *jen.Group) {
		g.If(jen.Id("d").Op("==").Nil()).Block(jen.Return(jen.Id("Decode").Call(jen.Id("frame"))))
		g.Id("r").Op(":=").Add(e.wireFunc("NewReader")).Call(jen.Id("frame"))
		g.Id("r").Dot("Intern").Call(jen.Op("&").Id("d").Dot("strings"))
		e.decodeAny(g, func(n messageNames) []jen.Code {
			return []jen.Code{
				jen.Id("d").Dot(n.member).Dot("decode").Call(jen.Op("&").Id("r")),
				jen.Id("m").Op("=").Op("&").Id("d").Dot(n.member),
			}
		})
	})
}
