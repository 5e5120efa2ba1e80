package eventjson

import (
	"encoding/json"
	"errors"
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/zre"
)

var update = flag.Bool("update", false, "write the golden file")

// everything is each object, with all fields and with those that are always there.
func everything() []any {
	began := time.Date(2026, 2, 3, 4, 5, 6, 789e6, time.FixedZone("", 3600))
	at := Time(began)
	bob := uuid.MustParse("bbbbbbbb-0000-4000-8000-000000000002")
	full := zre.Peer{
		ID: bob, Name: "bob\x1b", Endpoint: "tcp://192.0.2.2:41000", Groups: []string{"chat"},
		Headers: map[string]string{"z": "1", "a": "<2>"}, Evasive: true, PublicKey: "KEY", Idle: 1500 * time.Millisecond,
	}
	unreached := UnreachedOf(&zre.UnsettledError{
		Servers: []zre.UnansweredServer{{Server: "192.0.2.9:31337", Err: errors.New("refused")}},
		Peers: []zre.Unreached{
			{Endpoint: "tcp://192.0.2.3:1", Err: errors.New("no answer")},
			{Peer: bob, Name: "bob", Endpoint: "tcp://192.0.2.2:41000", Err: errors.New("no answer")},
		},
	})
	ms, zero := Milliseconds(1234567*time.Nanosecond), Milliseconds(0)
	peers := []zre.Peer{full, {ID: id, Name: "alice"}}
	return []any{
		Peers{"PEERS", at, []Peer{PeerOf(full, 412*time.Microsecond), PeerOf(peers[1], 0)}, unreached},
		Peers{"PEERS", at, []Peer{}, nil},
		Info{"INFO", at, PeerOf(full, time.Millisecond)},
		Groups{"GROUPS", at, []Group{GroupOf("chat", peers[:1])}, nil},
		Groups{"GROUPS", at, []Group{{"chat", true, []uuid.UUID{}, []string{}, &bob}}, unreached[:1]},
		Who{"WHO", at, GroupOf("chat", peers)},
		Members{"MEMBERS", at, "chat", 2, MembersOf(peers)},
		Sent{"SENT", at, "chat", 5, MembersOf(peers[1:]), []Missed{{bob, "bob", "peer is gone: expired"}}, unreached[:1]},
		Sent{"SENT", at, "", 5, MembersOf(peers[1:]), nil, nil},
		Answer{"ANSWER", at, bob, "bob", 0, ms, Content{[]byte("text\n"), {0xff, 0}, {}}},
		Answer{"ANSWER", at, bob, "bob", 2, ms, nil},
		Ran{"RAN", at, "SHOUT", bob, "bob", "chat", 1, "exit status 1", ms},
		Ran{"RAN", at, "ENTER", bob, "bob", "", 0, "", ms},
		Transfer{"PUT", at, "progress", "00112233445566778899aabbccddeeff", bob, "bob", 2, 1000, 5000, nil, ""},
		Transfer{"PUT", at, "failed", "00112233445566778899aabbccddeeff", bob, "bob", 2, 1000, 5000, nil, "it left"},
		Transfer{"GET", at, "done", "00112233445566778899aabbccddeeff", bob, "bob", 2, 5000, 5000, []string{"in/photos"}, ""},
		Ping{"PING", at, bob, "bob", 1, &ms, ""},
		Ping{"PING", at, bob, "bob", 2, nil, "no answer within 5 s"},
		Pings{"PINGS", at, bob, "bob", 2, 1, &ms, &ms, &ms, &zero},
		Pings{"PINGS", at, bob, "bob", 2, 0, nil, nil, nil, nil},
		Start{"START", id, "alice", "tcp://192.0.2.1:41000", map[string]string{"role": "printer"}},
		Start{"START", id, "alice", "tcp://192.0.2.1:41000", nil},
		ProblemsOf([]zre.Problem{
			{Kind: zre.ProblemPeer, Where: "192.0.2.2:41000", Peer: bob, Cause: "timed out", Advice: "allow it", Since: began},
			{Kind: zre.ProblemGossip, Where: "192.0.2.9:31337", Cause: "refused", Advice: "start it", Since: began},
		}, began),
		ProblemsOf(nil, began),
		Map{"MAP", at, "http://127.0.0.1:34535/?token=28793bb79913eab566d5a0501a92bc51"},
		Doctor{"DOCTOR", at, "v1.2.3", false, []Finding{{"key", "lab_secret has mode 0644", "others can read it", "chmod 600 lab_secret"}}, []Fact{{"peers", "0 reached"}}},
		Doctor{"DOCTOR", at, "v1.2.3", true, []Finding{}, []Fact{}},
		Key{"KEY", at, "KEY", "lab", "lab_secret"},
		Version{"VERSION", "v1.2.3", "go1.26.0", "linux/amd64", "0123456789ab", "2026-02-03T04:05:06Z"},
		Version{"VERSION", "(devel)", "go1.26.0", "linux/amd64", "", ""},
		Tuple{"TUPLE", at, id.String(), "", "tcp://192.0.2.1:41000", "KEY", &ms},
		Tuple{"TUPLE", at, "", "key", "tcp://192.0.2.1:41000", "", nil},
	}
}

// The objects are what scripts rely on: what the golden file holds stays as it is. A new field
// is added to it by go test ./cmd/internal/eventjson -update.
func TestGolden(t *testing.T) {
	const file = "testdata/objects.jsonl"
	var b strings.Builder
	for _, o := range everything() {
		b.WriteString(Line(o) + "\n")
	}
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	got, wanted := strings.Split(b.String(), "\n"), strings.Split(string(want), "\n")
	if len(got) != len(wanted) {
		t.Fatalf("%d objects, want %d", len(got)-1, len(wanted)-1)
	}
	for i := range got {
		if got[i] != wanted[i] {
			t.Errorf("%s\nwant %s", got[i], wanted[i])
		}
	}
}

// zre(7) describes each object and each field.
func TestManualDescribes(t *testing.T) {
	page, err := os.ReadFile("../../../packaging/man/zre.7.md")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(string(page), `\_`, "_")
	for _, o := range everything() {
		var fields map[string]any
		if err := json.Unmarshal([]byte(Line(o)), &fields); err != nil {
			t.Fatal(err)
		}
		name, _ := fields["event"].(string)
		begin := strings.LastIndex(text, "\n**"+name+"**\n")
		if begin < 0 {
			t.Errorf("zre.7.md has no **%s**", name)
			continue
		}
		about, _, _ := strings.Cut(text[begin+1:], "\n\n")
		if name == "INFO" { // It has the fields of PEERS.
			name = "PEERS"
			begin = strings.LastIndex(text, "\n**PEERS**\n")
			about, _, _ = strings.Cut(text[begin+1:], "\n\n")
		}
		for _, field := range names(fields, name) {
			if !strings.Contains(about, "**"+field+"**") {
				t.Errorf("zre.7.md does not say what %s is in %s", field, name)
			}
		}
	}
}

// names are the fields of an object, and of those in its arrays, that have to be described with
// it. Who was not reached is described with PEERS, and a peer of GROUPS or MEMBERS is a peer.
func names(object map[string]any, kind string) (list []string) {
	for field, value := range object {
		switch {
		case field == "event" || field == "time" || field == "headers" || field == "base64":
		case field == "unreached" && kind != "PEERS":
		default:
			list = append(list, field)
			elements, _ := value.([]any)
			for _, e := range elements {
				if inner, ok := e.(map[string]any); ok {
					list = append(list, names(inner, kind)...)
				}
			}
		}
	}
	return list
}
