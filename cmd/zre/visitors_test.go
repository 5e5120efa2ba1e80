package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/zre"
)

// The nodes of commands come and go without a line; what they say is shown.
func TestVisitors(t *testing.T) {
	events := []zre.Event{
		{Type: zre.EventEnter, Peer: alice.ID, Name: "alice", Headers: map[string]string{cli.OneShotHeader: "1"}},
		{Type: zre.EventEnter, Peer: bob.ID, Name: "bob", Headers: map[string]string{"k": "v"}},
		{Type: zre.EventWhisper, Peer: alice.ID, Name: "alice", Content: frames("hi")},
		{Type: zre.EventExit, Peer: alice.ID, Name: "alice"},
		{Type: zre.EventExit, Peer: bob.ID, Name: "bob"},
		{Type: zre.EventEnter, Peer: alice.ID, Name: "alice"},
		{Type: zre.EventExit, Peer: alice.ID, Name: "alice"},
	}
	quiet := "bob-ENTER alice-WHISPER bob-EXIT alice-ENTER alice-EXIT"
	loud := "alice-ENTER bob-ENTER alice-WHISPER alice-EXIT bob-EXIT alice-ENTER alice-EXIT"
	for want, set := range map[string]func(*shell){
		quiet:       func(*shell) {},
		loud:        func(s *shell) { s.options.all = true },
		loud + "\n": func(s *shell) { s.format.json = true },
	} {
		n := newFakeNode()
		for _, ev := range events {
			n.events <- ev
		}
		close(n.closed)
		s := newShell(n, &cli.Env{}, *newOptions())
		set(s)
		var printed []string
		s.print = func(text string) {
			for _, ev := range events {
				for _, name := range []string{"alice", "bob"} {
					if s := ev.Type.String(); strings.Contains(text, s) && strings.Contains(text, name) {
						printed = append(printed, name+"-"+s)
						return
					}
				}
			}
			printed = append(printed, text)
		}
		s.watch()
		if want := strings.Fields(want); !slices.Equal(printed, want) {
			t.Errorf("printed %q, want %q", printed, want)
		}
	}
}
