package main

import (
	"context"
	"log/slog"
	"net"
	"strings"
	"testing"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/zgossip"
)

// Where it cannot listen it says why, and what to do.
func TestCannotListen(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	// It ends at once; the deadline is for a server that does listen.
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	env := &cli.Env{Log: slog.New(slog.DiscardHandler)}
	for listen, words := range map[string]string{
		taken.Addr().String(): "another program listens at " + taken.Addr().String(),
		"203.0.113.1:31337":   "203.0.113.1 is no address of this host",
	} {
		o := newOptions()
		o.listen = []string{"tcp://" + listen}
		err := run(ctx, env, o)
		if err == nil || !strings.Contains(err.Error(), words) || !strings.Contains(err.Error(), "--port or --listen") {
			t.Errorf("%s: %v", listen, err)
		}
	}
	o := newOptions()
	o.listen, o.metrics = []string{"tcp://127.0.0.1:*"}, taken.Addr().String()
	if err := run(ctx, env, o); err == nil || !strings.Contains(err.Error(), "--metrics: "+o.metrics+": another program listens there") {
		t.Errorf("--metrics: %v", err)
	}
	_, err = zgossip.Dump(ctx, zgossip.DumpConfig{Server: "127.0.0.1:1"})
	if err == nil || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("--dump: %v", err)
	}
}
