package codec_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gozre/zre/internal/codec/wire"
	"github.com/gozre/zre/internal/codec/zgossipmsg"
	"github.com/gozre/zre/internal/codec/zrebeacon"
	"github.com/gozre/zre/internal/codec/zremsg"
)

// vector is a captured message, and what it says.
type vector struct {
	file string
	line string // the name at the start of the line
	want message
	// reordered says that the sender wrote its headers in another order than
	// ours, so that the octets differ though the message is the same.
	reordered bool
}

const (
	zed     = "tcp://10.77.9.1:49152"
	elector = "36780702B9BB454FBB5356DE84E27069"
)

// vectors are the lines of the files in testdata/vectors, in their order. The
// values are those of the comments there.
var vectors = []vector{
	{"haskell-zre.txt", "BEACON", &zrebeacon.Plain{UUID: uuid("bd71ecbee67511f18001520aa48c21bd"), Port: 41059}, false},
	{"haskell-zre.txt", "HELLO", &zremsg.Hello{Sequence: 1, Endpoint: "tcp://10.78.0.1:41089", Name: "hs"}, false},

	{"zgossip.txt", "HELLO", &zgossipmsg.Hello{}, false},
	{"zgossip.txt", "PUBLISH", &zgossipmsg.Publish{Key: "thekey", Value: "thevalue"}, false},
	{"zgossip.txt", "PING", &zgossipmsg.Ping{}, false},
	{"zgossip.txt", "PONG", &zgossipmsg.Pong{}, false},
	{"zgossip.txt", "PUBLISH", &zgossipmsg.Publish{Key: "k", Value: "v"}, false},
	{"zgossip.txt", "INVALID", &zgossipmsg.Invalid{}, false},

	{"zyre.txt", "BEACON", &zrebeacon.Plain{UUID: uuid("b88f3c64653144fa8d0a2fd955ed204c"), Port: 49152}, false},
	{"zyre.txt", "BEACON-CURVE", &zrebeacon.Secure{
		UUID: uuid("00f2c32bb4014870b07331f032403aeb"), Port: 49152,
		PublicKey: [32]byte(unhex("ba189ab34274e172e556599abde875c0820c717c0614c75aa00dc9ac52449e7a")),
	}, false},
	{"zyre.txt", "HELLO", &zremsg.Hello{
		Sequence: 1, Endpoint: zed, Groups: []string{"A"}, Status: 1, Name: "zed",
		Headers: map[string]string{"k1": "v1", "X-A": "b"},
	}, true},
	{"zyre.txt", "PING-OK", &zremsg.PingOK{Sequence: 2}, false},
	{"zyre.txt", "JOIN", &zremsg.Join{Sequence: 3, Group: "B", Status: 2}, false},
	{"zyre.txt", "SHOUT", &zremsg.Shout{Sequence: 4, Group: "CHAT", Content: frames("hello")}, false},
	{"zyre.txt", "SHOUT", &zremsg.Shout{Sequence: 5, Group: "CHAT", Content: frames("one", "two")}, false},
	{"zyre.txt", "WHISPER", &zremsg.Whisper{Sequence: 6, Content: frames("psst")}, false},
	{"zyre.txt", "WHISPER", &zremsg.Whisper{Sequence: 7, Content: frames("f1", "f2", "f3")}, false},
	{"zyre.txt", "LEAVE", &zremsg.Leave{Sequence: 8, Group: "A", Status: 3}, false},
	{"zyre.txt", "PING", &zremsg.Ping{Sequence: 9}, false},
	{"zyre.txt", "HELLO", &zremsg.Hello{Sequence: 1, Endpoint: zed, Groups: []string{"G"}, Status: 1, Name: "elector"}, false},
	{"zyre.txt", "ELECT", &zremsg.Elect{Sequence: 2, Group: "G", ChallengerID: elector}, false},
	{"zyre.txt", "LEADER", &zremsg.Leader{Sequence: 4, Group: "G", LeaderID: "0000"}, false},
	{"zyre.txt", "GOODBYE", &zremsg.Goodbye{Sequence: 2}, false},
}

func TestVectors(t *testing.T) {
	t.Parallel()
	captured := readVectors(t)
	if len(captured) != len(vectors) {
		t.Fatalf("%d captured messages, and values for %d", len(captured), len(vectors))
	}
	all := subjects()
	codecs := map[string]subject{"zremsg": all[0], "zgossipmsg": all[1], "zrebeacon": all[2]}
	for i, v := range vectors {
		c := captured[i]
		t.Run(fmt.Sprintf("%s/%d/%s", v.file, i, v.line), func(t *testing.T) {
			if v.file != c.file || v.line != c.name {
				t.Fatalf("line is %s of %s", c.name, c.file)
			}
			pkg, _, _ := strings.Cut(fmt.Sprintf("%T", v.want)[1:], ".")
			s := codecs[pkg]
			got, err := s.decodeFrames(c.frames)
			if err != nil {
				t.Fatal(err)
			}
			same(t, "decoded", v.want, got)
			encoded, err := s.encode(v.want)
			if err != nil {
				t.Fatal(err)
			}
			if v.reordered {
				if encoded, err = reencode(s, encoded); err != nil {
					t.Fatal(err)
				}
				same(t, "length", len(c.frames[0]), len(encoded[0]))
			} else {
				same(t, "encoded", c.frames, encoded)
			}
			cut(t, s, c.frames)
			extended(t, s, c.frames)
		})
	}
}

// reencode decodes and encodes again: what we write must be what we read.
func reencode(s subject, encoded [][]byte) ([][]byte, error) {
	m, err := s.decodeFrames(encoded)
	if err != nil {
		return nil, err
	}
	return s.encode(m)
}

// cut decodes the message cut short at every octet: each time the error says
// that it is too short, or counts more than there is.
func cut(t *testing.T, s subject, frames [][]byte) {
	t.Helper()
	for n := range frames[0] {
		_, err := s.decode(frames[0][:n])
		var field *wire.FieldError
		if !errors.As(err, &field) {
			t.Fatalf("cut to %d octets: error %v is no FieldError", n, err)
		}
		if !errors.Is(err, wire.ErrShort) && !errors.Is(err, wire.ErrCount) {
			t.Errorf("cut to %d octets: %v", n, err)
		}
		if field.Offset > n {
			t.Errorf("cut to %d octets: offset %d in %v", n, field.Offset, err)
		}
		if _, again := s.reuse(frames[0][:n]); again == nil || again.Error() != err.Error() {
			t.Errorf("cut to %d octets: a Decoder says %v, Decode %v", n, again, err)
		}
	}
}

// extended decodes the message with an octet more than it has.
func extended(t *testing.T, s subject, frames [][]byte) {
	t.Helper()
	frame := append(bytes.Clone(frames[0]), 0)
	var field *wire.FieldError
	if _, err := s.decode(frame); !errors.Is(err, wire.ErrTrailing) || !errors.As(err, &field) {
		t.Errorf("with an octet more: %v", err)
	} else if field.Offset != len(frames[0]) {
		t.Errorf("with an octet more: %v; want offset %d", err, len(frames[0]))
	}
}

// capture is a line of a vector file.
type capture struct {
	file, name string
	frames     [][]byte // without the identity frame
}

func readVectors(t *testing.T) []capture {
	t.Helper()
	paths, err := filepath.Glob("testdata/vectors/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	var list []capture
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			line = strings.TrimSpace(line)
			if line == "" || strings.HasPrefix(line, "#") {
				continue
			}
			parts := strings.Split(line, " | ")
			c := capture{file: filepath.Base(path), name: parts[0]}
			for _, part := range parts[1:] {
				frame, err := hex.DecodeString(part)
				if err != nil {
					t.Fatalf("%s: %v", line, err)
				}
				c.frames = append(c.frames, frame)
			}
			// zyre's lines start with the identity that the ROUTER saw.
			if c.file == "zyre.txt" && !strings.HasPrefix(c.name, "BEACON") {
				if id := c.frames[0]; len(id) != 17 || id[0] != 1 {
					t.Fatalf("%s: identity %x", line, id)
				}
				c.frames = c.frames[1:]
			}
			list = append(list, c)
		}
	}
	return list
}

func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

func uuid(s string) [16]byte { return [16]byte(unhex(s)) }

func frames(texts ...string) [][]byte {
	var list [][]byte
	for _, text := range texts {
		list = append(list, []byte(text))
	}
	return list
}
