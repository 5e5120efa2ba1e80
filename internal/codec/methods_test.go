package codec_test

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/gozre/zre/gen/testdata/codec/everythingmsg"
	"github.com/gozre/zre/internal/codec/wire"
	"github.com/gozre/zre/internal/codec/zremsg"
)

// TestMethods holds the methods of messages to each other, with random values.
func TestMethods(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s subject, r reference) {
		rng := newRandom(5)
		var frames [][]byte
		var buf []byte
		for i := range r.p.Messages {
			m := &r.p.Messages[i]
			empty := s.zero(t, r, m)
			var last message
			for range rounds / 3 {
				values := rng.values(r.p, m)
				msg := blank(empty)
				set(t, msg, values)
				want, refused := r.encode(m, values)
				before := len(buf)
				var err error
				frames, buf, err = msg.AppendFrames(frames[:0], buf)
				if (err != nil) != (refused != nil) {
					t.Fatalf("%s: %v; the reference says %v", m.Name, err, refused)
				}
				if err != nil {
					if len(frames) != 0 || len(buf) != before {
						t.Fatalf("%s: %v left %d frames and %d octets", m.Name, err, len(frames), len(buf)-before)
					}
					continue
				}
				same(t, "AppendFrames", want, frames)
				if len(buf) > 1<<16 {
					buf = buf[:0]
				}
				if n := msg.Size(); n != len(want[0]) {
					t.Fatalf("%s: Size is %d; want %d", m.Name, n, len(want[0]))
				}
				backAgain(t, s, msg, want)
				unequal(t, s, msg, last)
				last = msg
			}
		}
	})
}

// backAgain decodes a message in each way that takes all of it.
func backAgain(t *testing.T, s subject, want message, frames [][]byte) {
	t.Helper()
	check := func(how string, got message, err error) {
		t.Helper()
		if err != nil || !s.equal(want, got) || !s.equal(got, want) {
			t.Fatalf("%s gives %v, %v; want %v", how, got, err, want)
		}
		same(t, how, get(want), get(got))
	}
	got, err := s.reuseFrames(frames)
	check("Decoder.DecodeFrames", got, err)
	own := blank(want)
	check("DecodeFrames", own, own.DecodeFrames(frames))
	blob, err := want.AppendBinary([]byte("before"))
	if err != nil {
		t.Fatal(err)
	}
	marshalled, err := want.MarshalBinary()
	if err != nil || "before"+string(marshalled) != string(blob) {
		t.Fatalf("MarshalBinary gives %x, %v; AppendBinary %x", marshalled, err, blob)
	}
	check("UnmarshalBinary", own, own.UnmarshalBinary(marshalled))
	for i := range marshalled {
		marshalled[i] ^= 0xff
	}
	check("UnmarshalBinary, with other octets in its place", own, nil)
	for i := range marshalled {
		marshalled[i] ^= 0xff
	}
	for n := range marshalled {
		if n%7 == 0 && own.UnmarshalBinary(marshalled[:n]) == nil {
			// What is cut between frames may be a message with fewer of them.
			if s.equal(own, want) {
				t.Fatalf("%d of %d octets are all of %v", n, len(marshalled), want)
			}
		}
	}
}

// unequal changes each field in turn, which Equal has to see.
func unequal(t *testing.T, s subject, m, other message) {
	t.Helper()
	if other == nil {
		return
	}
	v := reflect.ValueOf(m).Elem()
	for i := range v.NumField() {
		changed := blank(m)
		reflect.ValueOf(changed).Elem().Set(v)
		field := reflect.ValueOf(changed).Elem().Field(i)
		field.Set(reflect.ValueOf(other).Elem().Field(i))
		same := reflect.DeepEqual(field.Interface(), v.Field(i).Interface()) || field.Kind() != reflect.Array && empty(field) && empty(v.Field(i))
		if s.equal(m, changed) != same {
			t.Fatalf("%v equals %v: %v", m, changed, !same)
		}
	}
}

// empty reports whether a value is a list, map or text of nothing.
func empty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Slice, reflect.Map, reflect.String:
		return v.Len() == 0
	}
	return false
}

// TestEqualAmongTypes compares messages of different types, and what is nil.
func TestEqualAmongTypes(t *testing.T) {
	t.Parallel()
	ping, answer := &zremsg.Ping{Sequence: 1}, &zremsg.PingOK{Sequence: 1}
	if ping.Equal(answer) || ping.Equal(nil) || ping.Equal((*zremsg.Ping)(nil)) || (*zremsg.Ping)(nil).Equal((*zremsg.PingOK)(nil)) {
		t.Error("messages of different types are equal, or one and none")
	}
	none := &everythingmsg.ListsAndMaps{}
	if !none.Equal(&everythingmsg.ListsAndMaps{List: []string{}, Map: map[string]string{}}) {
		t.Error("an empty list is not the same as none")
	}
}

// TestAppendFramesReuse sends one message after the other in the memory of the first.
func TestAppendFramesReuse(t *testing.T) {
	frames := make([][]byte, 0, 4)
	buf := make([]byte, 0, 64)
	m := &zremsg.Shout{Group: "CHAT", Content: [][]byte{[]byte("one"), []byte("two")}}
	var d zremsg.Decoder
	if n := testing.AllocsPerRun(100, func() {
		var err error
		frames, buf, err = m.AppendFrames(frames[:0], buf[:0])
		if err != nil || len(frames) != 3 {
			t.Fatal(frames, err)
		}
		back, err := d.DecodeFrames(frames)
		if err != nil || !m.Equal(back) {
			t.Fatal(back, err)
		}
	}); n > 0 {
		t.Errorf("a message allocates %v times", n)
	}
	// An append to a frame does not reach what comes after it in the buffer.
	first, buf, err := m.AppendFrames(nil, buf[:0])
	if err != nil {
		t.Fatal(err)
	}
	second, _, err := m.AppendFrames(nil, buf)
	if err != nil {
		t.Fatal(err)
	}
	want := bytes.Clone(second[0])
	_ = append(first[0], 0xff)
	if !bytes.Equal(second[0], want) {
		t.Error("an append to one frame changes the next")
	}
}

// TestString checks what people read, and that a peer cannot make it long or harmful.
func TestString(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 255)
	var many []string
	for range 1000 {
		many = append(many, long)
	}
	for _, test := range []struct {
		m    message
		want string
	}{
		{&zremsg.Ping{Sequence: 6}, `PING{sequence: 6}`},
		{&zremsg.Shout{Sequence: 4, Group: "CHAT\x1b[2J", Content: frames("hello", "you")}, `SHOUT{sequence: 4, group: "CHAT\x1b[2J", content: 2 frames of 8 octets}`},
		{
			&zremsg.Hello{Groups: []string{"a", "b"}, Headers: map[string]string{"k": "v", "a": "b"}},
			`HELLO{sequence: 0, endpoint: "", groups: ["a" "b"], status: 0, name: "", headers: {"a": "b" "k": "v"}}`,
		},
		{
			&everythingmsg.OneFrame{SequenceNumber: 77, FirstFrame: bytes.Repeat([]byte{0xca}, 17)},
			`ONE FRAME{sequence number: 77, first frame: 0xcacacacacacacacacacacacacacacaca and 1 octet}`,
		},
		{(*zremsg.Hello)(nil), `HELLO(nil)`},
		{
			&zremsg.Hello{Endpoint: long, Groups: many},
			`HELLO{sequence: 0, endpoint: "` + long[:64] + `" and 191 octets, groups: [` +
				strings.Repeat(`"`+long[:64]+`" and 191 octets `, 7) + `"` + long[:64] + `" and 191 octets and 992 entries], status: 0, name: "", headers: {}}`,
		},
	} {
		if got := test.m.String(); got != test.want {
			t.Errorf("%s\nwant %s", got, test.want)
		}
	}
}

// TestNil checks that nothing panics without a message or a Decoder.
func TestNil(t *testing.T) {
	t.Parallel()
	if _, err := zremsg.Encode(nil); !errors.Is(err, wire.ErrNil) {
		t.Errorf("Encode of no message: %v", err)
	}
	var d *zremsg.Decoder
	ping := unhex("aaa106020007")
	m, err := d.DecodeFrames([][]byte{ping})
	if err != nil || !m.Equal(&zremsg.Ping{Sequence: 7}) {
		t.Errorf("no Decoder: %v, %v", m, err)
	}
	again, err := d.Decode(ping)
	if err != nil || again == m {
		t.Errorf("no Decoder gives one message twice: %v", err)
	}
	if _, err := d.DecodeFrames(nil); !errors.Is(err, wire.ErrFrames) {
		t.Errorf("no frame: %v", err)
	}
}
