package main

import (
	"errors"
	"os"
	"runtime"
	"slices"
	"strings"
)

// colorMode is the value of --color.
type colorMode string

const (
	colorAuto   colorMode = "auto"
	colorAlways colorMode = "always"
	colorNever  colorMode = "never"
)

// Choices are what it can be.
func (m *colorMode) Choices() []string {
	return []string{string(colorAuto), string(colorAlways), string(colorNever)}
}

func (m *colorMode) String() string { return string(*m) }

// Type implements pflag.Value.
func (m *colorMode) Type() string { return "WHEN" }

// Set implements pflag.Value.
func (m *colorMode) Set(text string) error {
	if !slices.Contains([]colorMode{colorAuto, colorAlways, colorNever}, colorMode(text)) {
		return errors.New("not a time for colours (right: auto, always or never)")
	}
	*m = colorMode(text)
	return nil
}

// colored reports whether a terminal gets colours. NO_COLOR is the convention of
// https://no-color.org.
func (m colorMode) colored(getenv func(string) string) bool {
	switch m {
	case colorAlways:
		return true
	case colorNever:
		return false
	}
	if getenv("NO_COLOR") != "" {
		return false
	}
	switch terminal := getenv("TERM"); {
	case terminal == "":
		return runtime.GOOS == "windows"
	case strings.HasPrefix(terminal, "vt1"), strings.HasPrefix(terminal, "vt2"), strings.HasSuffix(terminal, "-mono"), terminal == "dumb":
		return false
	}
	return true
}

// colored reports whether this process's terminal gets colours.
func (o options) colored() bool { return o.color.colored(os.Getenv) }

// style is how a part of a line looks: the parameters of SGR (ECMA-48). All are of the 8
// colours that the user has chosen for the terminal.
type style string

const (
	plain    style = ""
	strong   style = "1"
	faint    style = "2"
	wrong    style = "31"
	arrives  style = "32"
	warns    style = "33"
	private  style = "35"
	inGroup  style = "36"
	ownStyle style = "1;36"
)

// span is a part of a line in one style. Its text is safe to show.
type span struct {
	style style
	text  string
}

// paint writes the spans of a line.
func paint(color bool, line []span) string {
	var b strings.Builder
	for _, s := range line {
		if color && s.style != plain && s.text != "" {
			b.WriteString("\x1b[" + string(s.style) + "m" + s.text + "\x1b[m")
		} else {
			b.WriteString(s.text)
		}
	}
	return b.String()
}
