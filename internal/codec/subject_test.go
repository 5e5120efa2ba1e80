package codec_test

import (
	"reflect"
	"testing"

	"github.com/gozre/zre/gen/model"
	"github.com/gozre/zre/gen/testdata/codec/everythingmsg"
	"github.com/gozre/zre/gen/testdata/codec/pubsubproto"
	"github.com/gozre/zre/gen/testdata/codec/typemsg"
	"github.com/gozre/zre/internal/codec/zgossipmsg"
	"github.com/gozre/zre/internal/codec/zrebeacon"
	"github.com/gozre/zre/internal/codec/zremsg"
)

// message is what the Message of each package can do.
type message interface {
	AppendTo(dst []byte) ([]byte, error)
	Decode(frame []byte) error
}

// subject is a generated codec, and the model that it was generated from.
type subject struct {
	name         string
	path         string
	decode       func([]byte) (message, error)
	reuse        func([]byte) (message, error) // Decode of one Decoder
	decodeFrames func([][]byte) (message, error)
	encode       func(message) ([][]byte, error)
	header       func([]byte) (any, error) // DecodeHeader
}

// adapt makes a subject of the functions of a package.
func adapt[M message, H any](name, path string, decode, reuse func([]byte) (M, error),
	decodeFrames func([][]byte) (M, error), encode func(M) ([][]byte, error), header func([]byte) (H, error)) subject {
	erase := func(f func([]byte) (M, error)) func([]byte) (message, error) {
		return func(b []byte) (message, error) {
			m, err := f(b)
			if err != nil {
				return nil, err
			}
			return m, nil
		}
	}
	return subject{
		name: name, path: path, decode: erase(decode), reuse: erase(reuse),
		decodeFrames: func(frames [][]byte) (message, error) {
			m, err := decodeFrames(frames)
			if err != nil {
				return nil, err
			}
			return m, nil
		},
		encode: func(m message) ([][]byte, error) { return encode(m.(M)) },
		header: func(b []byte) (any, error) { return header(b) },
	}
}

// subjects returns the project's codecs, and those of the generator's tests,
// which have all that a model can have.
func subjects() []subject {
	var zre zremsg.Decoder
	var gossip zgossipmsg.Decoder
	var beacon zrebeacon.Decoder
	var everything everythingmsg.Decoder
	var pubsub pubsubproto.Decoder
	var clash typemsg.Decoder
	return []subject{
		adapt("zremsg", "../../specs/zre_msg.xml", zremsg.Decode, zre.Decode, zremsg.DecodeFrames, zremsg.Encode, zremsg.DecodeHeader),
		adapt("zgossipmsg", "../../specs/zgossip_msg.xml", zgossipmsg.Decode, gossip.Decode, zgossipmsg.DecodeFrames, zgossipmsg.Encode, zgossipmsg.DecodeHeader),
		adapt("zrebeacon", "../../specs/zre_beacon.yaml", zrebeacon.Decode, beacon.Decode, zrebeacon.DecodeFrames, zrebeacon.Encode, zrebeacon.DecodeHeader),
		adapt("everythingmsg", "../../gen/testdata/everything.xml", everythingmsg.Decode, everything.Decode, everythingmsg.DecodeFrames, everythingmsg.Encode, everythingmsg.DecodeHeader),
		adapt("pubsubproto", "../../gen/testdata/pubsub.xml", pubsubproto.Decode, pubsub.Decode, pubsubproto.DecodeFrames, pubsubproto.Encode, pubsubproto.DecodeHeader),
		adapt("typemsg", "../../gen/testdata/clash.yaml", typemsg.Decode, clash.Decode, typemsg.DecodeFrames, typemsg.Encode, typemsg.DecodeHeader),
	}
}

// reference returns the interpreter of the subject's model.
func (s subject) reference(t testing.TB) reference {
	t.Helper()
	p, err := model.Read(s.path)
	if err != nil {
		t.Fatal(err)
	}
	return reference{p}
}

// each runs a test for each codec.
func each(t *testing.T, test func(*testing.T, subject, reference)) {
	t.Helper()
	for _, s := range subjects() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			test(t, s, s.reference(t))
		})
	}
}

// blank returns a new message of the same type as m.
func blank(m message) message {
	return reflect.New(reflect.TypeOf(m).Elem()).Interface().(message)
}

// zero returns the Go message for a message of the model, all fields empty.
func (s subject) zero(t testing.TB, r reference, m *model.Message) message {
	t.Helper()
	var values []any
	if r.p.PubSub {
		values = append(values, "")
	}
	for i := range m.Fields {
		if m.Fields[i].Constant == nil {
			values = append(values, zeroValue(&m.Fields[i]))
		}
	}
	frames, err := r.encode(m, values)
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.decodeFrames(frames)
	if err != nil {
		t.Fatalf("message %s with empty fields: %v", m.Name, err)
	}
	return blank(got)
}

func zeroValue(f *model.Field) any {
	switch f.Kind {
	case model.Number:
		return uint64(0)
	case model.Octets, model.UUID:
		return make([]byte, f.Size)
	case model.Strings:
		return []string(nil)
	case model.Hash:
		return map[string]string(nil)
	case model.Chunk, model.Frame:
		return []byte(nil)
	case model.Msg:
		return [][]byte(nil)
	}
	return ""
}

// set puts values into the fields of a message, which are in the same order.
func set(t testing.TB, m message, values []any) {
	t.Helper()
	v := reflect.ValueOf(m).Elem()
	if v.NumField() != len(values) {
		t.Fatalf("%T has %d fields; the model has %d that are not constant", m, v.NumField(), len(values))
	}
	for i, value := range values {
		field := v.Field(i)
		if field.Kind() == reflect.Array {
			reflect.Copy(field, reflect.ValueOf(value))
			continue
		}
		field.Set(reflect.ValueOf(value).Convert(field.Type()))
	}
}

// get returns the fields of a message as the reference has them.
func get(m any) []any {
	v := reflect.ValueOf(m).Elem()
	var values []any
	for i := range v.NumField() {
		switch field := v.Field(i); field.Kind() {
		case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
			values = append(values, field.Uint())
		case reflect.Array:
			values = append(values, field.Slice(0, field.Len()).Bytes())
		default:
			values = append(values, field.Interface())
		}
	}
	return values
}
