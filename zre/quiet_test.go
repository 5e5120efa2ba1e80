package zre

import (
	"bytes"
	"log/slog"
	"testing"
)

// A node that nothing is wrong with says nothing above debug level, whichever
// parts of it are in use.
func TestNodeIsQuiet(t *testing.T) {
	w := newTestNet(t)
	var out bytes.Buffer
	// slog's handlers write one record at a time.
	logged := func(c *Config) { c.Logger = slog.New(slog.NewTextHandler(&out, nil)) }
	_, other := gossipServer(t)
	a := w.start("a", logged, func(c *Config) { c.Discovery.GossipBind, c.Discovery.Gossip = "tcp://127.0.0.1:*", []string{other} })
	b := w.start("b", logged, func(c *Config) { c.Discovery.Gossip = []string{other} })
	talk(t, a, b)
	must(t, a.Flush(bg(t)))
	must(t, b.Flush(bg(t)))
	must(t, b.Close())
	must(t, a.Close())
	if out.Len() > 0 {
		t.Errorf("it said:\n%s", out.String())
	}
}
