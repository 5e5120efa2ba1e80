package fuzz

import (
	"bytes"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gozre/zre/gen/testdata/codec/everythingmsg"
	"github.com/gozre/zre/internal/codec/zgossipmsg"
	"github.com/gozre/zre/internal/codec/zrebeacon"
	"github.com/gozre/zre/internal/codec/zremsg"
)

// seedFrames gives the captured frames, those of the encoder, and some that
// are damaged.
func seedFrames(f *testing.F) {
	f.Helper()
	for _, frame := range frames(f) {
		f.Add(frame)
		f.Add(frame[:len(frame)/2])
		f.Add(append(bytes.Clone(frame), 0))
	}
	f.Add([]byte{})
	// Lengths and counts that promise far more than there is.
	for _, text := range []string{
		"aaa10102000100ffffffff", "aaa1010200010000000000000000ffffffff", "aaa002010161ffffffff", "aaa10102000100000000000000ffffffff",
	} {
		f.Add(unhex(f, text))
	}
}

// frames returns the captured frames and those of the encoder.
func frames(f *testing.F) [][]byte {
	f.Helper()
	paths, err := filepath.Glob("../internal/codec/testdata/vectors/*.txt")
	if err != nil || len(paths) == 0 {
		f.Fatalf("no captured frames: %v", err)
	}
	var list [][]byte
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
				continue
			}
			for _, frame := range strings.Split(line, " | ")[1:] {
				list = append(list, unhex(f, frame))
			}
		}
	}
	const text = "tcp://192.0.2.1:41000"
	hash := map[string]string{"": "", "X-ROLE": "printer", "k": strings.Repeat("v", 300)}
	for _, m := range []message{
		&zremsg.Hello{Sequence: 1, Endpoint: text, Groups: []string{"", "CHAT"}, Status: 2, Name: "alice", Headers: hash},
		&zremsg.Join{Sequence: 65535, Group: strings.Repeat("g", 255)},
		&zgossipmsg.Publish{Key: "\x00\xff", Value: text, TTL: 1<<32 - 1},
		&zrebeacon.Secure{Port: 1},
		&everythingmsg.Numbers{SequenceNumber: 1, Eight: 1<<64 - 1},
		&everythingmsg.Octets{Blob: []byte{1, 2, 3}},
		&everythingmsg.Texts{Short: "short", Long: "long", AuthorFullName: "Ada"},
		&everythingmsg.ListsAndMaps{List: []string{"a", "", "b"}, Map: hash},
		&everythingmsg.Frames{Before: "x"},
		&everythingmsg.OneFrame{},
	} {
		frame, err := m.AppendTo(nil)
		if err != nil {
			f.Fatal(err)
		}
		list = append(list, frame)
	}
	return list
}

func unhex(f *testing.F, s string) []byte {
	f.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		f.Fatal(err)
	}
	return b
}
