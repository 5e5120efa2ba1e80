package main

import "testing"

func TestSearch(t *testing.T) {
	e, screen := newTestEditor(t, newFakeNode(alice))
	press(e, "one tea", "enter", "two TEA", "enter", "three", "enter", "typed", "ctrl+r", "tea")
	if got := e.found(); got != "two TEA" {
		t.Errorf("found %q", got)
	}
	press(e, "ctrl+r")
	if got := e.found(); got != "one tea" || e.search.missed {
		t.Errorf("found %q", got)
	}
	press(e, "ctrl+r")
	if got := e.found(); got != "one tea" || !e.search.missed {
		t.Errorf("behind the first line: %q", got)
	}
	press(e, "esc")
	if e.search != nil || e.input.Value() != "typed" {
		t.Errorf("Esc leaves %q", e.input.Value())
	}
	press(e, "ctrl+r", "eee", "backspace", "right")
	if e.search != nil || e.input.Value() != "three" {
		t.Errorf("another key leaves %q", e.input.Value())
	}
	before := len(screen.typed.lines)
	press(e, "ctrl+c", "ctrl+r", "one", "enter")
	if n := len(screen.typed.lines); n != before+1 || screen.typed.lines[n-1].text != "one tea" {
		t.Errorf("Enter runs %+v", screen.typed.lines)
	}
	press(e, "ctrl+r", "zzz", "ctrl+c")
	if e.search != nil || e.input.Value() != "" || e.leaving {
		t.Error("Ctrl-C does not end the search, or leaves")
	}
}
