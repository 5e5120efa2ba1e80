package main

import (
	"bytes"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gozre/zre/internal/regular"
)

// maxHistory is how many lines are kept; the file is cut back to it when it
// has twice as many.
const maxHistory = 1000

// history is the lines typed before, the latest last, and the line that the user has
// stepped back to. Each line is written to the file immediately, with one write, so that
// several shells can share it. If the file cannot be written, as on a full disk, there is a
// warning, once, and the history stays in memory until it can be written again.
type history struct {
	file   string // "" for none
	log    *slog.Logger
	failed bool // the last line could not be written, or in part

	lines []string
	at    int    // which line is shown; len(lines) is the one being typed
	begun string // what had been typed before the first step back
}

// historyFile is where the history is kept: in the user's state directory.
func historyFile() (string, error) {
	dir := os.Getenv("XDG_STATE_HOME")
	if !filepath.IsAbs(dir) { // the specification says to ignore others
		home, err := os.UserHomeDir()
		if err != nil {
			return "", err
		}
		dir = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(dir, "zre", "history"), nil
}

func openHistory(log *slog.Logger) *history {
	h := &history{log: log}
	file, err := historyFile()
	if err == nil {
		err = os.MkdirAll(filepath.Dir(file), 0o700)
	}
	if err == nil {
		h.file = file
		err = h.load()
	}
	if err != nil {
		h.warn(err)
		h.file = ""
	}
	h.at = len(h.lines)
	return h
}

// maxHistoryFile bounds the file of the history, in octets.
const maxHistoryFile = 16 << 20

func (h *history) load() error {
	data, err := regular.ReadFile(h.file, maxHistoryFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for line := range bytes.Lines(data) {
		if text := strings.TrimRight(string(line), "\r\n"); text != "" {
			h.lines = append(h.lines, text)
		}
	}
	if len(h.lines) > maxHistory {
		tooMany := len(h.lines) > 2*maxHistory
		h.lines = slices.Clone(h.lines[len(h.lines)-maxHistory:])
		if tooMany {
			return h.rewrite()
		}
	}
	return nil
}

// rewrite replaces the file by what is kept, as a whole or not at all.
func (h *history) rewrite() error {
	fresh, err := os.CreateTemp(filepath.Dir(h.file), "history-*")
	if err != nil {
		return err
	}
	_, err = fresh.WriteString(strings.Join(h.lines, "\n") + "\n")
	if err = errors.Join(err, fresh.Close()); err == nil {
		err = os.Rename(fresh.Name(), h.file)
	}
	if err != nil {
		err = errors.Join(err, os.Remove(fresh.Name()))
	}
	return err
}

// add keeps a line; blank ones, and one like the line before, are not kept.
func (h *history) add(line string) {
	defer h.rest()
	line = strings.TrimRight(line, " ") // Tab leaves one
	if line == "" || strings.Contains(line, "\n") || len(h.lines) > 0 && h.lines[len(h.lines)-1] == line {
		return
	}
	h.lines = append(h.lines, line)
	if h.file == "" {
		return
	}
	err := h.write(line)
	if err != nil && !h.failed {
		h.warn(err)
	}
	h.failed = err != nil
}

func (h *history) warn(err error) {
	h.log.Warn("the history is not kept for the next start", "cause", err)
}

// write appends a line to the file. What there is of one that could be written in part only
// becomes a line of its own.
func (h *history) write(line string) error {
	if h.failed {
		line = "\n" + line
	}
	f, err := os.OpenFile(h.file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(line + "\n")
	return errors.Join(err, f.Close())
}

// rest forgets the line that the user has stepped back to.
func (h *history) rest() { h.at, h.begun = len(h.lines), "" }

// older steps back to the next line that begins with what had been typed.
func (h *history) older(typed string) (string, bool) {
	if h.at == len(h.lines) {
		h.begun = typed
	}
	for i := h.at - 1; i >= 0; i-- {
		if strings.HasPrefix(h.lines[i], h.begun) {
			h.at = i
			return h.lines[i], true
		}
	}
	return "", false
}

// newer steps forward again, at last to what had been typed.
func (h *history) newer() (string, bool) {
	if h.at == len(h.lines) {
		return "", false
	}
	for i := h.at + 1; i < len(h.lines); i++ {
		if strings.HasPrefix(h.lines[i], h.begun) {
			h.at = i
			return h.lines[i], true
		}
	}
	h.at = len(h.lines)
	return h.begun, true
}

// search finds the latest line before a place that has the query in it, whatever the case.
func (h *history) search(query string, before int) (at int, found bool) {
	query = strings.ToLower(query)
	for i := min(before, len(h.lines)) - 1; i >= 0; i-- {
		if strings.Contains(strings.ToLower(h.lines[i]), query) {
			return i, true
		}
	}
	return 0, false
}
