package codec_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/gozre/zre/gen/model"
)

// reference encodes and decodes straight from a model. It is what the
// generated codecs are held against, so it shares nothing with them: it has
// its own idea of each type, written from zproto's C codec.
//
// The values of a message are those of its fields that are not constant, in
// wire order: uint64, string, []byte, []string, map[string]string, and
// [][]byte for a msg. A publish-subscribe protocol has the topic before them.
type reference struct {
	p *model.Protocol
}

var errReference = errors.New("refused by the reference")

// encode returns the frames of a message.
func (r reference) encode(m *model.Message, values []any) ([][]byte, error) {
	first := slices.Clone(r.p.Signature)
	first = append(first, m.ID)
	if r.p.PubSub {
		first = append(append(first, values[0].(string)...), 0)
		values = values[1:]
	}
	var more [][]byte
	for _, f := range m.Fields {
		if f.Constant != nil {
			first = appendConstant(first, &f)
			continue
		}
		value := values[0]
		values = values[1:]
		switch f.Kind {
		case model.Frame:
			more = append(more, value.([]byte))
		case model.Msg:
			more = append(more, value.([][]byte)...)
		default:
			var err error
			if first, err = appendValue(first, &f, value); err != nil {
				return nil, err
			}
		}
	}
	return append([][]byte{first}, more...), nil
}

func appendConstant(out []byte, f *model.Field) []byte {
	switch f.Kind {
	case model.String:
		out = append(out, uint8(len(f.Constant.Text)))
		return append(out, f.Constant.Text...)
	case model.LongStr:
		out = binary.BigEndian.AppendUint32(out, uint32(len(f.Constant.Text)))
		return append(out, f.Constant.Text...)
	}
	return appendNumber(out, f.Size, f.Constant.Number)
}

func appendNumber(out []byte, size int, n uint64) []byte {
	for shift := 8 * (size - 1); shift >= 0; shift -= 8 {
		out = append(out, byte(n>>shift))
	}
	return out
}

func appendValue(out []byte, f *model.Field, value any) ([]byte, error) {
	long := func(s string) {
		out = append(appendNumber(out, 4, uint64(len(s))), s...)
	}
	short := func(s string) error {
		if len(s) > 255 {
			return fmt.Errorf("%w: %s is too long", errReference, f.Name)
		}
		out = append(append(out, byte(len(s))), s...)
		return nil
	}
	var err error
	switch value := value.(type) {
	case uint64:
		out = appendNumber(out, f.Size, value)
	case string:
		if f.Kind == model.String {
			err = short(value)
		} else {
			long(value)
		}
	case []byte:
		if f.Kind == model.Chunk {
			long(string(value))
		} else {
			out = append(out, value...)
		}
	case []string:
		out = appendNumber(out, 4, uint64(len(value)))
		for _, s := range value {
			long(s)
		}
	case map[string]string:
		out = appendNumber(out, 4, uint64(len(value)))
		for _, key := range slices.Sorted(maps.Keys(value)) {
			err = errors.Join(err, short(key))
			long(value[key])
		}
	}
	return out, err
}

// decode returns the message that frames hold, and its values.
func (r reference) decode(frames [][]byte) (*model.Message, []any, error) {
	if len(frames) == 0 {
		return nil, nil, errReference
	}
	in, more := &source{b: frames[0]}, frames[1:]
	if !bytes.Equal(in.next(len(r.p.Signature)), r.p.Signature) {
		return nil, nil, errReference
	}
	id := in.next(1)
	i := slices.IndexFunc(r.p.Messages, func(m model.Message) bool { return id != nil && m.ID == id[0] })
	if i < 0 {
		return nil, nil, errReference
	}
	m := &r.p.Messages[i]
	var values []any
	if r.p.PubSub {
		topic, rest, found := bytes.Cut(in.b, []byte{0})
		in.b, in.bad = rest, in.bad || !found
		values = append(values, string(topic))
	}
	for _, f := range m.Fields {
		switch {
		case f.Constant != nil:
			want := appendConstant(nil, &f)
			in.bad = in.bad || !bytes.Equal(in.next(len(want)), want)
		case f.Kind == model.Msg:
			values = append(values, more)
			more = nil
		case f.Kind == model.Frame:
			if len(more) == 0 {
				return nil, nil, errReference
			}
			values = append(values, more[0])
			more = more[1:]
		default:
			values = append(values, in.value(&f))
		}
		if in.bad {
			return nil, nil, errReference
		}
	}
	if len(in.b) > 0 || len(more) > 0 {
		return nil, nil, errReference
	}
	return m, values, nil
}

// header returns the id and the header fields of a frame, also of one that is broken after
// them, and whether they are sound.
func (r reference) header(frame []byte) ([]any, bool) {
	in := &source{b: frame}
	if !bytes.Equal(in.next(len(r.p.Signature)), r.p.Signature) {
		return nil, false
	}
	values := []any{in.number(1)}
	if r.p.PubSub {
		topic, rest, found := bytes.Cut(in.b, []byte{0})
		in.b, in.bad = rest, in.bad || !found
		values = append(values, string(topic))
	}
	for _, f := range r.p.Header {
		switch {
		case f.Constant != nil:
			want := appendConstant(nil, &f)
			in.bad = in.bad || !bytes.Equal(in.next(len(want)), want)
		case !f.Kind.Framed():
			values = append(values, in.value(&f))
		}
	}
	return values, !in.bad
}

// source hands out octets until there are too few.
type source struct {
	b   []byte
	bad bool
}

func (s *source) next(n int) []byte {
	if s.bad || n < 0 || n > len(s.b) {
		s.bad = true
		return nil
	}
	out := s.b[:n]
	s.b = s.b[n:]
	return out
}

func (s *source) number(size int) (n uint64) {
	for _, b := range s.next(size) {
		n = n<<8 | uint64(b)
	}
	return n
}

func (s *source) short() string { return string(s.next(int(s.number(1)))) }
func (s *source) long() string  { return string(s.next(int(s.number(4)))) }

func (s *source) value(f *model.Field) any {
	switch f.Kind {
	case model.Number:
		return s.number(f.Size)
	case model.Octets:
		return slices.Clone(s.next(f.Size))
	case model.UUID:
		return slices.Clone(s.next(16))
	case model.String:
		return s.short()
	case model.LongStr:
		return s.long()
	case model.Chunk:
		return []byte(s.long())
	case model.Strings:
		var list []string
		for n := s.number(4); n > 0 && !s.bad; n-- {
			list = append(list, s.long())
		}
		return list
	case model.Hash:
		hash := map[string]string{}
		for n := s.number(4); n > 0 && !s.bad; n-- {
			key, value := s.short(), s.long()
			if _, taken := hash[key]; !taken {
				hash[key] = value
			}
		}
		return hash
	}
	panic("no such type in the first frame: " + f.Kind.String())
}
