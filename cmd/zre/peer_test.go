package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gozre/zre/zre"
)

// What the commands about peers print in a pipe is for programs: all of a UUID, all headers.
func TestPeerCommandsInAPipe(t *testing.T) {
	keyed := alice
	keyed.Headers = map[string]string{keyHeader: "KEY"}
	for line, want := range map[string]struct{ plain, json string }{
		"/ping alice": {"alice answers after 0.412 ms",
			`{"event":"PING","time":"2026-11-28T14:00:00.000Z","peer":"<id>","name":"alice","seq":1,"rtt_ms":0.412}`},
		"/who chat": {"NAME            UUID                                  ADDRESS\nalice (leader)  <id>  tcp://127.0.0.1:1",
			`{"event":"WHO","time":"2026-11-28T14:00:00.000Z","group":"chat","own":false,"peers":["<id>"],"names":["alice"],"leader":"<id>"}`},
		"/info alice": {"name              alice\nUUID              <id>\naddress           tcp://127.0.0.1:1\ngroups            chat, time\n" +
			"leads             chat, time\nheaders           X-PUBLICKEY=KEY\nencrypted         no\nstate             answers\nidle              0s\nmessages in       0",
			`{"event":"INFO","time":"2026-11-28T14:00:00.000Z","peer":"<id>","name":"alice","endpoint":"tcp://127.0.0.1:1","groups":["chat","time"],` +
				`"headers":{"X-PUBLICKEY":"KEY"},"evasive":false,"idle_ms":0,"messages_in":0`},
	} {
		for _, asJSON := range []bool{false, true} {
			s, out := newTestShell(newFakeNode(keyed))
			s.format.json = asJSON
			s.now = func() time.Time { return time.Date(2026, 11, 28, 14, 0, 0, 0, time.UTC) }
			if err := s.execute(t.Context(), line); err != nil || len(*out) != 1 {
				t.Fatalf("%s: %q, %v", line, *out, err)
			}
			expected := want.plain
			if asJSON {
				expected = want.json
				if !json.Valid([]byte((*out)[0])) {
					t.Errorf("%s: not JSON: %s", line, (*out)[0])
				}
			}
			expected = strings.ReplaceAll(expected, "<id>", alice.ID.String())
			if !strings.HasPrefix((*out)[0], expected) {
				t.Errorf("%s:\n%s\nwant\n%s", line, (*out)[0], expected)
			}
		}
	}
}

func TestPingThatFails(t *testing.T) {
	for cause, want := range map[error]string{
		context.DeadlineExceeded: "alice does not answer within 10s", zre.ErrPeerGone: "alice has left",
		zre.ErrUnknownPeer: "alice has left", zre.ErrClosed: "node is closed",
	} {
		n := newFakeNode(alice)
		n.sendErr = fmt.Errorf("ping: %w", cause)
		s, _ := newTestShell(n)
		if err := s.execute(t.Context(), "/ping alice"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q", cause, err, want)
		}
	}
}

func TestMilliseconds(t *testing.T) {
	for d, want := range map[time.Duration]string{
		412 * time.Microsecond: "0.412 ms", 12345 * time.Microsecond: "12.3 ms", 1500 * time.Millisecond: "1500 ms",
	} {
		if got := milliseconds(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

func TestSendFileToAGroup(t *testing.T) {
	n := newFakeNode(alice, bob)
	s, out := newTestShell(n)
	for _, line := range []string{"/join chat", "/send testdata/notes.txt"} {
		if err := s.execute(t.Context(), line); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := (*out)[len(*out)-1], "sent notes.txt, 23 octets to 2 in chat, as one message; its name is not sent"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if err := s.execute(t.Context(), "/join empty"); err != nil {
		t.Fatal(err)
	}
	n.done()
	if err := s.execute(t.Context(), "/send testdata/notes.txt"); !errors.Is(err, errNobody) || len(n.done()) > 0 {
		t.Errorf("to an empty group: %v", err)
	}
}

func TestReadFileIsBounded(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, make([]byte, 11), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := readFile(file, 10); err == nil || !strings.Contains(err.Error(), "has 11 octets; a message has at most 10 octets") {
		t.Errorf("%v", err)
	}
	if data, err := readFile(file, 11); err != nil || len(data) != 11 {
		t.Errorf("%d octets, %v", len(data), err)
	}
	if _, err := readFile(os.DevNull, 10); err == nil || !strings.Contains(err.Error(), "not a file with content") {
		t.Errorf("%v", err)
	}
}
