package cli

import (
	"bytes"
	"errors"
	"log/slog"
	"testing"
	"time"
)

func TestLogInWords(t *testing.T) {
	var out bytes.Buffer
	logs := &LogWriter{w: &out}
	level := new(slog.LevelVar)
	log := slog.New(wordsHandler{Handler: logFormat("text").handler(logs, level), logs: logs})
	node := log.With("node", "alice")
	said := func() string {
		out.Reset()
		node.Warn("a peer cannot be reached", "where", "10.0.0.2:41000", "cause", "timed out",
			"key", "K", "advice", "open it")
		return out.String()
	}
	if got := said(); !bytes.Contains([]byte(got), []byte(`level=WARN msg="a peer cannot be reached" node=alice where=`)) {
		t.Errorf("for programs it is %q", got)
	}
	logs.Words(true)
	if got, want := said(), "warning: a peer cannot be reached (10.0.0.2:41000): timed out (key K). What to do: open it\n"; got != want {
		t.Errorf("in words it is\n%q, want\n%q", got, want)
	}
	level.Set(slog.LevelDebug)
	out.Reset()
	log.WithGroup("g").With("a", 1).Debug("done", "after", time.Second, "error", errors.New("x"))
	if got, want := out.String(), "debug: done (g.a 1, g.after 1s, g.error x)\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	level.Set(slog.LevelError)
	if got := said(); got != "" {
		t.Errorf("below its level it says %q", got)
	}
	logs.Words(false)
	level.Set(slog.LevelInfo)
	if got := said(); !bytes.Contains([]byte(got), []byte("level=WARN")) {
		t.Errorf("again for programs it is %q", got)
	}
}
