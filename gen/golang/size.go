package golang

import (
	"github.com/dave/jennifer/jen"

	"github.com/gozre/zre/gen/model"
)

// size writes Size.
func (e *emitter) size(f *jen.File, m *model.Message, n messageNames) {
	text := "Size returns how many octets AppendTo appends."
	if len(framed(m)) > 0 {
		text = "Size returns how many octets AppendTo appends, which is the size of the first " +
			"frame."
	}
	doc(f, text+" It is 0 for a nil message.")
	fixed := len(e.p.Signature) + 1
	sum := jen.Null()
	if e.names.topic != "" {
		fixed++
		sum.Op("+").Len(jen.Id("m").Dot(e.names.topic))
	}
	for i := range m.Fields {
		field := &m.Fields[i]
		switch {
		case field.Constant != nil:
			fixed += len(field.ConstantOctets())
		case field.Size > 0:
			fixed += field.Size
		case !field.Kind.Framed():
			size := e.wireFunc("Size" + suffix(field.Kind))
			sum.Op("+").Add(size).Call(jen.Id("m").Dot(e.names.field(field)))
		}
	}
	f.Add(method(n, "Size")).Params().Int().Block(
		ifNil(jen.Lit(0)),
		jen.Return(jen.Lit(fixed).Add(sum)),
	)
}

// suffix is what the names of wire's functions for a type end in.
func suffix(k model.Kind) string {
	switch k {
	case model.String:
		return "String"
	case model.LongStr:
		return "LongString"
	case model.Strings:
		return "Strings"
	case model.Hash:
		return "Hash"
	default:
		return "Chunk"
	}
}
