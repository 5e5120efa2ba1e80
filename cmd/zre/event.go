package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gozre/zre/cmd/internal/eventjson"
	"github.com/gozre/zre/cmd/internal/visible"
	"github.com/gozre/zre/zre"
)

// format turns events into lines of a pipe.
type format struct {
	json bool
}

// event is one line. label is the peer's name as [roster.label] gives it.
func (f format) event(ev zre.Event, label string) string {
	if f.json {
		return eventjson.Event(ev, time.Time{})
	}
	var detail string
	switch ev.Type {
	case zre.EventEnter:
		detail = fmt.Sprintf(" %s %s%s", ev.Peer, visible.String(ev.Endpoint), headerList(ev.Headers))
	case zre.EventExit:
		detail = fmt.Sprintf(" %s %s", ev.Peer, ev.Reason)
	case zre.EventJoin, zre.EventLeave, zre.EventLeader:
		detail = " " + visible.String(ev.Group)
	case zre.EventShout:
		detail = " " + visible.String(ev.Group) + ": " + f.content(ev.Content)
	case zre.EventWhisper:
		detail = ": " + f.content(ev.Content)
	case zre.EventEvasive:
		detail = " does not answer"
	case zre.EventSilent:
		detail = " has not answered for long"
	}
	return fmt.Sprintf("%-7s %s%s", ev.Type, visible.String(label), detail)
}

// content is the frames of a message on one line, with bars between them.
func (f format) content(frames [][]byte) string {
	parts := make([]string, len(frames))
	for i, frame := range frames {
		// A newline at the end is how echo and uptime end what they say.
		parts[i] = visible.String(strings.TrimSuffix(string(frame), "\n"))
	}
	return strings.Join(parts, " | ")
}

// headerList is " name=value …" in the order of the names.
func headerList(headers map[string]string) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		b.WriteString(" " + visible.String(name+"="+headers[name]))
	}
	return b.String()
}

// roster gives each peer a name to print: its own, and with it a piece of the
// UUID while another one, or this node, has the same name.
type roster struct {
	own    string
	digits int // of the UUID; 6 if it is 0
	count  map[string]int
}

// label is the name of the peer that an event is about. It must see every
// event, in order.
func (r *roster) label(ev zre.Event) string {
	if r.count == nil {
		r.count = map[string]int{r.own: 1}
	}
	if ev.Type == zre.EventEnter {
		r.count[ev.Name]++
	}
	label := ev.Name
	if r.count[ev.Name] > 1 || ev.Name == "" {
		label += "/" + hexDigits(ev.Peer)[:cmp.Or(r.digits, 6)]
	}
	if ev.Type == zre.EventExit {
		if r.count[ev.Name]--; r.count[ev.Name] <= 0 {
			delete(r.count, ev.Name)
		}
	}
	return label
}
