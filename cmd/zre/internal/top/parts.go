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
	text := cut(eventText(e, m.width-before), m.width-before)
	return m.paint(faint, e.Time.Format("15:04:05")) + " " + m.paint(look, kind) + " " + text
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
