package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/gozre/zre/zre"
)

func TestEventLines(t *testing.T) {
	id := alice.ID
	tests := map[string]struct {
		ev    zre.Event
		plain string
		json  string
	}{
		"ENTER": {
			zre.Event{Type: zre.EventEnter, Endpoint: "tcp://127.0.0.1:1", Headers: map[string]string{"b": "2", "a": "1"}},
			"ENTER   alice " + id.String() + " tcp://127.0.0.1:1 a=1 b=2",
			`{"event":"ENTER","peer":"ID","name":"alice","endpoint":"tcp://127.0.0.1:1","headers":{"a":"1","b":"2"}}`},
		"ENTER without headers": {
			zre.Event{Type: zre.EventEnter, Endpoint: "tcp://127.0.0.1:1"},
			"ENTER   alice " + id.String() + " tcp://127.0.0.1:1",
			`{"event":"ENTER","peer":"ID","name":"alice","endpoint":"tcp://127.0.0.1:1","headers":{}}`},
		"JOIN":  {zre.Event{Type: zre.EventJoin, Group: "chat"}, "JOIN    alice chat", `{"event":"JOIN","peer":"ID","name":"alice","group":"chat"}`},
		"LEAVE": {zre.Event{Type: zre.EventLeave, Group: "chat"}, "LEAVE   alice chat", `{"event":"LEAVE","peer":"ID","name":"alice","group":"chat"}`},
		"SHOUT": {
			zre.Event{Type: zre.EventShout, Group: "chat", Content: frames("<hello> & welcome", "žluť")},
			"SHOUT   alice chat: <hello> & welcome | žluť",
			`{"event":"SHOUT","peer":"ID","name":"alice","group":"chat","content":["<hello> & welcome","žluť"]}`},
		"WHISPER": {
			zre.Event{Type: zre.EventWhisper, Content: frames("line\n", "\xff\x00", "")},
			`WHISPER alice: line | \xff\x00 | `,
			`{"event":"WHISPER","peer":"ID","name":"alice","content":["line\n",{"base64":"/wA="},""]}`},
		"WHISPER of nothing": {zre.Event{Type: zre.EventWhisper}, "WHISPER alice: ", `{"event":"WHISPER","peer":"ID","name":"alice","content":[]}`},
		"EXIT":               {zre.Event{Type: zre.EventExit, Reason: zre.ReasonGoodbye}, "EXIT    alice " + id.String() + " goodbye", `{"event":"EXIT","peer":"ID","name":"alice","reason":"goodbye"}`},
		"LEADER":             {zre.Event{Type: zre.EventLeader, Group: "g"}, "LEADER  alice g", `{"event":"LEADER","peer":"ID","name":"alice","group":"g"}`},
		"EVASIVE":            {zre.Event{Type: zre.EventEvasive}, "EVASIVE alice does not answer", `{"event":"EVASIVE","peer":"ID","name":"alice"}`},
		"SILENT":             {zre.Event{Type: zre.EventSilent}, "SILENT  alice has not answered for long", `{"event":"SILENT","peer":"ID","name":"alice"}`},
		"harmful": {
			zre.Event{Type: zre.EventShout, Group: "g\x1b[2J\u202e", Content: frames("\x1b]0;t\x07\u009b\u2066")},
			`SHOUT   alice g\x1b[2J\u202e: \x1b]0;t\x07\u009b\u2066`,
			`{"event":"SHOUT","peer":"ID","name":"alice","group":"g\u001b[2J\u202e","content":["\u001b]0;t\u0007\u009b\u2066"]}`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			test.ev.Peer, test.ev.Name = id, "alice"
			if got := (format{}).event(test.ev, "alice"); got != test.plain {
				t.Errorf("plain\n%q, want\n%q", got, test.plain)
			}
			got := format{json: true}.event(test.ev, "alice")
			if want := strings.ReplaceAll(test.json, "ID", id.String()); got != want {
				t.Errorf("json\n%s, want\n%s", got, want)
			}
			if !json.Valid([]byte(got)) {
				t.Errorf("not JSON: %s", got)
			}
		})
	}
}

func frames(list ...string) [][]byte {
	var out [][]byte
	for _, f := range list {
		out = append(out, []byte(f))
	}
	return out
}

// Two peers with one name get different labels, as long as there are two.
func TestLabels(t *testing.T) {
	r := roster{own: "me"}
	enter := func(p zre.Peer) zre.Event { return zre.Event{Type: zre.EventEnter, Peer: p.ID, Name: p.Name} }
	exit := func(p zre.Peer) zre.Event { return zre.Event{Type: zre.EventExit, Peer: p.ID, Name: p.Name} }
	say := func(p zre.Peer) zre.Event { return zre.Event{Type: zre.EventShout, Peer: p.ID, Name: p.Name} }
	impostor := zre.Peer{ID: uuid.MustParse("eeeeeeee-0000-4000-8000-000000000000"), Name: "me"}
	nameless := zre.Peer{ID: alice.ID}
	for i, step := range []struct {
		ev   zre.Event
		want string
	}{
		{enter(bob), "bob"}, {say(bob), "bob"}, {enter(twin), "bob/ccccbb"}, {say(bob), "bob/aaccbb"}, {exit(twin), "bob/ccccbb"}, {say(bob), "bob"},
		{enter(impostor), "me/eeeeee"}, {enter(nameless), "/aabbaa"},
	} {
		if got := r.label(step.ev); got != step.want {
			t.Errorf("step %d: %q, want %q", i, got, step.want)
		}
	}
}
