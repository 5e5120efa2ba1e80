package hub

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

// Rubbish from ever new connections does not fill the log.
func TestLogIsBounded(t *testing.T) {
	var out bytes.Buffer
	b := newTable(t, func(c *Config) {
		c.MaxClients = 2000
		c.Log = slog.New(slog.NewTextHandler(&out, nil))
	})
	for i := range 1000 {
		c := b.client(fmt.Sprint(i, strings.Repeat("x", 200)))
		c.peer.Receive(b.now, []byte("rubbish"))
	}
	if lines := strings.Count(out.String(), "\n"); lines != maxComplaints {
		t.Errorf("%d lines logged, want %d", lines, maxComplaints)
	}
	for line := range strings.Lines(out.String()) {
		if len(line) > 300 {
			t.Fatalf("a line of %d octets: %s", len(line), line)
		}
	}
	if got := b.h.Counts().Refused[Malformed]; got != 1000 {
		t.Errorf("%d refusals counted, want 1000", got)
	}
}
