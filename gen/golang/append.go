package golang

import (
	"fmt"

	"github.com/dave/jennifer/jen"

	"github.com/gozre/zre/gen/model"
)

// appendTo writes AppendTo.
func (e *emitter) appendTo(f *jen.File, m *model.Message, n messageNames) {
	text := "AppendTo appends the message to dst."
	for i := range m.Fields {
		if m.Fields[i].Kind.Framed() {
			text = "AppendTo appends the first frame of the message to dst."
		}
	}
	text += " On an error, which names the field that is too long, it returns dst as it was."
	doc(f, text)
	f.Add(method(n, "AppendTo")).
		Params(jen.Id("dst").Add(octets())).
		Params(octets(), jen.Error()).
		BlockFunc(func(g *jen.Group) { e.appendBody(g, m, n) })
}

// appender returns the function of wire that appends a field, and whether it
// can fail. It is empty for what needs none.
func appender(f *model.Field) (string, bool) {
	switch f.Kind {
	case model.Number:
		if f.Size > 1 {
			return fmt.Sprintf("AppendUint%d", 8*f.Size), false
		}
	case model.String:
		return "AppendString", true
	case model.LongStr:
		return "AppendLongString", true
	case model.Strings:
		return "AppendStrings", true
	case model.Hash:
		return "AppendHash", true
	case model.Chunk:
		return "AppendChunk", true
	}
	return "", false
}

// appendBody writes the statements of AppendTo. Neighbouring octets go into
// one call of append.
func (e *emitter) appendBody(g *jen.Group, m *model.Message, n messageNames) {
	g.Add(ifNil(jen.Id("dst"), e.wireFunc("Nil").Call(jen.Lit(m.Name))))
	var octets []jen.Code
	for _, b := range e.p.Signature {
		octets = append(octets, octet(b))
	}
	octets = append(octets, jen.Byte().Call(jen.Id(n.id)))
	source, assign := "dst", ":="
	var last *jen.Statement // an expression that is not yet assigned
	settle := func() {
		if last != nil {
			g.Id("out").Op(assign).Add(last)
			source, assign, last = "out", "=", nil
		}
	}
	flush := func() {
		if len(octets) > 0 {
			settle()
			last = jen.Append(append([]jen.Code{jen.Id(source)}, octets...)...)
			octets = nil
		}
		settle()
	}
	declared := false
	if e.names.topic != "" {
		flush()
		declared = true
		e.appendChecked(g, m, "topic", "AppendZeroTerminated", jen.Id("m").Dot(e.names.topic), ":=")
	}
	for i := range m.Fields {
		f := &m.Fields[i]
		value := jen.Id("m").Dot(e.names.field(f))
		name, fails := appender(f)
		switch {
		case f.Kind.Framed():
		case f.Constant != nil:
			octets = append(octets, e.constantOctets(f)...)
		case fails:
			flush()
			op := "="
			if !declared {
				op = ":="
			}
			declared = true
			e.appendChecked(g, m, f.Name, name, value, op)
		case name != "":
			flush()
			last = e.wireFunc(name).Call(jen.Id("out"), value)
		case f.Kind == model.Number:
			octets = append(octets, value)
		default:
			flush()
			last = jen.Append(jen.Id("out"), value.Index(jen.Op(":")).Op("..."))
		}
	}
	if len(octets) > 0 {
		settle()
		last = jen.Append(append([]jen.Code{jen.Id(source)}, octets...)...)
	}
	if last == nil {
		last = jen.Id("out")
	}
	g.Return(last, jen.Nil())
}

// appendChecked appends a field whose value may be too long.
func (e *emitter) appendChecked(
	g *jen.Group, m *model.Message, field, function string, value *jen.Statement, op string,
) {
	g.List(jen.Id("out"), jen.Err()).Op(op).Add(e.wireFunc(function)).Call(jen.Id("out"), value)
	g.If(jen.Err().Op("!=").Nil()).Block(
		jen.Return(jen.Id("dst"), jen.Op("&").Add(e.wireFunc("FieldError")).Values(
			jen.Id("Message").Op(":").Lit(m.Name),
			jen.Id("Field").Op(":").Lit(field),
			jen.Id("Offset").Op(":").Len(jen.Id("out")).Op("-").Len(jen.Id("dst")),
			jen.Id("Err").Op(":").Err(),
		)),
	)
}

// constantOctets returns the octets of a constant, by its name where it has
// one and fits one octet.
func (e *emitter) constantOctets(f *model.Field) []jen.Code {
	if name := e.defineName(f.Constant.Define); name != "" && f.Kind == model.Number && f.Size == 1 {
		return []jen.Code{jen.Id(name)}
	}
	var octets []jen.Code
	for _, b := range f.ConstantOctets() {
		octets = append(octets, octet(b))
	}
	return octets
}

// defineName returns the Go name of a define.
func (e *emitter) defineName(name string) string {
	for i := range e.p.Defines {
		if e.p.Defines[i].Name == name {
			return e.names.defines[i]
		}
	}
	return ""
}

// octet writes an octet as a letter where it is one, else in hexadecimal.
func octet(b byte) jen.Code {
	if b > ' ' && b < 0x7f && b != '\'' && b != '\\' {
		return jen.LitRune(rune(b))
	}
	return jen.Op(fmt.Sprintf("0x%02x", b))
}
