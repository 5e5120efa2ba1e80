package main

import (
	"fmt"
	"strings"
	"unicode"

	tea "charm.land/bubbletea/v2"

	"github.com/gozre/zre/cmd/internal/visible"
)

// maxPasted bounds a pasted block, in octets. A file can be sent whatever its size.
const maxPasted = 64 << 10

// question is asked in place of the line being typed; y does what it asks for.
type question struct {
	text  string      // what y does
	about string      // the beginning of what was pasted
	lines []typedLine // what is run then
}

// paste puts one line where the cursor is. A block of lines is not said before the user
// has agreed.
func (e *editor) paste(content string) tea.Cmd {
	content = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(content)
	content = strings.Trim(content, "\n")
	if e.question != nil || content == "" {
		return nil
	}
	e.pasted = true
	if !strings.Contains(content, "\n") {
		var cmd tea.Cmd
		e.input, cmd = e.input.Update(tea.PasteMsg{Content: content})
		return cmd
	}
	line, at := []rune(e.input.Value()), e.input.Position()
	block := string(line[:at]) + content + string(line[at:])
	q, err := e.shell.ask(block)
	if err != nil {
		return e.printError(err)
	}
	q.about = content
	e.question = q
	return nil
}

// ask says what a pasted block would do. With a command in its first line that ends with
// text, the block is that text; with commands in other lines, each line is run by itself;
// else it is one message for the group.
func (s *shell) ask(block string) (*question, error) {
	if len(block) > maxPasted {
		return nil, fmt.Errorf("%s is too much to say, the limit is %s; put it into a file and /send it", octets(len(block)), octets(maxPasted))
	}
	lines := strings.Split(block, "\n")
	size := fmt.Sprintf("%d lines (%s)", len(lines), octets(len(block)))
	group := s.current()
	if c, to, ok := s.opening(lines[0]); ok {
		if c.name == "shout" {
			if err := mayBeSaid(block, to); err != nil {
				return nil, err
			}
		} else {
			peer, err := s.find(to)
			if err != nil {
				return nil, err
			}
			to = s.labels(s.node.Peers())(peer)
		}
		return &question{text: fmt.Sprintf("%s %s to %s", c.name, size, shown(to)), lines: []typedLine{{text: block}}}, nil
	}
	commands := 0
	for i, l := range lines {
		lines[i] = commandAtStart(l)
		if _, isText := said(lines[i]); !isText {
			commands++
		} else if err := mayBeSaid(l, group); err != nil {
			return nil, err
		}
	}
	if commands > 0 {
		q := &question{text: fmt.Sprintf("run %d lines, %d of them commands", len(lines), commands)}
		for _, l := range lines {
			if strings.TrimSpace(l) != "" {
				q.lines = append(q.lines, typedLine{text: l})
			}
		}
		return q, nil
	}
	if group == "" {
		return nil, errNoGroup
	}
	return &question{text: fmt.Sprintf("say %s to [%s]", size, shown(group)), lines: []typedLine{{text: block, to: group}}}, nil
}

// opening reports whether a line begins with a command whose last argument is text, and to
// whom that goes.
func (s *shell) opening(line string) (c command, to string, ok bool) {
	if _, isText := said(line); isText {
		return command{}, "", false
	}
	name, rest, err := word(strings.TrimLeft(line, " ")[1:])
	if c, ok = lookup(name); err != nil || !ok || !c.text {
		return command{}, "", false
	}
	to, _, err = word(rest)
	return c, to, err == nil && to != ""
}

// commandAtStart takes what one does not see off the front of a command: blanks of all kinds
// and marks that a copy brings along.
func commandAtStart(line string) string {
	trimmed := strings.TrimLeftFunc(line, func(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) })
	if strings.HasPrefix(trimmed, "/") && !strings.HasPrefix(strings.TrimLeft(line, " "), "/") {
		return trimmed
	}
	return line
}

// mayBeSaid reports an error for pasted text that has a /whisper in it: that was meant for
// one peer, and goes to nobody else.
func mayBeSaid(text, group string) error {
	if strings.HasPrefix(strings.TrimLeft(text, " "), "//") {
		return nil
	}
	for w := range strings.FieldsSeq(text) {
		if w == "/whisper" {
			return fmt.Errorf("not said to %s: what was pasted has a /whisper in it; a line that begins with // is said as it is", shown(group))
		}
	}
	return nil
}

// answer handles a key while a question is asked.
func (e *editor) answer(msg tea.KeyPressMsg) tea.Cmd {
	switch msg.String() {
	case "y", "Y":
		for _, l := range e.question.lines {
			if l.to == "" {
				l.group = e.shell.current()
			}
			e.screen.typed.add(l)
		}
		e.clear()
	case "n", "N", "esc", "ctrl+c", "ctrl+g", "ctrl+d":
		e.question = nil
		return e.print([]span{{faint, "nothing was sent"}})
	}
	return nil
}

// questionLine is what is shown while a question is asked, and the part of it that the cursor
// is behind.
func (e *editor) questionLine(width int) (text, before string) {
	before = shorten(e.question.text+"? (y/n) ", width-1)
	about := visible.String(strings.Join(strings.Fields(e.question.about), " "))
	return before + shorten(about, max(0, width-1-widthOf(before))), before
}
