package codec_test

import (
	"testing"

	"github.com/gozre/zre/internal/codec/zgossipmsg"
	"github.com/gozre/zre/internal/codec/zrebeacon"
	"github.com/gozre/zre/internal/codec/zremsg"
)

// sample is a message as a running network has it, and how often its encoding
// and its decoding by a Decoder may allocate.
type sample struct {
	name           string
	m              message
	encode, decode float64
}

// few is a limit for messages with lists and maps: one for the text of each,
// and what the slice and the map take.
const few = 8

func samples() []sample {
	const group = "CHAT"
	id := unhex("36780702b9bb454fbb5356de84e27069")
	endpoint := "tcp://192.0.2.17:41000"
	return []sample{
		{"zre/HELLO", &zremsg.Hello{
			Sequence: 1, Endpoint: endpoint, Groups: []string{group, "NEWS", "SPORT"}, Status: 3, Name: "alice",
			Headers: map[string]string{"X-ROLE": "printer", "X-PLACE": "hall", "X-VERSION": "1.2.3"},
		}, 0, few},
		{"zre/WHISPER", &zremsg.Whisper{Sequence: 2}, 0, 0},
		{"zre/SHOUT", &zremsg.Shout{Sequence: 3, Group: group}, 0, 0},
		{"zre/JOIN", &zremsg.Join{Sequence: 4, Group: group, Status: 4}, 0, 0},
		{"zre/LEAVE", &zremsg.Leave{Sequence: 5, Group: group, Status: 5}, 0, 0},
		{"zre/PING", &zremsg.Ping{Sequence: 6}, 0, 0},
		{"zre/PING-OK", &zremsg.PingOK{Sequence: 7}, 0, 0},
		{"zre/ELECT", &zremsg.Elect{Sequence: 8, Group: group, ChallengerID: elector}, 0, 0},
		{"zre/LEADER", &zremsg.Leader{Sequence: 9, Group: group, LeaderID: elector}, 0, 0},
		{"zre/GOODBYE", &zremsg.Goodbye{Sequence: 10}, 0, 0},
		{"zgossip/HELLO", &zgossipmsg.Hello{}, 0, 0},
		{"zgossip/PUBLISH", &zgossipmsg.Publish{Key: string(id), Value: endpoint, TTL: 600}, 0, 1},
		{"zgossip/PING", &zgossipmsg.Ping{}, 0, 0},
		{"zgossip/PONG", &zgossipmsg.Pong{}, 0, 0},
		{"zgossip/INVALID", &zgossipmsg.Invalid{}, 0, 0},
		{"beacon/PLAIN", &zrebeacon.Plain{UUID: [16]byte(id), Port: 41000}, 0, 0},
		{"beacon/SECURE", &zrebeacon.Secure{UUID: [16]byte(id), Port: 41000}, 0, 0},
	}
}

// decodeAgain returns the Decode of a Decoder for the package of m.
func decodeAgain(m message) func([]byte) error {
	switch m.(type) {
	case zremsg.Message:
		d := new(zremsg.Decoder)
		return func(b []byte) error { _, err := d.Decode(b); return err }
	case zgossipmsg.Message:
		d := new(zgossipmsg.Decoder)
		return func(b []byte) error { _, err := d.Decode(b); return err }
	default:
		d := new(zrebeacon.Decoder)
		return func(b []byte) error { _, err := d.Decode(b); return err }
	}
}

func TestAllocations(t *testing.T) {
	room := make([]byte, 0, 1024)
	for _, s := range samples() {
		t.Run(s.name, func(t *testing.T) {
			frame, err := s.m.AppendTo(nil)
			if err != nil {
				t.Fatal(err)
			}
			if n := testing.AllocsPerRun(100, func() {
				if _, err := s.m.AppendTo(room); err != nil {
					t.Fatal(err)
				}
			}); n > s.encode {
				t.Errorf("encoding allocates %v times; want at most %v", n, s.encode)
			}
			decode := decodeAgain(s.m)
			if n := testing.AllocsPerRun(100, func() {
				if err := decode(frame); err != nil {
					t.Fatal(err)
				}
			}); n > s.decode {
				t.Errorf("decoding allocates %v times; want at most %v", n, s.decode)
			}
		})
	}
}

// TestHeaderAllocations holds for the header, which is read for every message.
func TestHeaderAllocations(t *testing.T) {
	frame := unhex("aaa107020002")
	if n := testing.AllocsPerRun(100, func() {
		if h, err := zremsg.DecodeHeader(frame); err != nil || h.Sequence != 2 {
			t.Fatal(h, err)
		}
	}); n > 0 {
		t.Errorf("DecodeHeader allocates %v times", n)
	}
}

func BenchmarkEncode(b *testing.B) {
	room := make([]byte, 0, 1024)
	for _, s := range samples() {
		b.Run(s.name, func(b *testing.B) {
			frame, err := s.m.AppendTo(nil)
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(frame)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.m.AppendTo(room); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	for _, s := range samples() {
		b.Run(s.name, func(b *testing.B) {
			frame, err := s.m.AppendTo(nil)
			if err != nil {
				b.Fatal(err)
			}
			decode := decodeAgain(s.m)
			b.SetBytes(int64(len(frame)))
			b.ReportAllocs()
			for b.Loop() {
				if err := decode(frame); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDecodeHeader(b *testing.B) {
	frame := unhex("aaa107020002")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := zremsg.DecodeHeader(frame); err != nil {
			b.Fatal(err)
		}
	}
}
