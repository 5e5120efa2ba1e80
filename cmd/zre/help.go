package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/gozre/zre/cmd/internal/visible"
)

// notes follow the list of commands.
const notes = `Anything else is said to the group the prompt names: the one joined or
shouted to last. A line that is to begin with a slash begins with two.
A name with blanks in it goes into "quotes". Of two peers with one name
each has the beginning of its UUID behind it: bob/3edb5b01.`

// keys are the keys that mean more than editing.
func keys() [][]string {
	return [][]string{
		{"Tab", "completes commands, groups, peers and files, or lists what it could be"},
		{"Up, Down", "bring back earlier lines that begin with what is typed"},
		{"Ctrl-R", "searches earlier lines; again for older ones, Esc ends it"},
		{"Ctrl-W", "deletes the word before the cursor, Ctrl-U all before it, Ctrl-K all behind it"},
		{"Ctrl-L", "clears the screen"},
		{"Ctrl-C", "clears the line; on an empty line it leaves"},
		{"Ctrl-D", "leaves, on an empty line"},
	}
}

// manual is the table of commands as text for the manual page and --help.
func manual() string {
	var b strings.Builder
	for _, c := range commands() {
		b.WriteString("  " + c.usageLine() + "\n")
	}
	b.WriteString("\n  " + strings.ReplaceAll(notes, "\n", "\n  "))
	return b.String()
}

// keyManual is the table of keys as text.
func keyManual() string {
	var b strings.Builder
	for _, k := range keys() {
		fmt.Fprintf(&b, "  %-9s %s\n", k[0], k[1])
	}
	b.WriteString("\n  A pasted block of several lines is not said before you have agreed.")
	return b.String()
}

func (s *shell) help(_ context.Context, args []string) error {
	if len(args) == 0 {
		if s.screen == nil {
			s.explain(manual())
			return nil
		}
		var rows [][]string
		for _, c := range commands() {
			rows = append(rows, []string{strings.TrimSpace("/" + c.name + " " + c.usage), c.help})
		}
		s.print(s.grid(rows) + "\n")
		s.print(strings.ReplaceAll(notes, "\n", " ") + "\n")
		s.print(s.grid(keys()))
		return nil
	}
	name := strings.TrimPrefix(args[0], "/")
	c, ok := lookup(name)
	if !ok {
		return fmt.Errorf("there is no command /%s; /help lists those there are", visible.String(name))
	}
	usage := c.usageLine()
	if s.screen != nil {
		usage = s.grid([][]string{{strings.TrimSpace("/" + c.name + " " + c.usage), c.help}})
	}
	s.explain(usage + "\n  for example: " + c.example)
	return nil
}
