package cli

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"

	"github.com/spf13/pflag"
)

// Env is what a program gets from its environment when it runs.
type Env struct {
	Stdin  *os.File
	Stdout *os.File
	Stderr io.Writer

	// Log writes to Logs at Level; --debug lowers Level, a program may move it
	// while it runs.
	Log   *slog.Logger
	Level *slog.LevelVar
	Logs  *LogWriter

	// Reload gets an element when SIGHUP asks to read files again, see Program.Reload and
	// KeyFlags.Follow. It is nil where SIGHUP ends the program.
	Reload <-chan struct{}

	// ConfigFile is the zre.conf that was read, or "".
	ConfigFile string

	args      []string // of the command line
	program   Program
	flags     *pflag.FlagSet
	typed     map[string]bool    // flags given on the command line
	lines     map[string][]entry // of zre.conf that flags were set by
	renamed   bool               // ZRENAME set the name
	getenv    func(string) string
	readFile  func(string) ([]byte, error)
	normLevel slog.Level
}

// Set reports whether a flag was given, on the command line or in zre.conf.
func (e *Env) Set(flag string) bool {
	return e.flags != nil && (e.given(flag) || len(e.lines[flag]) > 0)
}

// variable returns a variable of the environment, "" if there is none.
func (e *Env) variable(name string) string {
	if e.getenv == nil {
		return ""
	}
	return e.getenv(name)
}

// Typed reports whether a flag was given on the command line.
func (e *Env) Typed(flag string) bool { return e.typed[flag] }

// Refuse says what is wrong with the value of a flag, and where the value is given:
// on the command line, in zre.conf or in ZRENAME. The status is [ExitUsage].
func (e *Env) Refuse(flag string, value any, reason string) error {
	shown := fmt.Sprint(value)
	lines := e.lines[flag]
	switch {
	case len(lines) > 0:
		at := lines[0] // of a list, the line that says what is refused
		for _, l := range lines {
			if l.value != "" && strings.Contains(shown, l.value) {
				at = l
			}
		}
		return at.errorf(e.ConfigFile, "%s: %s", shown, reason)
	case flag == "name" && e.renamed:
		return Usagef("ZRENAME %s: %s", shown, reason)
	}
	return Usagef("--%s %s: %s", flag, shown, reason)
}

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
	mu    sync.Mutex // guards what follows
	w     io.Writer
	words bool
}

// Words makes the log one of sentences for people, or of key=value for programs.
func (l *LogWriter) Words(on bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.words = on
}

func (l *LogWriter) inWords() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.words
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
