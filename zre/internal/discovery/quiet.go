package discovery

import (
	"context"
	"log/slog"
)

// quiet returns a logger that writes records below a level at debug level. The gossip
// server of a node logs what other hosts do, which the user of a node need not see.
func quiet(l *slog.Logger, from slog.Level) *slog.Logger {
	return slog.New(quietHandler{l.Handler(), from})
}

type quietHandler struct {
	slog.Handler
	from slog.Level
}

func (h quietHandler) quieter(level slog.Level) slog.Level {
	if level < h.from {
		return min(level, slog.LevelDebug)
	}
	return level
}

func (h quietHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.Handler.Enabled(ctx, h.quieter(level))
}

func (h quietHandler) Handle(ctx context.Context, r slog.Record) error {
	r.Level = h.quieter(r.Level)
	return h.Handler.Handle(ctx, r)
}

func (h quietHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return quietHandler{h.Handler.WithAttrs(attrs), h.from}
}

func (h quietHandler) WithGroup(name string) slog.Handler {
	return quietHandler{h.Handler.WithGroup(name), h.from}
}
