package eventjson

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/zre"
)

var id = uuid.MustParse("aaaaaaaa-0000-4000-8000-000000000001")

func TestEvents(t *testing.T) {
	at := time.Date(2026, 2, 3, 4, 5, 6, 7_800_000, time.FixedZone("", 3600))
	for name, test := range map[string]struct {
		ev   zre.Event
		at   time.Time
		want string
	}{
		"with the time": {
			zre.Event{Type: zre.EventShout, Group: "g", Content: [][]byte{[]byte("hi")}}, at,
			`{"event":"SHOUT","time":"2026-02-03T04:05:06.007+01:00","peer":"ID","name":"alice","group":"g","content":["hi"]}`,
		},
		"in UTC": {
			zre.Event{Type: zre.EventWhisper}, at.UTC(),
			`{"event":"WHISPER","time":"2026-02-03T03:05:06.007Z","peer":"ID","name":"alice","content":[]}`,
		},
		"ENTER with the time": {
			zre.Event{Type: zre.EventEnter, Endpoint: "tcp://192.0.2.1:1"}, at.UTC(),
			`{"event":"ENTER","time":"2026-02-03T03:05:06.007Z","peer":"ID","name":"alice","endpoint":"tcp://192.0.2.1:1","headers":{}}`,
		},
		"without": {
			zre.Event{Type: zre.EventJoin, Group: "g"}, time.Time{},
			`{"event":"JOIN","peer":"ID","name":"alice","group":"g"}`,
		},
		"octets that are no text": {
			zre.Event{Type: zre.EventWhisper, Content: [][]byte{{0xff, 0}, []byte("a\nb\x1b[2J")}}, time.Time{},
			`{"event":"WHISPER","peer":"ID","name":"alice","content":[{"base64":"/wA="},"a\nb\u001b[2J"]}`,
		},
	} {
		test.ev.Peer, test.ev.Name = id, "alice"
		got := Event(test.ev, test.at)
		if want := strings.ReplaceAll(test.want, "ID", id.String()); got != want {
			t.Errorf("%s:\n%s, want\n%s", name, got, want)
		}
		if !json.Valid([]byte(got)) {
			t.Errorf("%s: not JSON: %s", name, got)
		}
	}
}
