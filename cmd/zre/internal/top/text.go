package top

import (
	"fmt"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/gozre/zre/cmd/internal/visible"
	"github.com/gozre/zre/cmd/zre/internal/watch"
)

// none is shown where there is nothing.
const none = "-"

// octets is a size in few characters: 17, 1.2K, 34M.
func octets(n float64) string {
	unit := 0
	for n >= 999.5 && unit < 4 {
		n /= 1024
		unit++
	}
	if unit > 0 && n < 9.95 {
		return fmt.Sprintf("%.1f%c", n, " KMGT"[unit])
	}
	return strings.TrimSpace(fmt.Sprintf("%.0f%c", n, " KMGT"[unit]))
}

// rate is octets in a second.
func rate(r watch.Rate) string {
	if r.Octets <= 0 {
		return none
	}
	return octets(max(1, r.Octets)) + "/s"
}

// both is a rate with its messages.
func both(r watch.Rate) string {
	if r.Octets <= 0 {
		return none
	}
	return fmt.Sprintf("%s %s msg/s", rate(r), octets(max(1, r.Messages)))
}

// trip is a round trip in at most seven characters.
func trip(d time.Duration) string {
	switch {
	case d <= 0:
		return none
	case d < time.Millisecond:
		return fmt.Sprintf("%d µs", max(1, d.Microseconds()))
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.2f ms", d.Seconds()*1000)
	case d < 100*time.Millisecond:
		return fmt.Sprintf("%.1f ms", d.Seconds()*1000)
	case d < 10*time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.0f s", d.Seconds())
}

// age is a time since something in at most six characters.
func age(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < 2*time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	}
	return fmt.Sprintf("%d h", int(d.Hours()))
}

// count is a number of things: "1 peer", "2 peers".
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// mostOfName is how many octets of a name are looked at; a line has no room for more.
const mostOfName = 512

// name is a name that is safe to show.
func name(text string) string { return visible.String(text[:min(len(text), mostOfName)]) }

// fit makes a text as wide as a column: cut with "…", or filled with blanks.
func fit(text string, width int, right bool) string {
	text = cut(text, width)
	blanks := strings.Repeat(" ", max(0, width-ansi.StringWidth(text)))
	if right {
		return blanks + text
	}
	return text + blanks
}

// cut shortens a text to a width.
func cut(text string, width int) string {
	if width <= 0 {
		return ""
	}
	return ansi.Truncate(text, width, "…")
}

// style is how a part of a line looks: the parameters of SGR (ECMA-48). All colours are of
// the 8 that the user has chosen for the terminal.
type style string

const (
	plain   style = ""
	strong  style = "1"
	faint   style = "2"
	reverse style = "7"
	bad     style = "31"
	good    style = "32"
	warn    style = "33"
	talk    style = "36"
)

// isColour reports whether a style is left out under NO_COLOR.
func (s style) isColour() bool { return len(s) == 2 && s[0] == '3' }

// paint gives a text a style.
func (m *model) paint(s style, text string) string {
	if s == plain || text == "" || !m.color && s.isColour() {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[m"
}
