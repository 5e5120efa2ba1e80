package oneshot

import (
	"context"
	"strings"
	"testing"

	"github.com/gozre/zre/zre"
)

// answerer starts a node that answers requests: with what answer returns, or not at all.
func answerer(t *testing.T, name string, answer func(id string, ev zre.Event) [][][]byte, groups ...string) *zre.Node {
	t.Helper()
	n := listener(t, name, groups...)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ev := range n.Events() {
			id, _, ok := parseRequest(ev.Content)
			if !ok {
				continue
			}
			for _, content := range answer(id, ev) {
				_ = n.Whisper(context.Background(), ev.Peer, content...) // it may have left
			}
		}
	}()
	t.Cleanup(func() {
		_ = n.Close()
		<-done
	})
	return n
}

func says(status int, text string) func(string, zre.Event) [][][]byte {
	return func(id string, _ zre.Event) [][][]byte {
		return [][][]byte{{replyFrame(id, status), []byte(text)}}
	}
}

func silent(string, zre.Event) [][][]byte { return nil }

func TestRequest(t *testing.T) {
	t.Parallel()
	echo := func(id string, ev zre.Event) [][][]byte {
		content := ev.Content[1:]
		return [][][]byte{
			frames("no answer"), {replyFrame(newRequestID(), 0), []byte("of another request")},
			append([][]byte{replyFrame(id, 0)}, content...), {replyFrame(id, 0), []byte("a second one")},
		}
	}
	alice := answerer(t, "alice", echo, "g")
	run(t, 0, []*zre.Node{alice}, "request", "alice", "hello").says("hello", "")
	r := start(t, "a\x00\xff", []*zre.Node{alice}, "request", "--group", "g", "--frame", "x", "-f", "-")
	if r.wait(0); r.stdout.String() != "xa\x00\xff" {
		t.Errorf("%q", r.stdout)
	}
	run(t, 0, []*zre.Node{alice}, "request", "--json", "alice", "hello").says(`"name":"alice","status":0,"rtt_ms":`, "")
	run(t, 0, []*zre.Node{alice}, "request", "-F", "{name} {type}: {payload}", "alice", "hello").says("alice WHISPER: hello\n", "")
}

func TestRequestOfSeveral(t *testing.T) {
	t.Parallel()
	nodes := []*zre.Node{answerer(t, "alice", says(0, "a"), "g"), answerer(t, "bob", says(3, "b"), "g"), answerer(t, "carol", silent, "g")}
	r := run(t, 1, nodes[:2], "request", "--group", "g", "--all", "x")
	r.says("a\n", "bob ("+nodes[1].ID().String()+") answers with status 3")
	if text := r.stdout.String(); len(text) != len("a\nb\n") || !strings.Contains(text, "b\n") {
		t.Errorf("printed %q", text)
	}
	run(t, 0, []*zre.Node{nodes[0], nodes[2]}, "request", "--group", "g", "x").says("a", "")
	run(t, 4, []*zre.Node{nodes[0], nodes[2]}, "request", "--group", "g", "-c", "2", "-t", "2", "x").
		says("a\n", "after 2 s: 1 of 2 answers; none from carol ("+nodes[2].ID().String()+")")
	run(t, 1, nodes[1:2], "request", "bob", "x").says("b", "answers with status 3")
}

func TestRequestStatuses(t *testing.T) {
	t.Parallel()
	carol := answerer(t, "carol", silent, "g")
	run(t, 3, []*zre.Node{carol}, "request", "bob", "x").says("", "there is no peer called bob")
	run(t, 3, []*zre.Node{carol}, "request", "--group", "time", "x").says("", "nobody is in time")
	run(t, 4, []*zre.Node{carol}, "request", "-t", "1.5", "carol", "x").says("", "after 1.5 s: no answer; none from carol")
	run(t, 2, nil, "request", "--all", "-c", "2", "--group", "g", "x").says("", "--all and --count")
	run(t, 2, nil, "request", "--json", "-F", "x", "bob", "x").says("", "--json has a format")
	run(t, 1, []*zre.Node{answerer(t, "dora", says(statusLate, ""))}, "request", "dora", "x").says("", "its command took too long")

	r := start(t, "", []*zre.Node{carol}, "request", "-t", "0", "carol", "x")
	until(t, "the request", func() bool { return len(carol.Peers()) > 0 && carol.Peers()[0].Stats.MessagesIn > 2 })
	r.interrupt()
	r.wait(130).says("", "")

	r = start(t, "", []*zre.Node{carol}, "request", "-t", "0", "carol", "x")
	until(t, "the request", func() bool { return len(carol.Peers()) > 0 && carol.Peers()[0].Stats.MessagesIn > 2 })
	must(t, carol.Close())
	r.wait(4).says("", "carol ("+carol.ID().String()+") left before it answered")
	if strings.Contains(r.stderr.String(), "after 0 s") {
		t.Error(r.stderr)
	}
}
