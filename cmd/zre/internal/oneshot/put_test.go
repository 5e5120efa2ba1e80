package oneshot

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/uuid"

	"github.com/gozre/zre/cmd/zre/internal/transfer"
	"github.com/gozre/zre/zre"
)

// getterNode is a node that seems to run zre get.
func getterNode(t *testing.T, name string, groups ...string) *zre.Node {
	t.Helper()
	return peerWith(t, name, func(cfg *zre.Config) {
		cfg.Groups, cfg.Headers = groups, map[string]string{transfer.Header: "1"}
	})
}

// nextMessage takes the next message about files of a type, and its sender.
func nextMessage[T transfer.Message](t *testing.T, n *zre.Node) (T, uuid.UUID) {
	t.Helper()
	for {
		ev := next(t, n, zre.EventWhisper)
		m, err := transfer.Parse(ev.Content)
		must(t, err)
		if m, ok := m.(T); ok {
			return m, ev.Peer
		}
	}
}

func say(t *testing.T, n *zre.Node, to uuid.UUID, messages ...transfer.Message) {
	t.Helper()
	for _, m := range messages {
		must(t, n.Whisper(within(t), to, transfer.Frames(m)...))
	}
}

// fileOf makes a file of that content.
func fileOf(t *testing.T, content string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(name, []byte(content), 0o644))
	return name
}

func TestPutNobody(t *testing.T) {
	t.Parallel()
	file := fileOf(t, "hello")
	bob := peer(t, "bob", "chat")
	nodes := []*zre.Node{bob}
	run(t, 3, nodes, "put", file, "bob").says("", "bob does not run zre get")
	run(t, 3, nodes, "put", file, "chat").says("", "nobody in chat runs zre get")
	run(t, 3, nodes, "put", file, "alice").says("", "there is no group and no peer alice")
	run(t, 3, nodes, "put", "--group", "bob", file).says("", "nobody is in bob")
	run(t, 1, nodes, "put", file+"x", "bob").says("", "file")
	run(t, 2, nodes, "put", file).says("", "which file, and whom is it for?")
	run(t, 2, nodes, "put", "--group", "chat").says("", "which file?")
	both := getterNode(t, "chat", "chat")
	run(t, 2, []*zre.Node{both}, "put", file, "chat").says("", "chat is a group and a peer")
}

func TestPutAnswers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer func(t *testing.T, n *zre.Node, id transfer.ID, putter uuid.UUID)
		status int
		says   string
	}{
		"refused": {func(t *testing.T, n *zre.Node, id transfer.ID, putter uuid.UUID) {
			say(t, n, putter, transfer.Refuse{ID: id, Reason: "no\x1b[2J"})
		}, 1, `no\x1b[2J`},
		"failed there": {func(t *testing.T, n *zre.Node, id transfer.ID, putter uuid.UUID) {
			say(t, n, putter, transfer.Take{ID: id}, transfer.Result{ID: id, Reason: "disk full"})
		}, 1, "disk full"},
		"failed later": {func(t *testing.T, n *zre.Node, id transfer.ID, putter uuid.UUID) {
			say(t, n, putter, transfer.Accept{ID: id, Run: 1})
			nextMessage[transfer.Data](t, n)
			say(t, n, putter, transfer.Refuse{ID: id, Reason: "changed my mind"})
		}, 1, "not received by bob"},
		"confirmed without having taken it": {func(t *testing.T, n *zre.Node, id transfer.ID, putter uuid.UUID) {
			say(t, n, putter, transfer.Result{ID: id}, transfer.Refuse{ID: id})
		}, 1, "refused by bob"},
		"about something else": {func(t *testing.T, n *zre.Node, _ transfer.ID, putter uuid.UUID) {
			id := transfer.ID{1}
			say(t, n, putter, transfer.Take{ID: id}, transfer.Accept{ID: id}, transfer.Result{ID: id}, transfer.Refuse{ID: id})
		}, 4, "nobody has taken it; no answer from bob"},
		"left": {func(t *testing.T, n *zre.Node, id transfer.ID, putter uuid.UUID) {
			say(t, n, putter, transfer.Accept{ID: id, Run: 1})
			nextMessage[transfer.Data](t, n)
			must(t, n.Close())
		}, 1, "it left before it had everything"},
		"twice": {func(t *testing.T, n *zre.Node, id transfer.ID, putter uuid.UUID) {
			for run := range uint32(2) {
				say(t, n, putter, transfer.Accept{ID: id, Run: run})
				if d, _ := nextMessage[transfer.Data](t, n); d.Run != run || string(d.Payload) != "hello" || !d.End {
					t.Errorf("run %d: %+v", run, d)
				}
			}
			say(t, n, putter, transfer.Result{ID: id})
		}, 0, "bob has it: 1 file, 5 B"},
		"claims that make no sense": {func(t *testing.T, n *zre.Node, id transfer.ID, putter uuid.UUID) {
			say(t, n, putter, transfer.Accept{ID: id, Claims: []transfer.Claim{{Octets: 1 << 60}, {Index: 9, Octets: 1}}})
			if d, _ := nextMessage[transfer.Data](t, n); string(d.Payload) != "hello" {
				t.Errorf("%+v", d)
			}
			say(t, n, putter, transfer.Result{ID: id})
		}, 0, "bob has it"},
		"another file is kept": {func(t *testing.T, n *zre.Node, id transfer.ID, putter uuid.UUID) {
			say(t, n, putter, transfer.Accept{ID: id, Claims: []transfer.Claim{{Octets: 5, Keep: true}}})
			if d, _ := nextMessage[transfer.Data](t, n); !d.Differs {
				t.Errorf("%+v", d)
			}
			say(t, n, putter, transfer.Result{ID: id, Reason: "already there"})
		}, 1, "already there"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := getterNode(t, "bob", "inbox")
			r := start(t, "", []*zre.Node{n}, "put", "--accept-within", "3", fileOf(t, "hello"), "inbox")
			offer, putter := nextMessage[transfer.Offer](t, n)
			if len(offer.Entries) != 1 || offer.Entries[0].Name != "file" || offer.Entries[0].Size != 5 {
				t.Errorf("%+v", offer)
			}
			c.answer(t, n, offer.ID, putter)
			r.wait(c.status).says("", c.says)
		})
	}
}

// One who takes it is enough; the other one is named.
func TestPutSomeRefuse(t *testing.T) {
	t.Parallel()
	yes, no := getterNode(t, "yes", "inbox"), getterNode(t, "no", "inbox")
	r := start(t, "", []*zre.Node{yes, no}, "put", "--json", fileOf(t, "hello"), "inbox")
	offer, putter := nextMessage[transfer.Offer](t, no)
	say(t, no, putter, transfer.Refuse{ID: offer.ID, Reason: "full"})
	nextMessage[transfer.Offer](t, yes)
	say(t, yes, putter, transfer.Accept{ID: offer.ID}, transfer.Result{ID: offer.ID})
	r.wait(0).says(`"reason":"full"`, "refuses: full")
	r.says(`"state":"done"`, "no (")
}

// --timeout ends also what was begun, and says how far it was.
func TestPutTimeout(t *testing.T) {
	t.Parallel()
	n := getterNode(t, "bob", "inbox")
	r := start(t, "", []*zre.Node{n}, "put", "-t", "4", fileOf(t, "hello"), "inbox")
	offer, putter := nextMessage[transfer.Offer](t, n)
	say(t, n, putter, transfer.Take{ID: offer.ID})
	r.wait(1).says("", "after 4 s: not received by bob")
}
