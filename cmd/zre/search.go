package main

import (
	tea "charm.land/bubbletea/v2"
)

// search looks for an earlier line while Ctrl-R is in use.
type search struct {
	query  string
	at     int    // the line found; len(history.lines) before the first one
	missed bool   // nothing older has the query
	before string // what was typed before
}

func (e *editor) startSearch() {
	e.search = &search{at: len(e.history.lines), before: e.input.Value()}
}

// step looks for the next line, from the given one on to older ones.
func (e *editor) step(from int) {
	at, found := e.history.search(e.search.query, from)
	if e.search.missed = !found; found {
		e.search.at = at
	}
}

// found is the line that the search has found, or "".
func (e *editor) found() string {
	if e.search.at < len(e.history.lines) {
		return e.history.lines[e.search.at]
	}
	return ""
}

// searchKey handles a key while Ctrl-R is in use. A key that means something else ends the
// search with the line that was found, and is then handled as always.
func (e *editor) searchKey(msg tea.KeyPressMsg) (taken bool) {
	s := e.search
	switch pressed := msg.String(); {
	case pressed == "ctrl+r":
		e.step(s.at)
	case pressed == "ctrl+g", pressed == "ctrl+c", pressed == "esc":
		e.search = nil
		e.setLine(s.before)
	case pressed == "backspace":
		if q := []rune(s.query); len(q) > 0 {
			s.query = string(q[:len(q)-1])
			s.at = len(e.history.lines)
			if s.query != "" {
				e.step(s.at)
			}
		}
	case msg.Text != "":
		s.query += msg.Text
		e.step(min(s.at+1, len(e.history.lines)))
	default:
		line := e.found()
		if line == "" {
			line = s.before
		}
		e.search = nil
		e.setLine(line)
		return false
	}
	return true
}

// searchLine is what is shown while Ctrl-R is in use, and the part of it that the cursor is
// behind.
func (e *editor) searchLine() (text, before string) {
	before = "(search) " + e.search.query
	switch {
	case e.search.missed:
		return before + ": nothing like that", before
	case e.found() != "":
		return before + ": " + e.found(), before
	}
	return before, before
}
