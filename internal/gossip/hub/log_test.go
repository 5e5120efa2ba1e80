package hub

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// Whoever sends rubbish from ever new connections does not fill the log.
func TestLogIsBounded(t *testing.T) {
	var out bytes.Buffer
	cfg := simConfig
	cfg.MaxClients = 2000
	cfg.Log = slog.New(slog.NewTextHandler(&out, nil))
	cfg.Send = func(identity, first, second []byte) error { return nil }
	now := time.Unix(1_000_000, 0)
	h := New(now, cfg)
	h.Tick(now)
	rubbish := func() {
		for i := range 1000 {
			h.Receive(now, fmt.Append(nil, i, strings.Repeat("x", 200)), [][]byte{[]byte("rubbish")})
		}
	}
	rubbish()
	if lines := strings.Count(out.String(), "\n"); lines != maxComplaints {
		t.Errorf("%d lines logged, want %d", lines, maxComplaints)
	}
	for line := range strings.Lines(out.String()) {
		if len(line) > 300 {
			t.Fatalf("a line of %d octets: %s", len(line), line)
		}
	}
	if got := h.Counts().Refused[Malformed]; got != 1000 {
		t.Errorf("%d refusals counted, want 1000", got)
	}
}
