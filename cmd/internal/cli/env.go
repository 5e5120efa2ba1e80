package cli

import (
	"io"
	"log/slog"
	"os"
	"sync"

	"github.com/spf13/pflag"
)

// Env is what a program is given of the world when it runs.
type Env struct {
	Stdin  *os.File
	Stdout *os.File
	Stderr io.Writer

	// Log writes to Logs at Level; --debug lowers Level, a program may move it
	// while it runs.
	Log   *slog.Logger
	Level *slog.LevelVar
	Logs  *LogWriter

	// ConfigFile is the zre.conf that was read, or "".
	ConfigFile string

	flags     *pflag.FlagSet
	typed     map[string]bool // flags given on the command line
	getenv    func(string) string
	readFile  func(string) ([]byte, error)
	normLevel slog.Level
}

// Set reports whether a flag was given, on the command line or in zre.conf.
func (e *Env) Set(flag string) bool { return e.flags != nil && e.flags.Changed(flag) }

// Typed reports whether a flag was given on the command line.
func (e *Env) Typed(flag string) bool { return e.typed[flag] }

// SetDebug turns debug lines in the log on or off.
func (e *Env) SetDebug(on bool) {
	if on {
		e.Level.Set(slog.LevelDebug)
	} else {
		e.Level.Set(e.normLevel)
	}
}

// LogWriter is where the log goes. A program that draws on the terminal
// redirects it, so that the log's lines do not run through what it drew.
type LogWriter struct {
	mu sync.Mutex
	w  io.Writer
}

// Write passes one record on.
func (l *LogWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

// Redirect makes the log go to w from now on.
func (l *LogWriter) Redirect(w io.Writer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.w = w
}
