package main

import (
	"fmt"
	"strings"

	"charm.land/bubbles/v2/key"
	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/gozre/zre/cmd/internal/visible"
)

// maxTyped bounds the line, in characters.
const maxTyped = 64 << 10

// promptChanged tells the editor that a command has been run.
type promptChanged struct{}

// editor is the line being typed. Only bubbletea's event loop touches it.
type editor struct {
	shell   *shell
	history *history
	screen  *screen

	input   textinput.Model
	listed  string // the line that Tab could not complete; the next Tab lists the choices
	leaving bool
	frame   int // counts the messages, see View
}

func newEditor(s *shell, h *history, screen *screen) *editor {
	input := textinput.New()
	input.CharLimit = maxTyped
	input.ShowSuggestions = false
	input.KeyMap.Paste = key.NewBinding() // the terminal pastes; no program is run for it
	// The cursor is drawn by the library, so that it can be found in what it
	// draws; View makes it a real one there.
	styles := textinput.Styles{}
	styles.Cursor.Blink = false
	input.SetStyles(styles)
	input.SetVirtualCursor(true)
	input.Focus()
	e := &editor{shell: s, history: h, screen: screen, input: input}
	e.layout()
	return e
}

// Init implements tea.Model.
func (e *editor) Init() tea.Cmd { return nil }

// editorPrompt shows where text without a command goes.
func editorPrompt(group string) string {
	if group == "" {
		return "> "
	}
	return ansi.Truncate(visible.String(group), 24, "…") + "> "
}

// layout fits the line into the window: a long one scrolls sideways.
func (e *editor) layout() {
	e.input.Prompt = editorPrompt(e.shell.current())
	width, _ := e.screen.size()
	e.input.SetWidth(max(1, width-ansi.StringWidth(e.input.Prompt)-1))
	// The part that is shown is computed again only when the cursor moves.
	at := e.input.Position()
	e.input.CursorEnd()
	e.input.SetCursor(at)
}

// Update implements tea.Model.
func (e *editor) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	e.frame++
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		e.screen.setSize(msg.Width, msg.Height)
		e.layout()
		return e, nil
	case promptChanged:
		e.layout()
		return e, nil
	case tea.KeyPressMsg:
		if cmd, taken := e.key(msg); taken {
			return e, cmd
		}
	}
	var cmd tea.Cmd
	e.input, cmd = e.input.Update(msg)
	return e, cmd
}

// key handles the keys that mean more than editing.
func (e *editor) key(msg tea.KeyPressMsg) (cmd tea.Cmd, taken bool) {
	pressed := msg.String()
	if pressed != "tab" {
		e.listed = ""
	}
	switch pressed {
	case "enter", "ctrl+j": // ctrl+j is what Enter was while the program was starting
		line := e.input.Value()
		e.input.Reset()
		e.history.add(line)
		if strings.TrimSpace(line) != "" {
			e.screen.typed.add(typedLine{line, e.shell.current()})
		}
		return nil, true
	case "tab":
		return e.complete(), true
	case "up", "ctrl+p":
		e.recall(e.history.older(e.input.Value()))
		return nil, true
	case "down", "ctrl+n":
		e.recall(e.history.newer())
		return nil, true
	case "ctrl+l":
		return tea.ClearScreen, true
	case "ctrl+z":
		return tea.Suspend, true
	case "ctrl+d":
		if e.input.Value() != "" {
			return nil, false // deletes the character under the cursor
		}
		fallthrough
	case "ctrl+c":
		e.leaving = true
		return tea.Quit, true
	}
	return nil, false
}

func (e *editor) recall(line string, ok bool) {
	if ok {
		e.input.SetValue(line)
		e.input.CursorEnd()
	}
}

// complete completes the word before the cursor as far as it is clear, and at
// the second Tab lists what it could be.
func (e *editor) complete() tea.Cmd {
	line, at := []rune(e.input.Value()), e.input.Position()
	before, behind := string(line[:at]), string(line[at:])
	completed, candidates := e.shell.complete(before)
	if completed != before {
		e.input.SetValue(completed + behind)
		e.input.SetCursor(len([]rune(completed)))
		e.listed = ""
		return nil
	}
	if len(candidates) < 2 {
		return nil
	}
	if e.listed != before {
		e.listed = before
		return nil
	}
	shown := make([]string, len(candidates))
	for i, c := range candidates {
		shown[i] = visible.String(c)
	}
	width, height := e.screen.size()
	var prints []tea.Cmd
	for _, part := range fit(columns(shown, width), width, height) {
		prints = append(prints, tea.Println(part))
	}
	return tea.Sequence(prints...)
}

// View implements tea.Model. The library computes the place of a real cursor as if every
// character were one column wide. So the cursor is put where the library draws its virtual
// one.
//
// bubbletea leaves the cursor at the left after it has printed above the line, and does not
// draw a view that is equal to the one before. So each view ends with another colour, which
// no character has.
func (e *editor) View() tea.View {
	if e.leaving {
		return tea.NewView("")
	}
	width, _ := e.screen.size()
	drawn := e.input.View()
	before, _, found := strings.Cut(drawn, reverse)
	text := ansi.Truncate(strings.TrimRight(ansi.Strip(drawn), " ")+" ", width, "")
	view := tea.NewView(fmt.Sprintf("%s\x1b[38;2;%d;%d;%dm", text, byte(e.frame>>16), byte(e.frame>>8), byte(e.frame)))
	if found {
		view.Cursor = tea.NewCursor(ansi.StringWidth(before), 0)
	}
	return view
}

// reverse begins the character under the virtual cursor.
const reverse = "\x1b[7m"
