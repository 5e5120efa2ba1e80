package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/gozre/zre/cmd/internal/cli"
)

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
