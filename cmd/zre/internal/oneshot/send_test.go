package oneshot

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gozre/zre/zre"
)

// listener starts a node whose events the test takes.
func listener(t *testing.T, name string, groups ...string) *zre.Node {
	t.Helper()
	return peerWith(t, name, func(c *zre.Config) { c.Groups = groups })
}

func TestSend(t *testing.T) {
	t.Parallel()
	octets := []byte("a\x00\xff\n")
	file := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(file, octets, 0o600))
	for name, c := range map[string]struct {
		stdin string
		args  []string
		kind  zre.EventType
		want  []string
	}{
		"words":   {"", []string{"bob", "hello", "you"}, zre.EventWhisper, []string{"hello you"}},
		"nothing": {"", []string{"bob", ""}, zre.EventWhisper, []string{""}},
		"stdin":   {string(octets), []string{"bob"}, zre.EventWhisper, []string{string(octets)}},
		"empty":   {"", []string{"bob"}, zre.EventWhisper, []string{""}},
		"file":    {"", []string{"bob", "-f", file}, zre.EventWhisper, []string{string(octets)}},
		"frames": {
			"in\n", []string{"--frame", "one", "-f", file, "bob", "--frame", "", "-f", "-"},
			zre.EventWhisper, []string{"one", string(octets), "", "in\n"},
		},
		"group":        {"", []string{"--group", "chat", "hello", "all"}, zre.EventShout, []string{"hello all"}},
		"no flag":      {"", []string{"bob", "--", "-x", "--group"}, zre.EventWhisper, []string{"-x --group"}},
		"a hidden one": {"", []string{"bob", "$(id)`id`"}, zre.EventWhisper, []string{"$(id)`id`"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bob := listener(t, "bob", "chat")
			r := start(t, c.stdin, []*zre.Node{bob}, append([]string{"send"}, c.args...)...)
			ev := next(t, bob, c.kind)
			r.wait(0).says("", "")
			if got, want := bytes.Join(ev.Content, []byte("|")), strings.Join(c.want, "|"); string(got) != want {
				t.Errorf("bob got %q, want %q", got, want)
			}
		})
	}
}

func TestSendJSON(t *testing.T) {
	t.Parallel()
	alice, bob := peer(t, "alice", "chat"), peer(t, "bob", "chat")
	r := run(t, 0, []*zre.Node{alice, bob}, "send", "--json", "--group", "chat", "hello")
	r.says(`"group":"chat","octets":5,"acknowledged":[{"peer":"`+alice.ID().String()+`","name":"alice"},{"peer":"`, "")
	r = run(t, 0, []*zre.Node{alice, bob}, "send", "--json", "bob", "hello")
	r.says(`"octets":5,"acknowledged":[{"peer":"`+bob.ID().String()+`","name":"bob"}]}`, "")
}

// Who does not acknowledge is named, and the others are known to have it.
func TestSendNotAcknowledged(t *testing.T) {
	t.Parallel()
	deaf, bob := listener(t, "de\naf", "chat"), peer(t, "bob", "chat")
	r := run(t, 1, []*zre.Node{deaf, bob}, "send", "--json", "-t", "3", "--group", "chat", "hello")
	r.says(`"acknowledged":[{"peer":"`+bob.ID().String()+`","name":"bob"}],"missed":[{"peer":"`+deaf.ID().String(), `not acknowledged by de\naf (`)
	if text := r.stderr.String(); strings.Contains(text, "bob") {
		t.Errorf("bob is named: %s", text)
	}
}

func TestSendGone(t *testing.T) {
	t.Parallel()
	deaf := listener(t, "deaf")
	r := start(t, "", []*zre.Node{deaf}, "send", "deaf", "hello")
	until(t, "the message", func() bool {
		return deaf.Stats().Queued > 0 && len(deaf.Peers()) > 0 && deaf.Peers()[0].Stats.MessagesIn > 2
	})
	must(t, deaf.Close())
	r.wait(1).says("", "not acknowledged by deaf ("+deaf.ID().String()+"): peer is gone: goodbye")
}

func TestSendNobody(t *testing.T) {
	t.Parallel()
	bob := peer(t, "bob", "chat")
	run(t, 3, []*zre.Node{bob}, "send", "alice", "x").says("", "there is no peer called alice")
	run(t, 3, []*zre.Node{bob}, "send", "--group", "time", "x").says("", "nobody is in time")
	run(t, 3, []*zre.Node{bob}, "send", "--group", "ti\x1bme", "x").says("", `nobody is in ti\x1bme`)
}

func TestSendUsage(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		"whom is it for?":           {},
		"a group's name has 1":      {"--group", "", "x"},
		"are two messages":          {"bob", "x", "--frame", "y"},
		`--file "": is no file`:     {"bob", "-f", ""},
		"not a number of seconds":   {"bob", "-t", "soon", "x"},
		"there is no flag --fram":   {"bob", "--fram", "x"},
		"zre send --help says more": {},
		"did you mean --frame?":     {"bob", "--fram", "x"},
	} {
		run(t, 2, nil, append([]string{"send"}, args...)...).says("", want)
	}
	run(t, 1, nil, "send", "bob", "-f", "/does/not/exist").says("", "/does/not/exist: no such file")
}

// A message that no peer accepts is refused before it is read.
func TestSendTooLarge(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "large")
	must(t, os.WriteFile(file, nil, 0o600))
	must(t, os.Truncate(file, maxMessage+1))
	run(t, 1, nil, "send", "bob", "-f", file).says("", "a message has at most 268435456 octets")
	must(t, os.Truncate(file, maxMessage))
	run(t, 1, nil, "send", "bob", "--frame", "x", "-f", file).says("", "a message has at most 268435456 octets")
}

// A receiver that has had enough and leaves has acknowledged what it took.
func TestSendToOneThatLeaves(t *testing.T) {
	t.Parallel()
	for range 5 {
		bob := listener(t, "bob", "chat")
		r := start(t, "", []*zre.Node{bob}, "send", "--group", "chat", "hello")
		next(t, bob, zre.EventShout)
		must(t, bob.Close())
		r.wait(0).says("", "")
	}
}

// Ctrl-C ends it while it waits.
func TestSendInterrupted(t *testing.T) {
	t.Parallel()
	deaf := listener(t, "deaf")
	r := start(t, "", []*zre.Node{deaf}, "send", "deaf", "hello")
	until(t, "the message", func() bool { return len(deaf.Peers()) > 0 && deaf.Peers()[0].Stats.MessagesIn > 2 })
	r.interrupt()
	r.wait(130).says("", "")
}

// However many have missed it, the text names a few.
func TestMissedWords(t *testing.T) {
	missed := make([]zre.Missed, 3000)
	for i := range missed {
		missed[i] = zre.Missed{Name: fmt.Sprint("peer", i), Err: zre.ErrPeerGone}
	}
	if text := missedWords(missed); len(text) > 2000 || !strings.HasSuffix(text, "; and 2990 more") {
		t.Errorf("%d octets: %.300s...", len(text), text)
	}
	if text := missedWords(missed[:10]); strings.Contains(text, "more") {
		t.Error(text)
	}
}
