package codec_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/gozre/zre/gen/model"
	"github.com/gozre/zre/internal/codec/zremsg"
)

// TestHeaderAccessors sets the header fields of each message by its methods, and finds them
// in the struct, in the frame and by the methods that get them.
func TestHeaderAccessors(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s subject, r reference) {
		rng := newRandom(3)
		for i := range r.p.Messages {
			m := &r.p.Messages[i]
			msg := s.zero(t, r, m)
			values := rng.values(r.p, m)
			accessed := accessors(reflect.TypeOf(msg))
			if want := headerFields(r.p); len(accessed) != want {
				t.Fatalf("%T has accessors %v; want those of %d header fields", msg, accessed, want)
			}
			for _, name := range accessed {
				to := reflect.ValueOf(msg).MethodByName("SetHeader" + name)
				field := fieldNamed(t, msg, name)
				value := reflect.New(field.Type()).Elem()
				source := values[indexNamed(t, msg, name)]
				if value.Kind() == reflect.Array {
					reflect.Copy(value, reflect.ValueOf(source))
				} else {
					value.Set(reflect.ValueOf(source).Convert(value.Type()))
				}
				to.Call([]reflect.Value{value})
				got := reflect.ValueOf(msg).MethodByName("Header" + name).Call(nil)[0]
				same(t, name, value.Interface(), got.Interface())
				same(t, name, value.Interface(), field.Interface())

				none := reflect.New(reflect.TypeOf(msg)).Elem() // a nil pointer
				none.MethodByName("SetHeader" + name).Call([]reflect.Value{value})
				if got := none.MethodByName("Header" + name).Call(nil)[0]; !got.IsZero() {
					t.Errorf("%s of a nil %T is %v", name, msg, got)
				}
			}
			frame, err := msg.AppendTo(nil)
			if err != nil {
				continue // a random text may be too long
			}
			sameHeader(t, s, frame, msg)
		}
	})
}

// headerFields counts the fields that all messages have.
func headerFields(p *model.Protocol) int {
	n := 0
	if p.PubSub {
		n++
	}
	for i := range p.Header {
		if p.Header[i].Constant == nil {
			n++
		}
	}
	return n
}

// accessors returns the names of the fields that a message has accessors for.
func accessors(typ reflect.Type) []string {
	var names []string
	for i := range typ.NumMethod() {
		if name, ok := strings.CutPrefix(typ.Method(i).Name, "Header"); ok && name != "" {
			names = append(names, name)
		}
	}
	return names
}

// fieldNamed returns a field by the name of its accessor.
func fieldNamed(t *testing.T, m message, name string) reflect.Value {
	t.Helper()
	return reflect.ValueOf(m).Elem().Field(indexNamed(t, m, name))
}

// indexNamed returns the place of a field: its own name may have a suffix that its accessor
// needs not.
func indexNamed(t *testing.T, m message, name string) int {
	t.Helper()
	typ := reflect.TypeOf(m).Elem()
	for i := range typ.NumField() {
		if field := typ.Field(i).Name; field == name || field == name+"Field" {
			return i
		}
	}
	t.Fatalf("%T has no field %s", m, name)
	return 0
}

// sameHeader checks that DecodeHeader sees in a frame what the message says.
func sameHeader(t *testing.T, s subject, frame []byte, m message) {
	t.Helper()
	h, err := s.header(frame)
	if err != nil {
		t.Fatalf("header of %T: %v", m, err)
	}
	id := reflect.ValueOf(m).MethodByName("ID").Call(nil)[0]
	v := reflect.ValueOf(h)
	same(t, "id", id.Interface(), v.Field(0).Interface())
	for i := 1; i < v.NumField(); i++ {
		name := v.Type().Field(i).Name
		same(t, name, fieldNamed(t, m, name).Interface(), v.Field(i).Interface())
	}
}

// TestHeaderOfDamagedFrames holds DecodeHeader to what the interpreter of the model reads, for
// frames that are cut at each octet and damaged in each octet of the header.
func TestHeaderOfDamagedFrames(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s subject, r reference) {
		rng := newRandom(4)
		m := &r.p.Messages[0]
		frames, err := r.encode(m, rng.values(r.p, m))
		for err != nil {
			frames, err = r.encode(m, rng.values(r.p, m))
		}
		refused := 0
		try := func(frame []byte) {
			values, sound := r.header(frame)
			h, err := s.header(frame)
			if (err == nil) != sound {
				t.Fatalf("header of %x: %v; the reference takes it: %v", frame, err, sound)
			}
			if err != nil {
				refused++
				return
			}
			v := reflect.New(reflect.TypeOf(h))
			v.Elem().Set(reflect.ValueOf(h))
			same(t, "header", values, get(v.Interface()))
		}
		for n := range frames[0] {
			try(frames[0][:n])
			damaged := append([]byte{}, frames[0]...)
			damaged[n] ^= 1 << rng.IntN(8)
			try(damaged)
		}
		if refused == 0 {
			t.Error("no frame was refused")
		}
	})
}

// TestStampAnyMessage is what the accessors are for: no switch over the types.
func TestStampAnyMessage(t *testing.T) {
	t.Parallel()
	for i, m := range []zremsg.Message{
		&zremsg.Hello{}, &zremsg.Whisper{}, &zremsg.Shout{}, &zremsg.Join{}, &zremsg.Leave{},
		&zremsg.Ping{}, &zremsg.PingOK{}, &zremsg.Elect{}, &zremsg.Leader{}, &zremsg.Goodbye{},
	} {
		sequence := uint16(65530 + i)
		m.SetHeaderSequence(sequence)
		frame, err := m.AppendTo(nil)
		if err != nil {
			t.Fatal(err)
		}
		back, err := zremsg.Decode(frame)
		if err != nil || back.HeaderSequence() != sequence || back.ID() != m.ID() {
			t.Errorf("%v comes back as %+v, %v", m.ID(), back, err)
		}
	}
}
