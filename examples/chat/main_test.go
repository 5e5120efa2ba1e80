package main

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/gozre/zre/zre"
	"github.com/gozre/zre/zre/zretest"
)

func TestChat(t *testing.T) {
	network := zretest.New(t)
	bob := network.Node("bob", zre.Config{Groups: []string{group}})
	input, keys := io.Pipe()
	var shown bytes.Buffer
	ended := make(chan error, 1)
	go func() { ended <- chat(network.Context(), "alice", input, &shown) }()

	alice := network.Next(bob, zre.EventJoin)
	if err := bob.Shout(t.Context(), group, []byte("hi\x1b[2J")); err != nil {
		t.Fatal(err)
	}
	if err := bob.Flush(t.Context()); err != nil { // alice has taken it
		t.Fatal(err)
	}
	if _, err := io.WriteString(keys, "hello\n"); err != nil {
		t.Fatal(err)
	}
	if ev := network.Next(bob, zre.EventShout); ev.Peer != alice.Peer || string(ev.Content[0]) != "hello" {
		t.Errorf("bob got %+v", ev)
	}
	keys.Close()
	if ev := network.Next(bob, zre.EventExit); ev.Reason != zre.ReasonGoodbye {
		t.Errorf("alice left: %v", ev.Reason)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if want := `"bob": ["hi\x1b[2J"]`; !strings.Contains(shown.String(), want) {
		t.Errorf("alice saw %q, want %s", shown.String(), want)
	}
}
