package main

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
)

func newTestEditor(t *testing.T, n *fakeNode) (*editor, *screen) {
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	s, _ := newTestShell(n)
	screen := &screen{typed: typed{wake: make(chan struct{}, 1)}}
	screen.setSize(40, 10)
	return newEditor(s, testHistory(t), screen), screen
}

// press types keys, each as bubbletea names it, or a text.
func press(e *editor, keys ...string) (last tea.Cmd) {
	named := map[string]tea.KeyPressMsg{
		"enter": {Code: tea.KeyEnter}, "tab": {Code: tea.KeyTab}, "up": {Code: tea.KeyUp}, "down": {Code: tea.KeyDown}, "left": {Code: tea.KeyLeft},
		"ctrl+j": {Code: 'j', Mod: tea.ModCtrl},
		"ctrl+a": {Code: 'a', Mod: tea.ModCtrl}, "ctrl+c": {Code: 'c', Mod: tea.ModCtrl}, "ctrl+d": {Code: 'd', Mod: tea.ModCtrl},
		"ctrl+r": {Code: 'r', Mod: tea.ModCtrl}, "ctrl+g": {Code: 'g', Mod: tea.ModCtrl}, "ctrl+w": {Code: 'w', Mod: tea.ModCtrl},
		"right": {Code: tea.KeyRight}, "backspace": {Code: tea.KeyBackspace}, "esc": {Code: tea.KeyEscape},
	}
	for _, k := range keys {
		if msg, ok := named[k]; ok {
			_, last = e.Update(msg)
			continue
		}
		for _, r := range k {
			_, last = e.Update(tea.KeyPressMsg{Code: r, Text: string(r)})
		}
	}
	return last
}

func quits(cmd tea.Cmd) bool {
	if cmd == nil {
		return false
	}
	_, ok := cmd().(tea.QuitMsg)
	return ok
}

func TestEditorSubmits(t *testing.T) {
	e, screen := newTestEditor(t, newFakeNode(alice))
	press(e, "hello", "enter", "   ", "enter", "/join chat", "ctrl+j")
	var got []string
	for _, line := range screen.typed.lines {
		got = append(got, line.text)
	}
	if strings.Join(got, "|") != "hello|/join chat" || e.input.Value() != "" {
		t.Errorf("%q, left %q", got, e.input.Value())
	}
	press(e, "up", "up", "up")
	if e.input.Value() != "hello" {
		t.Errorf("history: %q", e.input.Value())
	}
	press(e, "down", "!")
	if e.input.Value() != "/join chat!" {
		t.Errorf("history: %q", e.input.Value())
	}
}

func TestEditorCompletes(t *testing.T) {
	e, _ := newTestEditor(t, newFakeNode(alice, bob))
	press(e, "/whi", "tab", "al", "tab", "hi")
	if e.input.Value() != "/whisper alice hi" {
		t.Errorf("%q", e.input.Value())
	}
	// In the middle of a line, what is behind the cursor stays.
	press(e, "enter", "X chat", "ctrl+a", "/jo", "tab")
	if e.input.Value() != "/join X chat" {
		t.Errorf("%q", e.input.Value())
	}
	press(e, "enter", "/")
	if cmd := press(e, "tab"); cmd == nil || e.input.Value() != "/" {
		t.Error("Tab lists nothing")
	}
}

func TestEditorLeaves(t *testing.T) {
	for _, key := range []string{"ctrl+c", "ctrl+d"} {
		e, _ := newTestEditor(t, newFakeNode())
		if !quits(press(e, key)) || e.View().Content != "" {
			t.Errorf("%s does not leave, or leaves the prompt behind", key)
		}
	}
	e, _ := newTestEditor(t, newFakeNode())
	if quits(press(e, "ab", "left", "ctrl+d")) || e.input.Value() != "a" {
		t.Errorf("Ctrl-D on a line: %q", e.input.Value())
	}
	if quits(press(e, "ctrl+c")) || e.input.Value() != "" {
		t.Errorf("Ctrl-C on a line leaves, or keeps it: %q", e.input.Value())
	}
	if !quits(press(e, "ctrl+c")) {
		t.Error("Ctrl-C on an empty line does not leave")
	}
}

// The cursor stands where the next character will appear, wide characters and
// long lines included.
func TestEditorCursor(t *testing.T) {
	for _, test := range []struct {
		keys    []string
		content string
		x       int
	}{
		{nil, "> ", 2},
		{[]string{"abc"}, "> abc", 5},
		{[]string{"日本語"}, "> 日本語", 8},
		{[]string{"日本語", "left"}, "> 日本語", 6},
		{[]string{"日本語", "ctrl+a"}, "> 日本語", 2},
		{[]string{strings.Repeat("日", 30)}, "> …" + strings.Repeat("日", 18), 39},
		{[]string{strings.Repeat("0123456789", 5)}, "> …" + strings.Repeat("0123456789", 5)[14:], 39},
	} {
		e, _ := newTestEditor(t, newFakeNode())
		press(e, test.keys...)
		v := e.View()
		if got := strings.TrimRight(ansi.Strip(v.Content), " "); got != strings.TrimRight(test.content, " ") {
			t.Errorf("%q: shows %q, want %q", test.keys, got, test.content)
		}
		if v.Cursor == nil || v.Cursor.X != test.x {
			t.Errorf("%q: cursor %+v, want at %d", test.keys, v.Cursor, test.x)
		}
	}
}

func TestPromptNamesTheGroup(t *testing.T) {
	e, _ := newTestEditor(t, newFakeNode(alice))
	if err := e.shell.execute(t.Context(), "/join chat\x1b[2J"); err != nil {
		t.Fatal(err)
	}
	e.Update(promptChanged{})
	if got := e.View().Content; !strings.HasPrefix(got, `"chat\x1b[2J"> `) {
		t.Errorf("%q", got)
	}
	e.Update(tea.WindowSizeMsg{Width: 200, Height: 50})
	if w, h := e.screen.size(); w != 200 || h != 50 {
		t.Errorf("%d x %d", w, h)
	}
}
