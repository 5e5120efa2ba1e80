package discovery

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
