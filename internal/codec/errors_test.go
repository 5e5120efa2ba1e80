package codec_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/gozre/zre/internal/codec/wire"
	"github.com/gozre/zre/internal/codec/zgossipmsg"
	"github.com/gozre/zre/internal/codec/zrebeacon"
	"github.com/gozre/zre/internal/codec/zremsg"
)

// TestTooLong checks that a value that does not fit is refused, and reported by
// message, field and offset, with nothing appended.
func TestTooLong(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 256)
	tests := []struct {
		m    message
		want string
	}{
		{&zremsg.Hello{Endpoint: long}, `HELLO: field "endpoint" at octet 6: value too long`},
		{&zremsg.Hello{Name: long}, `HELLO: field "name" at octet 12: value too long`},
		{&zremsg.Hello{Endpoint: "e", Headers: map[string]string{long: ""}}, `HELLO: field "headers" at octet 14: value too long`},
		{&zremsg.Shout{Group: long}, `SHOUT: field "group" at octet 6: value too long`},
		{&zremsg.Join{Group: long}, `JOIN: field "group" at octet 6: value too long`},
		{&zremsg.Leave{Group: long}, `LEAVE: field "group" at octet 6: value too long`},
		{&zremsg.Elect{Group: "G", ChallengerID: long}, `ELECT: field "challenger id" at octet 8: value too long`},
		{&zremsg.Leader{LeaderID: long}, `LEADER: field "leader id" at octet 7: value too long`},
		{&zgossipmsg.Publish{Key: long}, `PUBLISH: field "key" at octet 4: value too long`},
	}
	for _, test := range tests {
		out, err := test.m.AppendTo([]byte("before"))
		var field *wire.FieldError
		if !errors.As(err, &field) || !errors.Is(err, wire.ErrTooLong) || err.Error() != test.want {
			t.Errorf("error %v; want %s", err, test.want)
		}
		if string(out) != "before" {
			t.Errorf("%s: dst is %q now", test.want, out)
		}
	}
	if _, err := zremsg.Encode(&zremsg.Shout{Group: long}); !errors.Is(err, wire.ErrTooLong) {
		t.Errorf("Encode: %v", err)
	}
}

func TestDecodeErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		decode func([]byte) error
		frame  string
		err    error
		text   string
	}{
		{"empty", zre, "", wire.ErrShort, `message: field "signature" at octet 0: frame too short`},
		{"another protocol", zre, "aaa006020001", wire.ErrSignature, `message: field "signature" at octet 0: wrong signature`},
		{"no id", zre, "aaa1", wire.ErrShort, `message: field "id" at octet 2: frame too short`},
		{"id 0", zre, "aaa100020001", wire.ErrUnknownID, `ID(0): field "id" at octet 2: unknown message id`},
		{"id 255", zre, "aaa1ff020001", wire.ErrUnknownID, `ID(255): field "id" at octet 2: unknown message id`},
		{"version 1", zre, "aaa106010001", wire.ErrConstant, `PING: field "version" at octet 3: wrong constant`},
		{"version 3", zre, "aaa106030001", wire.ErrConstant, `PING: field "version" at octet 3: wrong constant`},
		{"no sequence", zre, "aaa1060200", wire.ErrShort, `PING: field "sequence" at octet 4: frame too short`},
		{"an octet more", zre, "aaa10602000100", wire.ErrTrailing, `PING at octet 6: trailing octets`},
		{"group too short", zre, "aaa1040200010341", wire.ErrShort, `JOIN: field "group" at octet 6: frame too short`},
		{"no status", zre, "aaa1040200010141", wire.ErrShort, `JOIN: field "status" at octet 8: frame too short`},
		{"groups without end", zre, "aaa10102000100ffffffff0000000000", wire.ErrCount, `HELLO: field "groups" at octet 7: count exceeds the octets left`},
		{"gossip version 2", gossip, "aaa00302", wire.ErrConstant, `PING: field "version" at octet 3: wrong constant`},
		{"value of 4 GiB", gossip, "aaa002010161ffffffff", wire.ErrShort, `PUBLISH: field "value" at octet 6: frame too short`},
		{"beacon of another magic", beacon, "5a524101", wire.ErrSignature, `message: field "signature" at octet 0: wrong signature`},
		{"beacon version 2", beacon, "5a524502", wire.ErrUnknownID, `ID(2): field "id" at octet 3: unknown message id`},
		{"beacon of 21 octets", beacon, "5a524501" + strings.Repeat("00", 17), wire.ErrShort, `PLAIN: field "port" at octet 20: frame too short`},
		{"beacon of 23 octets", beacon, "5a524501" + strings.Repeat("00", 19), wire.ErrTrailing, `PLAIN at octet 22: trailing octets`},
		{"beacon with half a key", beacon, "5a524503" + strings.Repeat("00", 34), wire.ErrShort, `SECURE: field "public key" at octet 22: frame too short`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			err := test.decode(unhex(test.frame))
			var field *wire.FieldError
			if !errors.As(err, &field) || !errors.Is(err, test.err) || err.Error() != test.text {
				t.Errorf("error %v; want %s", err, test.text)
			}
		})
	}
}

// zre, gossip and beacon decode by both ways and check that these agree.
func zre(b []byte) error {
	var d zremsg.Decoder
	_, err := d.Decode(b)
	return agree(err, func() error { _, err := zremsg.Decode(b); return err })
}

func gossip(b []byte) error {
	var d zgossipmsg.Decoder
	_, err := d.Decode(b)
	return agree(err, func() error { _, err := zgossipmsg.Decode(b); return err })
}

func beacon(b []byte) error {
	var d zrebeacon.Decoder
	_, err := d.Decode(b)
	return agree(err, func() error { _, err := zrebeacon.Decode(b); return err })
}

func agree(err error, other func() error) error {
	if again := other(); again == nil || again.Error() != err.Error() {
		return errors.Join(err, again)
	}
	return err
}

func TestWrongMessage(t *testing.T) {
	t.Parallel()
	var ping zremsg.Ping
	err := ping.Decode(unhex("aaa107020001"))
	if !errors.Is(err, wire.ErrWrongID) || err.Error() != `PING: field "id" at octet 2: wrong message id` {
		t.Errorf("PING from a PING-OK: %v", err)
	}
}

// TestDecodeHeader checks that the header of a message is read whatever comes
// after it: an unknown id, or fields that are not sound.
func TestDecodeHeader(t *testing.T) {
	t.Parallel()
	tests := []struct {
		frame string
		want  zremsg.Header
		err   error
	}{
		{"aaa106020007", zremsg.Header{ID: zremsg.IDPing, Sequence: 7}, nil},
		{"aaa163020008aabbcc", zremsg.Header{ID: 99, Sequence: 8}, nil},
		{"aaa104020009ff", zremsg.Header{ID: zremsg.IDJoin, Sequence: 9}, nil},
		{"aaa163030008", zremsg.Header{}, wire.ErrConstant},
		{"aaa1630200", zremsg.Header{}, wire.ErrShort},
		{"aaa063020008", zremsg.Header{}, wire.ErrSignature},
	}
	for _, test := range tests {
		got, err := zremsg.DecodeHeader(unhex(test.frame))
		if got != test.want || !errors.Is(err, test.err) || (err == nil) != (test.err == nil) {
			t.Errorf("%s: %+v, %v; want %+v, %v", test.frame, got, err, test.want, test.err)
		}
	}
	h, err := zrebeacon.DecodeHeader(unhex("5a524507" + "2b17dc71f0c4480ea4ddd3a0f0e3cbe1" + "a028" + "ff"))
	if err != nil || h.ID != 7 || h.UUID != uuid("2b17dc71f0c4480ea4ddd3a0f0e3cbe1") || h.Port != 41000 {
		t.Errorf("header of a beacon: %+v, %v", h, err)
	}
}

func TestFrames(t *testing.T) {
	t.Parallel()
	if _, err := zremsg.DecodeFrames(nil); !errors.Is(err, wire.ErrFrames) {
		t.Errorf("no frame at all: %v", err)
	}
	ping := unhex("aaa106020007")
	if _, err := zremsg.DecodeFrames([][]byte{ping, nil}); !errors.Is(err, wire.ErrTrailing) {
		t.Errorf("PING with a frame more: %v", err)
	}
	whisper := unhex("aaa102020001")
	for _, content := range [][][]byte{nil, {{}}, {nil, []byte("x"), nil}} {
		m, err := zremsg.DecodeFrames(append([][]byte{whisper}, content...))
		if err != nil {
			t.Fatal(err)
		}
		same(t, "content", content, m.(*zremsg.Whisper).Content)
		back, err := zremsg.Encode(m)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "frames", append([][]byte{whisper}, content...), back)
	}
}

func TestIDString(t *testing.T) {
	t.Parallel()
	for id, want := range map[zremsg.ID]string{
		zremsg.IDHello: "HELLO", zremsg.IDPingOK: "PING-OK", zremsg.IDGoodbye: "GOODBYE", 0: "ID(0)", 255: "ID(255)",
	} {
		if got := id.String(); got != want {
			t.Errorf("id %d is %q; want %q", uint8(id), got, want)
		}
	}
}
