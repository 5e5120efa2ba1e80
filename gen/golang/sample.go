package golang

import (
	"encoding/binary"
	"strconv"

	"github.com/dave/jennifer/jen"

	"github.com/gozre/zre/gen/model"
)

// sampleTopic is the topic of messages of a publish-subscribe protocol in tests.
const sampleTopic = "Hello"

// sampleCode returns the test value of a field in Go.
func sampleCode(f *model.Field) jen.Code {
	s := &f.Sample
	switch f.Kind {
	case model.Number:
		return jen.Op(strconv.FormatUint(s.Number, 10))
	case model.Octets, model.UUID:
		return jen.Index(jen.Lit(f.Size)).Byte().Call(octetsCode(s.Octets))
	case model.Strings:
		var values []jen.Code
		for _, text := range s.Texts {
			values = append(values, jen.Lit(text))
		}
		return jen.Index().String().Values(values...)
	case model.Hash:
		var values []jen.Code
		for _, p := range s.Pairs {
			values = append(values, jen.Lit(p.Key).Op(":").Lit(p.Value))
		}
		return jen.Map(jen.String()).String().Values(values...)
	case model.Chunk, model.Frame:
		return octetsCode(s.Octets)
	case model.Msg:
		var values []jen.Code
		for _, b := range s.Frames {
			values = append(values, octetsCode(b))
		}
		return frames().Values(values...)
	default:
		return jen.Lit(s.Text)
	}
}

// octetsCode returns octets as a conversion of a string, which is short.
func octetsCode(b []byte) jen.Code { return octets().Call(jen.Lit(string(b))) }

// sampleFrames returns the frames of a message of test values. They are made from the model and
// by nothing that the generated code uses, so that its test can hold it to them.
func (e *emitter) sampleFrames(m *model.Message) [][]byte {
	first := append(append([]byte{}, e.p.Signature...), m.ID)
	if e.p.PubSub {
		first = append(append(first, sampleTopic...), 0)
	}
	var more [][]byte
	for i := range m.Fields {
		f := &m.Fields[i]
		s := &f.Sample
		switch {
		case f.Constant != nil:
			first = append(first, f.ConstantOctets()...)
		case f.Kind == model.Frame:
			more = append(more, s.Octets)
		case f.Kind == model.Msg:
			more = append(more, s.Frames...)
		default:
			first = appendSample(first, f)
		}
	}
	return append([][]byte{first}, more...)
}

// appendSample appends the test value of a field as it stands in a frame.
func appendSample(out []byte, f *model.Field) []byte {
	short := func(s string) { out = append(append(out, byte(len(s))), s...) }
	count := func(n int) { out = binary.BigEndian.AppendUint32(out, uint32(n)) }
	long := func(s string) { count(len(s)); out = append(out, s...) }
	s := &f.Sample
	switch f.Kind {
	case model.Number:
		out = append(out, binary.BigEndian.AppendUint64(nil, s.Number)[8-f.Size:]...)
	case model.Octets, model.UUID:
		out = append(out, s.Octets...)
	case model.String:
		short(s.Text)
	case model.LongStr:
		long(s.Text)
	case model.Chunk:
		long(string(s.Octets))
	case model.Strings:
		count(len(s.Texts))
		for _, text := range s.Texts {
			long(text)
		}
	case model.Hash:
		count(len(s.Pairs))
		for _, p := range s.Pairs {
			short(p.Key)
			long(p.Value)
		}
	}
	return out
}
