package main

import (
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
