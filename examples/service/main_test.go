package main

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/gozre/zre/zre"
	"github.com/gozre/zre/zre/zretest"
)

// The service is real, on a port of loopback; only the network of its node is not.
func TestService(t *testing.T) {
	network := zretest.New(t)
	alice := network.Node("alice", zre.Config{Groups: []string{"news"}})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(network.Context())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, listener, slog.New(slog.DiscardHandler)) }()
	if ev := network.Next(alice, zre.EventEnter); ev.Name != "service" {
		t.Fatalf("%+v came", ev)
	}

	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: zretest.Patience}
	ask := func(method, path, body string) (int, string) {
		r, err := http.NewRequestWithContext(t.Context(), method, "http://"+listener.Addr().String()+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		answer, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode, string(text)
	}
	network.Wait("the service has met alice", func() bool {
		_, peers := ask("GET", "/peers", "")
		return strings.Contains(peers, `"Name":"alice"`)
	})
	if status, _ := ask("GET", "/healthz", ""); status != http.StatusOK {
		t.Errorf("health: %d", status)
	}
	if status, _ := ask("POST", "/groups/news", strings.Repeat("x", maxBody+1)); status != http.StatusRequestEntityTooLarge {
		t.Errorf("too large a message: %d", status)
	}
	said := make(chan zre.Event, 1)
	go func() {
		for ev := range alice.Events() {
			if ev.Type == zre.EventShout {
				said <- ev
			}
		}
	}()
	if status, text := ask("POST", "/groups/news", "it works"); status != http.StatusNoContent {
		t.Errorf("shout: %d, %s", status, text)
	}
	if ev := <-said; string(ev.Content[0]) != "it works" {
		t.Errorf("alice got %+v", ev)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
