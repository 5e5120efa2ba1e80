package zre

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

func TestQuiet(t *testing.T) {
	var out bytes.Buffer
	level := new(slog.LevelVar)
	log := quiet(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: level})), slog.LevelError).With("a", 1).WithGroup("g")
	all := func() string {
		out.Reset()
		log.Debug("debug")
		log.Info("info")
		log.Warn("warn", "b", 2)
		log.Error("error")
		return out.String()
	}
	if got := all(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "level=ERROR msg=error a=1") {
		t.Errorf("at level info it says:\n%s", got)
	}
	level.Set(slog.LevelDebug)
	if got := all(); strings.Count(got, "level=DEBUG") != 3 || !strings.Contains(got, "level=DEBUG msg=warn a=1 g.b=2") {
		t.Errorf("at level debug it says:\n%s", got)
	}
}

// A node that nothing is wrong with says nothing above debug level, whichever
// parts of it are in use.
func TestNodeIsQuiet(t *testing.T) {
	w := newTestNet(t)
	var out bytes.Buffer
	// slog's handlers write one record at a time.
	logged := func(c *Config) { c.Logger = slog.New(slog.NewTextHandler(&out, nil)) }
	_, other := gossipServer(t)
	a := w.start("a", logged, func(c *Config) { c.GossipBind, c.Gossip = "tcp://127.0.0.1:*", []string{other} })
	b := w.start("b", logged, func(c *Config) { c.Gossip = []string{other} })
	talk(t, a, b)
	must(t, a.Flush(bg(t)))
	must(t, b.Flush(bg(t)))
	must(t, b.Close())
	must(t, a.Close())
	if out.Len() > 0 {
		t.Errorf("it said:\n%s", out.String())
	}
}
