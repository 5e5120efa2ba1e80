package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/zre"
)

// newTestShell is a shell that prints into out.
func newTestShell(n *fakeNode) (s *shell, out *[]string) {
	out = new([]string)
	s = newShell(n, &cli.Env{Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Level: new(slog.LevelVar)}, *newOptions())
	keep := func(text string) { *out = append(*out, text) }
	s.print, s.hint, s.say = keep, keep, keep
	return s, out
}

func TestCommands(t *testing.T) {
	tests := []struct {
		line string
		want string // what the node does
		err  string // a part of the error
	}{
		{line: ""}, {line: "   "},
		{line: "/join time", want: "join time"},
		{line: "  /join   time  ", want: "join time"},
		{line: `/join "two words"`, want: "join two words"},
		{line: "/join", err: "something is missing: /join GROUP"},
		{line: "/join a b", err: `"b" is too much: /join GROUP`},
		{line: "/shout time test!", want: `shout time ["test!"]`},
		{line: "/shout chat two  blanks ", want: `shout chat ["two  blanks "]`},
		{line: `/shout chat "quotes" stay`, want: `shout chat ["\"quotes\" stay"]`},
		{line: "/shout chat", err: "something is missing: /shout GROUP TEXT"},
		{line: "/shout nobody hi", want: `shout nobody ["hi"]`, err: "nobody is in nobody"},
		{line: `/shout "open hi`, err: "a quote is not closed"},
		{line: "/whisper alice psst psst", want: `whisper ` + alice.ID.String() + ` ["psst psst"]`},
		{line: "/whisper " + bob.ID.String() + " x", want: `whisper ` + bob.ID.String() + ` ["x"]`},
		{line: "/whisper carol x", err: "there is no peer called carol"},
		{line: "/whisper alice", err: "something is missing"},
		{line: "hello", err: "you are in no group"},
		{line: "/leave", err: "you are in no group"},
		{line: "/leave time", err: "you are not in time"},
		{line: "/jion time", err: "there is no command /jion; did you mean /join?"},
		{line: "/xyzzy", err: "/help lists those there are"},
		{line: "/", err: "there is no command /"},
		{line: "/peers now", err: "too much"},
		{line: "/help nothing", err: "there is no command /nothing"},
		{line: "/send testdata/notes.txt alice", want: `whisper ` + alice.ID.String() + ` ["Buy tea.\nAnd biscuits.\n"]`},
		{line: "/send testdata/notes.txt", err: "you are in no group"},
		{line: "/send testdata alice", err: "not a file with content"},
		{line: "/send testdata/none alice", err: "no such file"},
		{line: "/send testdata/notes.txt carol", err: "there is no peer called carol"},
		{line: "/ping bob", want: "ping " + bob.ID.String()},
		{line: "/ping", err: "something is missing"},
		{line: "/info carol", err: "there is no peer called carol"},
		{line: "/who nowhere", err: "nobody is in nowhere"},
		{line: "/who", err: "say which group"},
		{line: "/quit", err: "quit"},
	}
	for _, test := range tests {
		t.Run(test.line, func(t *testing.T) {
			n := newFakeNode(alice, bob)
			s, _ := newTestShell(n)
			err := s.execute(t.Context(), test.line)
			if got := strings.Join(n.done(), ", "); got != test.want {
				t.Errorf("the node did %q, want %q", got, test.want)
			}
			if (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("error %v, want %q", err, test.err)
			}
		})
	}
}

// Every row of the table can be run, has a line in the help, and completes.
func TestTable(t *testing.T) {
	for _, c := range commands() {
		args := map[string]string{"join": "g", "shout": "chat x", "whisper": "alice x", "leave": "g", "stats": "alice", "help": "join",
			"send": "testdata/notes.txt alice", "info": "alice", "ping": "alice", "who": "chat"}[c.name]
		s, out := newTestShell(newFakeNode(alice, bob))
		if err := s.execute(t.Context(), "/join g"); err != nil {
			t.Fatal(err)
		}
		if err := s.execute(t.Context(), "/"+c.name+" "+args); err != nil && !errors.Is(err, errQuit) {
			t.Errorf("/%s %s: %v", c.name, args, err)
		}
		*out = nil
		if err := s.execute(t.Context(), "/help "+c.name); err != nil || !strings.Contains((*out)[0], c.help) {
			t.Errorf("/help %s: %v, %q", c.name, err, *out)
		}
		if !strings.Contains((*out)[0], c.example) || !strings.HasPrefix(c.example, "/"+c.name) {
			t.Errorf("/help %s has no example", c.name)
		}
		if completed, _ := s.complete("/" + c.name); completed != "/"+c.name+" " {
			t.Errorf("/%s is not completed but to %q", c.name, completed)
		}
	}
}

func TestTextGoesToTheGroupInThePrompt(t *testing.T) {
	n := newFakeNode(alice, bob)
	s, _ := newTestShell(n)
	for _, line := range []string{"/join chat", "/join time", "one", "//two", "/shout chat three", "four", "/leave", "five", "/leave time"} {
		if err := s.execute(t.Context(), line); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
	}
	want := []string{"join chat", "join time", `shout time ["one"]`, `shout time ["/two"]`, `shout chat ["three"]`, `shout chat ["four"]`,
		"leave chat", `shout time ["five"]`, "leave time"}
	if got := n.done(); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if err := s.execute(t.Context(), "six"); err == nil {
		t.Error("text without a group was taken")
	}
}

func TestFind(t *testing.T) {
	peers := []zre.Peer{alice, bob, twin, space}
	tests := []struct {
		who  string
		want *zre.Peer
		err  string
	}{
		{who: "alice", want: &alice},
		{who: "big bird", want: &space},
		{who: alice.ID.String(), want: &alice},
		{who: "AABBAAAA000040008000000000000001", want: &alice}, // as zyre writes it
		{who: "aab", want: &alice},
		{who: "aabbaaaa-00", want: &alice},
		{who: "AAC", want: &bob},
		{who: "aa", err: "could be " + alice.ID.String() + " (alice), " + bob.ID.String() + " (bob)"},
		{who: "bob", err: "could be"},
		{who: "bob/aacc", want: &bob},
		{who: "bob/CCCCBBBB", want: &twin},
		{who: "bob/", err: "no peer"},
		{who: "alice/cccc", err: "no peer"},
		{who: "alcie", err: "did you mean alice?"},
		{who: "zzz", err: "/peers lists"},
		{who: "", err: "no peer"},
		{who: self.String(), err: "no peer with the UUID"},
	}
	for _, test := range tests {
		got, err := find(peers, test.who)
		switch {
		case test.want != nil && (err != nil || got.ID != test.want.ID):
			t.Errorf("%q: %s, %v", test.who, got.Name, err)
		case test.want == nil && (err == nil || !strings.Contains(err.Error(), test.err)):
			t.Errorf("%q: %v, want %q", test.who, err, test.err)
		}
	}
	// A peer whose name is the UUID of another peer is not mistaken for that one.
	impostor := zre.Peer{ID: twin.ID, Name: alice.ID.String()}
	if got, err := find([]zre.Peer{impostor, alice}, alice.ID.String()); err != nil || got.ID != alice.ID {
		t.Errorf("%s, %v", got.ID, err)
	}
	// Nor one whose name is what the screen calls another peer.
	impostor = zre.Peer{ID: alice.ID, Name: "bob/ccccbbbb"}
	if got, err := find([]zre.Peer{impostor, bob, twin}, "bob/ccccbbbb"); err == nil {
		t.Errorf("%s was taken for the only one", got.Name)
	}
	if _, err := find(nil, "x"); !strings.Contains(err.Error(), "nobody is here yet") {
		t.Errorf("%v", err)
	}
}

// From a pipe a command waits for the peer or group that it names, for a limited time.
func TestPatience(t *testing.T) {
	n := newFakeNode()
	s, _ := newTestShell(n)
	s.patience = time.Now().Add(time.Hour)
	go s.watch()
	ended := make(chan error)
	go func() { ended <- s.execute(t.Context(), "/shout chat hi") }()
	n.come(alice)
	if err := <-ended; err != nil {
		t.Error(err)
	}
	go func() { ended <- s.execute(t.Context(), "/whisper bob hi") }()
	n.come(bob)
	if err := <-ended; err != nil {
		t.Error(err)
	}
	s.patience = time.Now().Add(time.Millisecond)
	if err := s.execute(t.Context(), "/whisper carol hi"); !errors.Is(err, errNoSuchPeer) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s.patience = time.Now().Add(time.Hour)
	if err := s.execute(ctx, "/whisper carol hi"); err == nil {
		t.Error("a signal does not end the wait")
	}
}

func TestDeliveryIsNamed(t *testing.T) {
	n := newFakeNode(alice)
	n.sendErr = &zre.DeliveryError{Op: "shout", Missed: []zre.Missed{{Peer: alice.ID, Name: "al\x1b[0mice", Err: zre.ErrPeerGone}}}
	s, _ := newTestShell(n)
	err := s.execute(t.Context(), "/shout chat hi")
	if err == nil || !strings.Contains(err.Error(), `al\x1b[0mice (`+alice.ID.String()) {
		t.Error(err)
	}
}

func TestDebugSwitches(t *testing.T) {
	s, _ := newTestShell(newFakeNode())
	for _, step := range []struct {
		line string
		on   bool
	}{{"/debug", true}, {"/debug", true}, {"/nodebug", false}} {
		if err := s.execute(t.Context(), step.line); err != nil {
			t.Fatal(err)
		}
		if on := s.env.Level.Level() <= slog.LevelDebug; on != step.on {
			t.Errorf("after %s debug is %v", step.line, on)
		}
	}
}
