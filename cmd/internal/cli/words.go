package cli

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
)

// wordsHandler writes records as the handler within it does, or while LogWriter.Words is on
// as lines for people.
type wordsHandler struct {
	slog.Handler
	logs  *LogWriter
	attrs []slog.Attr // of With, with the names of their groups
	group string      // of WithGroup, with a dot behind it
}

func (h wordsHandler) Handle(ctx context.Context, r slog.Record) error {
	if !h.logs.inWords() {
		return h.Handler.Handle(ctx, r)
	}
	attrs := slices.Clone(h.attrs)
	r.Attrs(func(a slog.Attr) bool {
		attrs = append(attrs, h.named(a))
		return true
	})
	_, err := h.logs.Write([]byte(inWords(r.Level, r.Message, attrs) + "\n"))
	return err
}

func (h wordsHandler) named(a slog.Attr) slog.Attr {
	a.Key = h.group + a.Key
	return a
}

func (h wordsHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	h.attrs = slices.Clone(h.attrs)
	for _, a := range attrs {
		h.attrs = append(h.attrs, h.named(a))
	}
	h.Handler = h.Handler.WithAttrs(attrs)
	return h
}

func (h wordsHandler) WithGroup(name string) slog.Handler {
	h.Handler, h.group = h.Handler.WithGroup(name), h.group+name+"."
	return h
}

// inWords is a record as a line for people: what happened, where, the cause, the rest in
// parentheses, and what to do.
func inWords(level slog.Level, message string, attrs []slog.Attr) string {
	var where, cause, advice string
	var rest []string
	for _, a := range attrs {
		value := strings.TrimSpace(a.Value.Resolve().String())
		switch {
		case a.Key == "node" || value == "": // The reader knows its own node.
		case a.Key == "where":
			where = " (" + value + ")"
		case a.Key == "cause" || a.Key == "error":
			cause += ": " + value
		case a.Key == "advice" || a.Key == "hint":
			advice = ". What to do: " + value
		default:
			rest = append(rest, a.Key+" "+value)
		}
	}
	details := ""
	if len(rest) > 0 {
		details = " (" + strings.Join(rest, ", ") + ")"
	}
	return fmt.Sprintf("%s: %s%s%s%s%s", levelName(level), message, where, cause, details, advice)
}

func levelName(level slog.Level) string {
	switch {
	case level >= slog.LevelError:
		return "error"
	case level >= slog.LevelWarn:
		return "warning"
	case level >= slog.LevelInfo:
		return "note"
	}
	return "debug"
}
