//go:build unix

package e2e

import (
	"strings"
	"testing"

	"github.com/gozre/zre/internal/lab"
)

// TestLogOnTheTerminal: on a terminal a warning is a line of its own, in words, and not
// key=value; one that comes before the screen is drawn too.
func TestLogOnTheTerminal(t *testing.T) {
	parallel(t)
	w := startTerminal(t, lab.Loopback(t), t.TempDir(), "--no-beacon")
	w.shows("warning: this node finds nobody by itself")
	w.shows("What to do: name one with")
	w.press("/quit\r")
	w.left()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, part := range []string{"level=", "msg=", "cause="} {
		if strings.Contains(w.raw.String(), part) {
			t.Errorf("%q is on the terminal", part)
		}
	}
}

// TestLogOfACommandOnTheTerminal: the same holds for a command, and for zrecat.
func TestLogOfACommandOnTheTerminal(t *testing.T) {
	for name, args := range map[string][]string{
		"zre":    {"wait", "nobody-is-here", "-t", "3", "--interface", "nosuch0"},
		"zrecat": {"-r", "-c", "1", "-W", "3", "--interface", "nosuch0", "nobody-is-here"},
	} {
		w := startOnTerminal(t, lab.Loopback(t), t.TempDir(), name, args...)
		w.shows("warning: an interface is waited for (nosuch0)")
		w.mu.Lock()
		if strings.Contains(w.raw.String(), "level=") {
			t.Errorf("%s: key=value is on the terminal", name)
		}
		w.mu.Unlock()
	}
}
