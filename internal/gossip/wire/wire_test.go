package wire

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

const z85Key = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"

func TestCheckEndpoint(t *testing.T) {
	for _, good := range []string{
		"tcp://10.0.0.1:5670", "tcp://[fe80::1]:1", "tcp://127.0.0.1:65535", "tcp://10.0.0.1:5670|" + z85Key,
	} {
		if err := CheckEndpoint(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{
		"", "tcp://", "tcp://:5670", "tcp://*:5670", "tcp://10.0.0.1", "tcp://10.0.0.1:", "tcp://10.0.0.1:0", "tcp://10.0.0.1:65536",
		"tcp://10.0.0.01:5670", "tcp://host:5670", "udp://10.0.0.1:5670", "10.0.0.1:5670", "tcp://0.0.0.0:5670", "tcp://[::]:5670",
		"tcp://224.0.0.1:5670", "tcp://255.255.255.255:1", "tcp://[fe80::1%eth0]:1", "tcp://10.0.0.1:5670|", "tcp://10.0.0.1:5670|short",
		"tcp://10.0.0.1:5670|" + strings.Repeat(" ", 40), "tcp://10.0.0.1:5670|" + z85Key + "x", "tcp://10.0.0.1:5670 ", "tcp://10.0.0.1:5670\x00",
	} {
		if err := CheckEndpoint(bad); !errors.Is(err, ErrEndpoint) {
			t.Errorf("%q: got %v, want ErrEndpoint", bad, err)
		}
	}
}

func TestCanonicalKey(t *testing.T) {
	raw := "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\xff"
	const hexed = "000102030405060708090A0B0C0D0EFF"
	for _, c := range []struct {
		key  string
		raw  bool
		want string
		err  error
	}{
		{raw, true, hexed, nil},
		{raw, false, "", ErrKey},
		{hexed, false, hexed, nil},
		{strings.ToLower(hexed), true, hexed, nil},
		{"thekey", false, "thekey", nil},
		{"0123456789abcdef", true, "30313233343536373839616263646566", nil},
		{"0123456789abcdef", false, "0123456789abcdef", nil},
		{"", false, "", ErrKey},
		{"a b", false, "", ErrKey},
	} {
		got, err := CanonicalKey(c.key, c.raw)
		if got != c.want || !errors.Is(err, c.err) {
			t.Errorf("CanonicalKey(%q, %v) = %q, %v, want %q, %v", c.key, c.raw, got, err, c.want, c.err)
		}
	}
	if got, ok := RawKey(hexed); !ok || got != raw {
		t.Errorf("RawKey = %q, %v", got, ok)
	}
	if _, ok := RawKey("thekey"); ok {
		t.Error("a key that is no UUID has a raw form")
	}
}

func TestTrailersComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.Custom(func(t *rapid.T) ID {
			return ID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
		})
		m := Mark{Role: rapid.SampledFrom([]Role{RoleNode, RoleServer}).Draw(t, "role"), ID: id.Draw(t, "who")}
		beats := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Beat {
			return Beat{Origin: id.Draw(t, "origin"), Beat: rapid.Uint64().Draw(t, "beat"),
				Age: time.Duration(rapid.Uint32().Draw(t, "age")) * time.Millisecond}
		}), 0, 5).Draw(t, "beats")
		ping := []byte{0xaa, 0xa0, 3, 1}

		msg, trailer := Split(AppendMark(ping, m))
		gotMark, none, err := ParsePing(trailer)
		if err != nil || gotMark != m || none != nil || string(msg) != string(ping) {
			t.Fatalf("mark: %v %v %v %x", gotMark, none, err, msg)
		}
		_, trailer = Split(AppendBeats(ping, m, beats))
		gotMark, gotBeats, err := ParsePing(trailer)
		if err != nil || gotMark != m || !cmp.Equal(gotBeats, beats) {
			t.Fatalf("beats: %v %v %v", gotMark, gotBeats, err)
		}
		for cut := 1; cut < len(trailer); cut++ {
			if _, _, err := ParsePing(trailer[:cut]); err == nil {
				t.Fatalf("a trailer cut at %d is accepted", cut)
			}
		}

		key, value := rapid.StringN(0, 20, 60).Draw(t, "key"), rapid.String().Draw(t, "value")
		publish := append([]byte{0xaa, 0xa0, 2, 1, byte(len(key))}, key...)
		publish = append(publish, byte(len(value)>>24), byte(len(value)>>16), byte(len(value)>>8), byte(len(value)))
		publish = append(append(publish, value...), 0, 0, 0, 9)
		p := Provenance{Origin: id.Draw(t, "home"), Seq: rapid.Uint64().Draw(t, "seq"), State: State(rapid.IntRange(0, 3).Draw(t, "state"))}
		msg, trailer = Split(AppendProvenance(publish, p))
		got, err := ParseProvenance(trailer)
		if err != nil || got != p || string(msg) != string(publish) {
			t.Fatalf("provenance: %v %v", got, err)
		}
	})
}

func TestSplitKeepsWhatItCannotRead(t *testing.T) {
	for _, frame := range []string{"", "\xaa", "\xaa\xa0\x02\x01", "\xaa\xa0\x02\x01\x05ab", "\xaa\xa0\x02\x01\x00\xff\xff\xff\xffxx"} {
		if msg, trailer := Split([]byte(frame)); string(msg) != frame || len(trailer) != 0 {
			t.Errorf("Split(%x) = %x, %x", frame, msg, trailer)
		}
	}
}
