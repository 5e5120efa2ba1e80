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
	AppendFrames(frames [][]byte, buf []byte) ([][]byte, []byte, error)
	DecodeFrames(frames [][]byte) error
	AppendBinary(dst []byte) ([]byte, error)
	MarshalBinary() ([]byte, error)
	UnmarshalBinary(data []byte) error
	Size() int
	String() string
}

// equatable is a message that can be compared with others of its protocol.
type equatable[M any] interface {
	message
	Equal(other M) bool
}

// subject is a generated codec, and the model that it was generated from.
type subject struct {
	name         string
	path         string
	decode       func([]byte) (message, error)
	reuse        func([]byte) (message, error) // Decode of one Decoder
	decodeFrames func([][]byte) (message, error)
	encode       func(message) ([][]byte, error)
	header       func([]byte) (any, error)       // DecodeHeader
	reuseFrames  func([][]byte) (message, error) // DecodeFrames of one Decoder
	equal        func(a, b message) bool
}

// decoder is what the Decoder of each package can do.
type decoder[M any] interface {
	Decode(frame []byte) (M, error)
	DecodeFrames(frames [][]byte) (M, error)
}

// adapt makes a subject of the functions of a package.
func adapt[M equatable[M], H any](name, path string, decode func([]byte) (M, error), reuse decoder[M],
	decodeFrames func([][]byte) (M, error), encode func(M) ([][]byte, error), header func([]byte) (H, error)) subject {
	return subject{
		name: name, path: path,
		decode: erase(decode), reuse: erase(reuse.Decode),
		decodeFrames: erase(decodeFrames), reuseFrames: erase(reuse.DecodeFrames),
		encode: func(m message) ([][]byte, error) { return encode(m.(M)) },
		header: func(b []byte) (any, error) { return header(b) },
		equal:  func(a, b message) bool { return a.(M).Equal(b.(M)) },
	}
}

// erase makes a function return a message of any package, and none after an error.
func erase[In any, M message](f func(In) (M, error)) func(In) (message, error) {
	return func(in In) (message, error) {
		m, err := f(in)
		if err != nil {
			return nil, err
		}
		return m, nil
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
		adapt("zremsg", "../../specs/zre_msg.xml", zremsg.Decode, &zre, zremsg.DecodeFrames, zremsg.Encode, zremsg.DecodeHeader),
		adapt("zgossipmsg", "../../specs/zgossip_msg.xml", zgossipmsg.Decode, &gossip, zgossipmsg.DecodeFrames, zgossipmsg.Encode, zgossipmsg.DecodeHeader),
		adapt("zrebeacon", "../../specs/zre_beacon.yaml", zrebeacon.Decode, &beacon, zrebeacon.DecodeFrames, zrebeacon.Encode, zrebeacon.DecodeHeader),
		adapt("everythingmsg", "../../gen/testdata/everything.xml", everythingmsg.Decode, &everything, everythingmsg.DecodeFrames, everythingmsg.Encode, everythingmsg.DecodeHeader),
		adapt("pubsubproto", "../../gen/testdata/pubsub.xml", pubsubproto.Decode, &pubsub, pubsubproto.DecodeFrames, pubsubproto.Encode, pubsubproto.DecodeHeader),
		adapt("typemsg", "../../gen/testdata/clash.yaml", typemsg.Decode, &clash, typemsg.DecodeFrames, typemsg.Encode, typemsg.DecodeHeader),
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
