package main

import (
	"fmt"
	"strings"

	"charm.land/bubbles/v2/key"
	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
)

// maxTyped bounds the line, in characters.
const maxTyped = 64 << 10

// promptChanged tells the editor that a command has been run.
type promptChanged struct{}

// editor is the line being typed. Only bubbletea's event loop touches it. It is in one of
// three states: a line is typed; a search for an earlier one; or a question about what was
// pasted.
type editor struct {
	shell   *shell
	history *history
	screen  *screen

	input    textinput.Model
	view     viewport
	pasted   bool // a part of the line was
	search   *search
	question *question
	leaving  bool
	frame    int // counts the messages, see View
}

func newEditor(s *shell, h *history, screen *screen) *editor {
	input := textinput.New()
	input.CharLimit = maxTyped
	input.ShowSuggestions = false
	input.KeyMap.Paste = key.NewBinding() // the terminal pastes; no program is run for it
	styles := textinput.Styles{}
	styles.Cursor.Blink = false
	input.SetStyles(styles)
	input.SetVirtualCursor(false) // View draws the line
	input.Focus()
	return &editor{shell: s, history: h, screen: screen, input: input}
}

// Init implements tea.Model.
func (e *editor) Init() tea.Cmd { return nil }

// editorPrompt shows where text without a command goes.
func editorPrompt(group string) string {
	if group == "" {
		return "> "
	}
	return shown(group) + "> "
}

// Update implements tea.Model.
func (e *editor) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	e.frame++
	var cmd tea.Cmd
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		e.screen.setSize(msg.Width, msg.Height)
	case tea.ModeReportMsg:
		if msg.Mode == ansi.ModeUnicodeCore && !msg.Value.IsNotRecognized() && !msg.Value.IsPermanentlyReset() {
			e.view.graphemes = true // as bubbletea draws from now on
		}
	case promptChanged:
	case tea.PasteMsg:
		e.endSearch()
		cmd = e.paste(msg.Content)
	case tea.KeyPressMsg:
		cmd = e.press(msg)
	default:
		e.input, cmd = e.input.Update(msg)
	}
	return e, cmd
}

func (e *editor) press(msg tea.KeyPressMsg) tea.Cmd {
	if e.question != nil {
		return e.answer(msg)
	}
	if e.search != nil && e.searchKey(msg) {
		return nil
	}
	if cmd, taken := e.key(msg); taken {
		return cmd
	}
	before := e.input.Position()
	var cmd tea.Cmd
	e.input, cmd = e.input.Update(msg)
	e.wholeCharacter(before)
	if e.input.Value() == "" {
		e.pasted = false
	}
	return cmd
}

// wholeCharacter moves the cursor out of the middle of a character, on in its direction.
func (e *editor) wholeCharacter(before int) {
	at, runes := e.input.Position(), 0
	for _, g := range e.view.glyphs([]rune(e.input.Value())) {
		if runes < at && at < runes+g.runes {
			if at > before {
				e.input.SetCursor(runes + g.runes)
			} else {
				e.input.SetCursor(runes)
			}
			return
		}
		runes += g.runes
	}
}

// key handles the keys that mean more than editing.
func (e *editor) key(msg tea.KeyPressMsg) (cmd tea.Cmd, taken bool) {
	switch msg.String() {
	case "enter", "ctrl+j": // ctrl+j is what Enter was while the program was starting
		return e.submit(), true
	case "tab":
		return e.complete(), true
	case "up", "ctrl+p":
		e.recall(e.history.older(e.input.Value()))
	case "down", "ctrl+n":
		e.recall(e.history.newer())
	case "ctrl+r":
		e.startSearch()
	case "ctrl+l":
		e.screen.clear()
		return tea.ClearScreen, true
	case "ctrl+z":
		return tea.Suspend, true
	case "ctrl+c":
		if e.input.Value() != "" {
			e.clear()
			return nil, true
		}
		e.leaving = true
		return tea.Quit, true
	case "ctrl+d":
		if e.input.Value() != "" {
			return nil, false // deletes the character under the cursor
		}
		e.leaving = true
		return tea.Quit, true
	default:
		return nil, false
	}
	return nil, true
}

// submit hands the line over to be run.
func (e *editor) submit() tea.Cmd {
	line := e.input.Value()
	if e.pasted {
		line = commandAtStart(line)
		_, isText := said(line)
		_, _, opens := e.shell.opening(line)
		if isText || opens && !strings.HasPrefix(strings.TrimLeft(line, " "), "/whisper") {
			if err := mayBeSaid(line, e.shell.current()); err != nil {
				return e.printError(err)
			}
		}
	}
	e.history.add(line)
	e.clear()
	if strings.TrimSpace(line) != "" {
		e.screen.typed.add(typedLine{text: line, group: e.shell.current()})
	}
	return nil
}

// clear begins a new line.
func (e *editor) clear() {
	e.input.Reset()
	e.history.rest()
	e.search, e.question, e.pasted = nil, nil, false
}

func (e *editor) setLine(line string) {
	e.input.SetValue(line)
	e.input.CursorEnd()
}

func (e *editor) recall(line string, ok bool) {
	if ok {
		e.setLine(line)
		e.pasted = false
	}
}

func (e *editor) endSearch() {
	if e.search != nil {
		e.setLine(e.found())
		e.search = nil
	}
}

// complete completes the word before the cursor as far as it is clear; where it is not, it
// lists what it could be.
func (e *editor) complete() tea.Cmd {
	line, at := []rune(e.input.Value()), e.input.Position()
	before, behind := string(line[:at]), string(line[at:])
	completed, candidates := e.shell.complete(before)
	if completed != before {
		e.input.SetValue(completed + behind)
		e.input.SetCursor(len([]rune(completed)))
		return nil
	}
	if len(candidates) < 2 {
		return nil
	}
	width, _ := e.screen.size()
	return e.printText(listChoices(candidates, width))
}

// print, printText and printError print above the line, in order.
func (e *editor) print(line []span) tea.Cmd {
	width, _ := e.screen.size()
	return e.printText(layOut(e.screen.look.color, [][]span{line}, width, 2))
}

func (e *editor) printError(err error) tea.Cmd { return e.print([]span{{wrong, err.Error()}}) }

func (e *editor) printText(text string) tea.Cmd {
	width, height := e.screen.size()
	var prints []tea.Cmd
	for _, part := range fit(text, width, height) {
		prints = append(prints, tea.Println(part))
	}
	return tea.Sequence(prints...)
}

// View implements tea.Model: one row, in which the line scrolls sideways.
//
// bubbletea leaves the cursor at the left after it has printed above the line, and does not
// draw a view that is equal to the one before. So each view ends with another colour, which
// no character has.
func (e *editor) View() tea.View {
	if e.leaving {
		return tea.NewView("")
	}
	width, _ := e.screen.size()
	var row []span
	x := 0
	switch {
	case e.question != nil:
		text, before := e.questionLine(width)
		row, x = []span{{warns, before}, {faint, strings.TrimPrefix(text, before)}}, ansi.StringWidth(before)
	case e.search != nil:
		text, before := e.searchLine()
		shownText, _ := (&viewport{}).draw([]rune(text), 0, width-1)
		row, x = []span{{plain, shownText}}, min(ansi.StringWidth(before), width-1)
	default:
		prompt := shorten(editorPrompt(e.shell.current()), max(3, width/2))
		text, at := e.view.draw([]rune(e.input.Value()), e.input.Position(), width-ansi.StringWidth(prompt))
		row, x = []span{{inGroup, prompt}, {plain, text}}, ansi.StringWidth(prompt)+at
	}
	view := tea.NewView(fmt.Sprintf("%s\x1b[38;2;%d;%d;%dm", paint(e.screen.look.color, row), byte(e.frame>>16), byte(e.frame>>8), byte(e.frame)))
	view.Cursor = tea.NewCursor(x, 0)
	view.Cursor.Blink = false
	return view
}
