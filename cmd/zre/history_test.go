package main

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func testHistory(t *testing.T) *history {
	t.Helper()
	return openHistory(slog.New(slog.DiscardHandler))
}

func TestHistory(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("XDG_STATE_HOME", dir)
	h := testHistory(t)
	for _, line := range []string{"/join a", "hello", "hello", "  ", "/join b"} {
		h.add(line)
	}
	other := testHistory(t) // another shell, or this one started again
	other.add("/leave b")

	step := func(move string, typed, want string, ok bool) {
		t.Helper()
		var got string
		var moved bool
		if move == "older" {
			got, moved = h.older(typed)
		} else {
			got, moved = h.newer()
		}
		if got != want || moved != ok {
			t.Errorf("%s: %q, %v; want %q, %v", move, got, moved, want, ok)
		}
	}
	step("newer", "", "", false)
	step("older", "begun", "", false) // nothing begins like that
	step("older", "", "/join b", true)
	step("older", "/join b", "hello", true)
	step("older", "hello", "/join a", true)
	step("older", "/join a", "", false)
	step("newer", "", "hello", true)
	step("newer", "", "/join b", true)
	step("newer", "", "", true) // what had been typed: nothing
	step("older", "/jo", "/join b", true)
	step("older", "/join b", "/join a", true) // hello does not begin with /jo
	step("newer", "", "/join b", true)
	step("newer", "", "/jo", true)

	again := testHistory(t)
	if got := strings.Join(again.lines, "|"); got != "/join a|hello|/join b|/leave b" {
		t.Errorf("the file keeps %q", got)
	}
	if info, err := os.Stat(filepath.Join(dir, "zre", "history")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v: others can read what was whispered", info.Mode(), err)
	}
}

func TestHistoryIsBounded(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("XDG_STATE_HOME", dir)
	h := testHistory(t)
	for i := range 2*maxHistory + 1 {
		h.add(fmt.Sprint(i))
	}
	again := testHistory(t)
	if len(again.lines) != maxHistory || again.lines[maxHistory-1] != fmt.Sprint(2*maxHistory) {
		t.Errorf("%d lines, the last %q", len(again.lines), again.lines[len(again.lines)-1])
	}
	data, err := os.ReadFile(filepath.Join(dir, "zre", "history"))
	if n := strings.Count(string(data), "\n"); err != nil || n != maxHistory {
		t.Errorf("the file has %d lines, %v", n, err)
	}
	if left, err := filepath.Glob(filepath.Join(dir, "zre", "history-*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %q, %v", left, err)
	}
}

// A history that cannot be kept goes on in memory.
func TestHistoryWithoutAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("XDG_STATE_HOME", file) // no directory
	h := testHistory(t)
	h.add("kept")
	if got, ok := h.older(""); !ok || got != "kept" {
		t.Errorf("%q, %v", got, ok)
	}
}

// On a full disk there is one warning, and the history goes on in memory; when there is room
// again, lines are kept, and none is glued to one that was written in part.
func TestHistoryOnAFullDisk(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip(err)
	}
	dir := t.TempDir()
	t.Setenv("XDG_STATE_HOME", dir)
	var log bytes.Buffer
	h := openHistory(slog.New(slog.NewTextHandler(&log, nil)))
	file := filepath.Join(dir, "zre", "history")
	if err := os.Symlink("/dev/full", file); err != nil {
		t.Fatal(err)
	}
	h.add("one")
	h.add("two")
	if n := strings.Count(log.String(), "level=WARN"); n != 1 || !strings.Contains(log.String(), "no space left on device") {
		t.Errorf("%d warnings:\n%s", n, &log)
	}
	if got, ok := h.older(""); !ok || got != "two" {
		t.Errorf("%q, %v", got, ok)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("zero\ntw"), 0o600); err != nil {
		t.Fatal(err)
	}
	h.add("three")
	h.add("four")
	if got := strings.Join(testHistory(t).lines, "|"); got != "zero|tw|three|four" {
		t.Errorf("the file keeps %q", got)
	}
}
