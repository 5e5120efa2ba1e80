package top

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"github.com/google/uuid"

	"github.com/gozre/zre/cmd/internal/peername"
	"github.com/gozre/zre/cmd/zre/internal/watch"
	"github.com/gozre/zre/zre"
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
		left += fmt.Sprintf("  %s %s %s", cut(name(s.Self.Name), 30), peername.Digits(s.Self.ID)[:8], strings.TrimPrefix(s.Self.Endpoint, "tcp://"))
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

// groupLines lists the groups, as many in a line as fit, in so many lines at most.
func (m *model) groupLines(most int) []string {
	const title = "GROUPS"
	groups := m.shown.Groups
	if len(groups) == 0 {
		return []string{m.paint(strong, title) + m.paint(faint, cut("  none", m.width-len(title)))}
	}
	var lines []string
	line := strings.Repeat(" ", len(title))
	for i, g := range groups {
		text := "  " + cut(groupText(g, m.shown), max(1, m.width-len(title)-2))
		width := ansi.StringWidth(line) + ansi.StringWidth(text)
		// In the last line there must be room to say how many are left out.
		more, rest := "", len(groups)-i-1
		if rest > 0 && len(lines) == most-1 {
			more = fmt.Sprintf("  and %d more", rest)
		}
		if width+len(more) > m.width {
			if len(lines) == most-1 {
				line += cut(fmt.Sprintf("  and %d more", rest+1), m.width-ansi.StringWidth(line))
				break
			}
			lines = append(lines, line)
			line = strings.Repeat(" ", len(title))
		}
		line += text
	}
	lines = append(lines, line)
	lines[0] = m.paint(strong, title) + strings.TrimPrefix(lines[0], strings.Repeat(" ", len(title)))
	return lines
}

// groupText is a group with the number of peers in it, "+" if this node is in it too, its
// leader and its rate.
func groupText(g watch.Group, s *watch.Snapshot) string {
	text := fmt.Sprintf("%s %d", cut(name(g.Name), 20), g.Members)
	if !g.Own {
		return text
	}
	text += "+"
	if g.Leader != uuid.Nil {
		text += " led by " + cut(leaderName(g.Leader, s), 12)
	}
	if g.In.Octets > 0 {
		text += " " + rate(g.In)
	}
	return text
}

func leaderName(id uuid.UUID, s *watch.Snapshot) string {
	if id == s.Self.ID {
		return name(s.Self.Name)
	}
	for _, p := range s.Peers {
		if p.ID == id {
			return name(p.Name)
		}
	}
	return peername.Digits(id)[:8]
}

// eventLines are the newest events, the newest first.
func (m *model) eventLines(s *watch.Snapshot, most int) []string {
	var lines []string
	for i := len(s.Events) - 1; i >= 0 && len(lines) < most; i-- {
		lines = append(lines, m.eventLine(&s.Events[i]))
	}
	if len(lines) == 0 {
		lines = append(lines, m.paint(faint, cut("no events yet", m.width)))
	}
	return lines
}

func (m *model) eventLine(e *watch.Entry) string {
	const before = 8 + 1 + 7 + 1 // time and type
	look := map[zre.EventType]style{
		zre.EventEnter: good, zre.EventExit: bad, zre.EventEvasive: warn, zre.EventSilent: bad,
		zre.EventShout: talk, zre.EventWhisper: talk,
	}[e.Type]
	kind := fmt.Sprintf("%-7s", e.Type)
	if m.width <= before {
		return cut(kind, m.width)
	}
	return m.paint(faint, e.Time.Format("15:04:05")) + " " + m.paint(look, kind) + " " + cut(eventText(e, m.width-before), m.width-before)
}

// eventText is what has happened, with names cut so that the rest of it has room.
func eventText(e *watch.Entry, width int) string {
	who, group := cut(name(e.Name), max(8, width/3)), cut(name(e.Group), max(8, width/3))
	switch {
	case e.Type == zre.EventEnter:
		return who + " " + peername.Digits(e.Peer)[:8]
	case e.Type == zre.EventExit:
		return who + ": " + e.Reason
	case e.Type == zre.EventShout:
		return fmt.Sprintf("%s to %s: %s, %sB", who, group, count(int(e.Count), "message"), octets(float64(e.Octets)))
	case e.Type == zre.EventWhisper:
		return fmt.Sprintf("%s: %s, %sB", who, count(int(e.Count), "message"), octets(float64(e.Octets)))
	case e.Group != "":
		return who + " " + group
	}
	return who
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
