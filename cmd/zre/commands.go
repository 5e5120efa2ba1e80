package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/gozre/zre/cmd/internal/cli"
)

// argument says what a word of a command stands for: it is what Tab completes.
type argument uint8

const (
	ownGroup  argument = iota + 1 // a group we are in
	peerGroup                     // a group that peers are in
	anyGroup
	peerName
	commandName
)

// command is a row of the table that help, completion and dispatch share.
type command struct {
	name  string // without the slash
	usage string // the arguments, as help shows them
	help  string
	args  []argument
	text  bool // what follows the arguments is text, blanks and all
	need  int  // how many of the arguments, the text included, must be there
	run   func(s *shell, ctx context.Context, args []string) error
}

// commands is the table. It is a function because /help, which is in it,
// reads it.
func commands() []command {
	return []command{
		{name: "join", usage: "GROUP", help: "be in a group: hear what is shouted there",
			args: []argument{peerGroup}, need: 1, run: (*shell).join},
		{name: "leave", usage: "[GROUP]", help: "leave a group (without GROUP: the one in the prompt)",
			args: []argument{ownGroup}, run: (*shell).leave},
		{name: "shout", usage: "GROUP TEXT", help: "say something to everyone in a group",
			args: []argument{anyGroup}, text: true, need: 2, run: (*shell).shout},
		{name: "whisper", usage: "PEER TEXT", help: "say something to one peer: its name, its UUID or the beginning of it",
			args: []argument{peerName}, text: true, need: 2, run: (*shell).whisper},
		{name: "peers", help: "list the peers", run: (*shell).listPeers},
		{name: "groups", help: "list the groups, yours and theirs", run: (*shell).listGroups},
		{name: "stats", usage: "[PEER]", help: "show what this node has counted, or what it has of one peer",
			args: []argument{peerName}, run: (*shell).showStats},
		{name: "problems", help: "say what keeps this node from others, and what to do", run: (*shell).listProblems},
		{name: "debug", help: "log what goes on underneath", run: (*shell).debug},
		{name: "nodebug", help: "stop that", run: (*shell).nodebug},
		{name: "help", usage: "[COMMAND]", help: "show this list, or one line of it",
			args: []argument{commandName}, run: (*shell).help},
		{name: "quit", help: "leave the network and the program", run: (*shell).quit},
	}
}

// usageLine is "/shout GROUP TEXT    what it does".
func (c command) usageLine() string {
	return fmt.Sprintf("%-19s %s", strings.TrimSpace("/"+c.name+" "+c.usage), c.help)
}

// lookup finds a command by its name, without the slash.
func lookup(name string) (command, bool) {
	for _, c := range commands() {
		if c.name == name {
			return c, true
		}
	}
	return command{}, false
}

// commandNames are all names, each behind prefix.
func commandNames(prefix string) []string {
	var names []string
	for _, c := range commands() {
		names = append(names, prefix+c.name)
	}
	return names
}

// execute runs one line: a command, or text for the current group.
func (s *shell) execute(ctx context.Context, line string) error {
	if strings.TrimSpace(line) == "" {
		return nil
	}
	text, isText := said(line)
	if isText {
		return s.sayText(ctx, text)
	}
	name, rest, err := word(strings.TrimLeft(line, " ")[1:])
	if err != nil {
		return err
	}
	c, ok := lookup(name)
	if !ok {
		if near := cli.Nearest(name, commandNames("")); near != "" {
			return fmt.Errorf("there is no command /%s; did you mean /%s?", name, near)
		}
		return fmt.Errorf("there is no command /%s; /help lists those there are", name)
	}
	args, err := c.parse(rest)
	if err != nil {
		return err
	}
	return c.run(s, ctx, args)
}

// said tells text from a command. Two slashes are text that begins with one.
func said(line string) (text string, isText bool) {
	switch trimmed := strings.TrimLeft(line, " "); {
	case strings.HasPrefix(trimmed, "//"):
		return trimmed[1:], true
	case strings.HasPrefix(trimmed, "/"):
		return "", false
	}
	return line, true
}

// parse splits what follows a command's name into its arguments.
func (c command) parse(rest string) ([]string, error) {
	var args []string
	for range c.args {
		if strings.Trim(rest, " ") == "" {
			break
		}
		arg, after, err := word(rest)
		if err != nil {
			return nil, err
		}
		args, rest = append(args, arg), after
	}
	if c.text && len(args) == len(c.args) && rest != "" {
		args, rest = append(args, rest), ""
	}
	switch {
	case strings.Trim(rest, " ") != "":
		return nil, fmt.Errorf("%q is too much: %s", rest, strings.TrimSpace("/"+c.name+" "+c.usage))
	case len(args) < c.need:
		return nil, fmt.Errorf("something is missing: /%s %s", c.name, c.usage)
	}
	return args, nil
}

// word takes the first word off a line, and the blanks behind it. A word in
// double quotes may hold blanks; \" and \\ stand for themselves there.
func word(line string) (first, rest string, err error) {
	line = strings.TrimLeft(line, " ")
	if !strings.HasPrefix(line, `"`) {
		first, rest, _ = strings.Cut(line, " ")
		return first, strings.TrimLeft(rest, " "), nil
	}
	var b strings.Builder
	for i := 1; i < len(line); i++ {
		switch {
		case line[i] == '"':
			return b.String(), strings.TrimLeft(line[i+1:], " "), nil
		case line[i] == '\\' && i+1 < len(line) && (line[i+1] == '"' || line[i+1] == '\\'):
			i++
		}
		b.WriteByte(line[i])
	}
	return "", "", fmt.Errorf("a quote is not closed: %s", line)
}

// quote puts a name into the form that word takes for one word.
func quote(name string) string {
	if name != "" && !strings.ContainsAny(name, ` "`) {
		return name
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `"`
}
