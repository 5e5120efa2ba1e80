package top

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/gozre/zre/cmd/internal/peername"
	"github.com/gozre/zre/cmd/zre/internal/watch"
)

// plan is how many lines each part of the window has.
type plan struct{ problems, rows, groups, events int }

// plan shares the lines of the window: a small one has no events, and then no groups.
func (m *model) plan() plan {
	var p plan
	left := m.height - 4 // title, totals, head of the table, keys
	if m.shown != nil && len(m.shown.Faults) > 0 && left > 3 {
		p.problems = 1
		left--
	}
	if left >= 6 {
		p.groups = 1
		left -= 2 // with a blank line
	}
	if m.height >= 30 && m.shown != nil {
		more := len(m.groupLines(3)) - 1
		p.groups += more
		left -= more
	}
	if left >= 8 {
		p.events = left / 3
		left -= p.events + 1
	}
	p.rows = max(0, left)
	if spare := p.rows - max(1, len(m.rows())); p.events > 0 && spare > 0 {
		p.rows -= spare
		p.events += spare
	}
	return p
}

func (m *model) rowsShown() int { return m.plan().rows }

// lines is the view: as many lines as the window has, none wider than it.
func (m *model) lines() []string {
	lines := []string{m.title()}
	if m.help {
		lines = append(lines, m.helpLines()...)
	} else {
		lines = append(lines, m.body()...)
	}
	for len(lines) < m.height-1 {
		lines = append(lines, "")
	}
	lines = append(lines[:max(0, m.height-1)], m.foot())
	for i := range lines {
		lines[i] = cut(lines[i], m.width) // A very narrow window has no room for titles.
	}
	return lines[:min(len(lines), max(0, m.height))]
}

// title is the first line: which node it is, and the time.
func (m *model) title() string {
	left, right := " zre top", ""
	if s := m.shown; s != nil {
		left += fmt.Sprintf("  %s %s %s", cut(name(s.Self.Name), 30), peername.Digits(s.Self.ID)[:8],
			strings.TrimPrefix(s.Self.Endpoint, "tcp://"))
		right = s.Time.Format("15:04:05") + " "
	}
	if m.paused {
		right = "PAUSED " + right
	}
	return m.paint(reverse, fit(left, m.width-ansi.StringWidth(right), false)+cut(right, m.width))
}

// body is what is between the title and the keys.
func (m *model) body() []string {
	s := m.shown
	if s == nil {
		return []string{"", cut("looking who is there", m.width)}
	}
	p, rows := m.plan(), m.rows()
	lines := []string{m.totals(s, len(rows))}
	if p.problems > 0 {
		more := ""
		if n := len(s.Faults) - 1; n > 0 {
			more = fmt.Sprintf(" (and %d more)", n)
		}
		lines = append(lines, m.paint(warn, cut("! "+cut(name(s.Faults[0]), m.width-2-len(more))+more, m.width)))
	}
	lines = append(lines, m.table(rows, p.rows)...)
	if p.groups > 0 {
		lines = append(lines, "")
		lines = append(lines, m.groupLines(p.groups)...)
	}
	if p.events > 0 {
		lines = append(lines, "")
		lines = append(lines, m.eventLines(s, p.events)...)
	}
	return lines
}

// totals is the line below the title.
func (m *model) totals(s *watch.Snapshot, matching int) string {
	peers := count(len(s.Peers), "peer")
	if m.filter != "" {
		peers = fmt.Sprintf("%d of %s", matching, peers)
	}
	passes := both
	if m.width < 76 {
		passes = rate
	}
	parts := []string{peers, count(len(s.Groups), "group"), "in " + passes(s.Self.In), "out " + passes(s.Self.Out)}
	if n := m.rowsShown(); matching > n && n > 0 {
		parts = append(parts, fmt.Sprintf("rows %d-%d", m.first+1, min(matching, m.first+n)))
	}
	return cut(" "+strings.Join(parts, "   "), m.width)
}

// table is the head and the rows.
func (m *model) table(rows []*watch.Peer, most int) []string {
	all := columns()
	shown, by := shownColumns(all, m.width), sortable(all)[m.order.by]
	var head []string
	for _, c := range shown {
		title := c.title
		if title == by.title {
			title += map[bool]string{true: "▾", false: "▴"}[by.down != m.order.reverse]
		}
		head = append(head, fit(title, c.width, c.right))
	}
	lines := []string{m.paint(strong, cut(strings.Join(head, " "), m.width))}
	for i := m.first; i < len(rows) && i < m.first+most; i++ {
		lines = append(lines, m.row(rows[i], shown))
	}
	if len(rows) == 0 && most > 0 {
		text := "nobody is there"
		if m.filter != "" {
			text = "nobody matches"
		}
		lines = append(lines, m.paint(faint, cut(text, m.width)))
	}
	for len(lines) < most+1 {
		lines = append(lines, "")
	}
	return lines
}

func (m *model) row(p *watch.Peer, shown []column) string {
	var cells []string
	for _, c := range shown {
		cells = append(cells, fit(c.text(p), c.width, c.right))
	}
	line := cut(strings.TrimRight(strings.Join(cells, " "), " "), m.width)
	switch {
	case p.Evasive:
		return m.paint(warn, line)
	case p.Stats.NotReading > 0:
		return m.paint(bad, line)
	case p.Visitor():
		return m.paint(faint, line)
	}
	return line
}

// foot is the last line: the keys, or the filter that is typed.
func (m *model) foot() string {
	if m.typing {
		// The end of a long filter is shown.
		text := []rune(m.filter)
		for len(text) > 0 && ansi.StringWidth(string(text)) > m.width-10 {
			text = text[1:]
		}
		return cut(m.paint(strong, "filter: ")+string(text)+m.paint(reverse, " "), m.width)
	}
	keys := " q quit  s sort  r reverse  / filter  p pause  ? help"
	if m.filter != "" {
		keys += "   filter: " + m.filter + " (Esc ends it)"
	}
	return m.paint(faint, cut(keys, m.width))
}

// helpLines explain the keys and the columns.
func (m *model) helpLines() []string {
	text := []string{
		"",
		"s S       sort by the next column, the one before",
		"r         the other way round",
		"/         show peers with a text in name, id, address, group",
		"Esc       show all again",
		"p         pause, and go on",
		"↑ ↓ PgUp PgDn Home End   rows",
		"Ctrl-L    draw again; Ctrl-Z: stop for a while",
		"q         quit",
		"",
		"IN OUT    octets of ZRE messages in a second, without the PINGs",
		"          of zre top; what others shout only in groups joined",
		"RTT       the last round trip; -: none is known",
		"FLIGHT    octets sent and not yet acknowledged",
		"IDLE      since anything came from the peer",
		"GROUPS    with the number of peers; +: this node is in it",
		"Yellow peers do not answer, red ones do not read.",
	}
	for i := range text {
		text[i] = cut(" "+text[i], m.width)
	}
	return text
}
