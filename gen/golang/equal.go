package golang

import (
	"github.com/dave/jennifer/jen"

	"github.com/gozre/zre/gen/model"
)

// equal writes Equal.
func (e *emitter) equal(f *jen.File, m *model.Message, n messageNames) {
	doc(f, "Equal reports whether other is a message of the same type with the same values. "+
		"An empty list, map, chunk or frame equals none at all, as on the wire. A nil message "+
		"equals a nil one of its type.")
	head := method(n, "Equal").Params(jen.Id("other").Id("Message")).Bool()
	f.Add(head).BlockFunc(func(g *jen.Group) {
		g.List(jen.Id("o"), jen.Id("same")).Op(":=").Id("other").Assert(jen.Op("*").Id(n.typ))
		none := jen.Id("m").Op("==").Nil().Op("||").Id("o").Op("==").Nil()
		g.If(jen.Op("!").Id("same").Op("||").Add(none)).Block(
			jen.Return(jen.Id("same").Op("&&").Id("m").Op("==").Id("o")),
		)
		var all *jen.Statement
		and := func(c *jen.Statement) {
			if all == nil {
				all = c
				return
			}
			all.Op("&&").Line().Add(c)
		}
		both := func(name string) (jen.Code, jen.Code) {
			return jen.Id("m").Dot(name), jen.Id("o").Dot(name)
		}
		if name := e.names.topic; name != "" {
			mine, its := both(name)
			and(jen.Add(mine).Op("==").Add(its))
		}
		for i := range m.Fields {
			field := &m.Fields[i]
			if field.Constant != nil {
				continue
			}
			mine, its := both(e.names.field(field))
			switch name := ""; field.Kind {
			case model.Strings, model.Hash:
				name = "Equal" + suffix(field.Kind)
				and(e.wireFunc(name).Call(mine, its))
			case model.Chunk, model.Frame:
				and(e.wireFunc("EqualOctets").Call(mine, its))
			case model.Msg:
				and(e.wireFunc("EqualFrames").Call(mine, its))
			default:
				and(jen.Add(mine).Op("==").Add(its))
			}
		}
		if all == nil {
			all = jen.True()
		}
		g.Return(all)
	})
}
