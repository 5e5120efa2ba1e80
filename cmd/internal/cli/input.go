package cli

import (
	"io"
	"os"

	"golang.org/x/term"
)

// IsTerminal reports whether f is a terminal.
func IsTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

// terminal reports whether w is a terminal.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && IsTerminal(f)
}

// onTerminal reports whether the program belongs to a terminal, which can hang up: one of its
// standard files is one, or it can open the terminal of its session.
func onTerminal() bool {
	if IsTerminal(os.Stdin) || IsTerminal(os.Stdout) || IsTerminal(os.Stderr) {
		return true
	}
	tty, err := os.Open("/dev/tty")
	if err != nil {
		return false
	}
	_ = tty.Close()
	return true
}

// NoInput reports whether nothing can ever come from standard input: it is
// closed, or it is /dev/null, as in services and in the background jobs of
// scripts. An empty pipe or file is something else: an input with nothing in
// it.
func NoInput(stdin *os.File) bool {
	now, err := stdin.Stat()
	if err != nil {
		return true
	}
	null, err := os.Stat(os.DevNull)
	return err == nil && os.SameFile(now, null)
}
