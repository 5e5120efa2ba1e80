package cli

import (
	"errors"
	"io"
	"log/slog"
)

// logFormat is the form of the log: text or json.
type logFormat string

func (f *logFormat) String() string { return string(*f) }
func (f *logFormat) Type() string   { return "FORMAT" }

// Choices are what it can be.
func (f *logFormat) Choices() []string { return []string{"text", "json"} }

func (f *logFormat) Set(text string) error {
	if text != "text" && text != "json" {
		return errors.New("not a form of the log (right: text or json)")
	}
	*f = logFormat(text)
	return nil
}

func (f logFormat) handler(w io.Writer, level *slog.LevelVar) slog.Handler {
	options := &slog.HandlerOptions{Level: level}
	if f == "json" {
		return slog.NewJSONHandler(w, options)
	}
	return slog.NewTextHandler(w, options)
}
