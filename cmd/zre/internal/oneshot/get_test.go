package oneshot

import (
	"crypto/sha256"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/gozre/zre/cmd/zre/internal/transfer"
	"github.com/gozre/zre/zre"
)

// giver is a node that seems to run zre put, and the zre get that it meets.
type giver struct {
	*zre.Node
	*running
	to  uuid.UUID
	dir string
}

// meet starts zre get with these flags.
func meet(t *testing.T, flags ...string) giver {
	t.Helper()
	g := giver{Node: peerWith(t, "alice", func(*zre.Config) {}), dir: t.TempDir()}
	g.running = start(t, "", []*zre.Node{g.Node}, append(append([]string{"get"}, flags...), "inbox", g.dir)...)
	ev := next(t, g.Node, zre.EventEnter)
	if ev.Headers[transfer.Header] != "1" {
		t.Fatalf("headers %v", ev.Headers)
	}
	g.to = ev.Peer
	return g
}

// names is what is in the directory.
func (g giver) names() string {
	g.t.Helper()
	list, err := os.ReadDir(g.dir)
	must(g.t, err)
	var names []string
	for _, e := range list {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}

func offerOf(id byte, name string, size int64) transfer.Offer {
	return transfer.Offer{ID: transfer.ID{id}, Entries: []transfer.Entry{{Name: name, Mode: 0o644, Size: size}}}
}

// whole is a file in one piece.
func whole(id byte, run uint32, content string) transfer.Data {
	return transfer.Data{ID: transfer.ID{id}, Run: run, End: true, Sum: sha256.Sum256([]byte(content)), Payload: []byte(content)}
}

// result waits for a result, and holds what is in it.
func (g giver) result(want string) {
	g.t.Helper()
	if m, _ := nextMessage[transfer.Result](g.t, g.Node); m.Reason != want && (want == "" || !strings.Contains(m.Reason, want)) {
		g.t.Errorf("result %q, want %q", m.Reason, want)
	}
}

func TestGet(t *testing.T) {
	t.Parallel()
	g := meet(t, "--yes", "--count", "2")
	for id := byte(1); id <= 2; id++ {
		name := "file" + string('0'+id)
		say(t, g.Node, g.to, offerOf(id, name, 5))
		accept, _ := nextMessage[transfer.Accept](t, g.Node)
		old := whole(id, accept.Run+1, "other")
		say(t, g.Node, g.to, old, whole(id, accept.Run, "hello"))
		g.result("")
		if data, err := os.ReadFile(filepath.Join(g.dir, name)); err != nil || string(data) != "hello" {
			t.Errorf("%q, %v", data, err)
		}
	}
	g.wait(0).says(filepath.Join(g.dir, "file1")+"\n"+filepath.Join(g.dir, "file2")+"\n", "received from alice: 1 file, 5 B")
}

// Offers of names that lead elsewhere are not answered, and what is no message is ignored.
func TestGetHostile(t *testing.T) {
	t.Parallel()
	g := meet(t, "--yes", "--stay")
	for i, name := range []string{"../escaped", "/escaped", "a/../../escaped", ".", "", `..\escaped`, "a\x00"} {
		say(t, g.Node, g.to, offerOf(byte(i), name, 5), whole(byte(i), 1, "hello"))
	}
	must(t, g.Whisper(within(t), g.to, []byte("ZRE-FILES/1 "), nil))
	must(t, g.Whisper(within(t), g.to, []byte("hello")))
	say(t, g.Node, g.to, whole(9, 1, "hello"), transfer.Accept{}, transfer.Result{}, transfer.Take{}, transfer.Refuse{})
	say(t, g.Node, g.to, offerOf(100, "good", 5))
	nextMessage[transfer.Accept](t, g.Node)
	say(t, g.Node, g.to, whole(100, 1, "jello"[:4]))
	g.result("it ended 1 octets too early")
	if names := g.names(); names != ".zre-part-good" {
		t.Errorf("%q is there", names)
	}
	if list, err := os.ReadDir(filepath.Dir(g.dir)); err != nil || strings.Contains(list[0].Name(), "escaped") {
		t.Error(list, err)
	}
	g.interrupt()
	g.wait(1)
}

func TestGetRefuses(t *testing.T) {
	t.Parallel()
	for want, flags := range map[string][]string{
		"without --yes":                      {},
		"more than it takes (--max-size 1K)": {"--yes", "--max-size", "1K"},
	} {
		g := meet(t, append(flags, "-t", "15")...)
		say(t, g.Node, g.to, offerOf(1, "file", 1025))
		if m, _ := nextMessage[transfer.Refuse](t, g.Node); !strings.Contains(m.Reason, want) {
			t.Errorf("%q, want %q", m.Reason, want)
		}
		g.interrupt()
		g.wait(130).says("", "refused file from alice")
		if names := g.names(); names != "" {
			t.Errorf("%s is there", names)
		}
	}
}

func TestGetExisting(t *testing.T) {
	t.Parallel()
	g := meet(t, "--yes")
	must(t, os.WriteFile(filepath.Join(g.dir, "file"), []byte("older"), 0o644))
	say(t, g.Node, g.to, offerOf(1, "file", 5))
	accept, _ := nextMessage[transfer.Accept](t, g.Node)
	if len(accept.Claims) != 1 || !accept.Claims[0].Keep || accept.Claims[0].Sum != sha256.Sum256([]byte("older")) {
		t.Errorf("%+v", accept)
	}
	// A putter that sends it all the same does not replace it.
	say(t, g.Node, g.to, whole(1, accept.Run, "hello"))
	g.result("file: already there, and not the same (--force replaces it)")
	g.wait(1).says("", "--force replaces it")
	if data, err := os.ReadFile(filepath.Join(g.dir, "file")); err != nil || string(data) != "older" {
		t.Errorf("%q, %v", data, err)
	}
}

// The peer leaves in the middle, and gives the same again.
func TestGetAgain(t *testing.T) {
	t.Parallel()
	g := meet(t, "--yes", "--json")
	say(t, g.Node, g.to, offerOf(1, "file", 5))
	nextMessage[transfer.Accept](t, g.Node)
	say(t, g.Node, g.to, transfer.Data{ID: transfer.ID{1}, Run: 1, Payload: []byte("hel")}, transfer.Refuse{ID: transfer.ID{1}, Reason: "oops"})
	say(t, g.Node, g.to, offerOf(2, "file", 5))
	accept, _ := nextMessage[transfer.Accept](t, g.Node)
	if len(accept.Claims) != 1 || accept.Claims[0].Octets != 3 || accept.Claims[0].Keep {
		t.Errorf("%+v", accept)
	}
	rest := whole(2, accept.Run, "hello")
	rest.Offset, rest.Payload = 3, rest.Payload[3:]
	say(t, g.Node, g.to, rest)
	g.result("")
	g.wait(0).says(`"state":"done"`, "it gave up: oops")
}

// The result comes again when the peer asks again.
func TestGetResultAgain(t *testing.T) {
	t.Parallel()
	g := meet(t, "--yes", "--stay")
	say(t, g.Node, g.to, offerOf(1, "file", 5))
	nextMessage[transfer.Accept](t, g.Node)
	say(t, g.Node, g.to, whole(1, 1, "hello"))
	g.result("")
	say(t, g.Node, g.to, offerOf(1, "file", 5))
	g.result("")
	g.interrupt()
	g.wait(0)
}

func TestGetUsage(t *testing.T) {
	t.Parallel()
	run(t, 2, nil, "get").says("", "right: zre get GROUP")
	run(t, 2, nil, "get", "a", "b", "c").says("", `"c" is too much`)
	run(t, 2, nil, "get", "a", "b", "--dir", "c").says("", "DIR and --dir are the same")
	run(t, 2, nil, "get", "").says("", "a group's name has 1")
	file := fileOf(t, "x")
	run(t, 1, nil, "get", "a", file).says("", "not a directory")
	run(t, 4, nil, "get", "-t", "0.5", "a", t.TempDir()).says("", "0 of 1 transfers")
}
