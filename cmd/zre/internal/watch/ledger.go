package watch

import (
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/zre"
)

// Bounds of the ledger.
const (
	maxEntries = 200 // that are kept
	maxFlows   = 1024
	flowPause  = 10 * time.Second // a flow has ended when nothing came for so long
)

// Entry is an event, or a flow: messages of one peer to one group, or to this node, with no
// longer pause than ten seconds between them. A flow keeps its place while it grows.
type Entry struct {
	Seq    uint64 // rises
	Time   time.Time
	Type   zre.EventType
	Peer   uuid.UUID
	Name   string
	Group  string
	Reason string // EXIT
	Count  uint64 // messages of a flow
	Octets uint64 // of their content
}

// Message reports whether the entry is a flow of messages.
func (e *Entry) Message() bool { return e.Type == zre.EventShout || e.Type == zre.EventWhisper }

// flow names a flow.
type flow struct {
	kind  zre.EventType
	peer  uuid.UUID
	group string
}

// ledger keeps what has happened. Who uses it holds its lock.
type ledger struct {
	seq     uint64
	entries []*Entry
	flows   map[flow]*running
	groups  map[string]*counter // SHOUTs
}

type running struct {
	entry *Entry
	last  time.Time
}

func newLedger() *ledger {
	return &ledger{flows: map[flow]*running{}, groups: map[string]*counter{}}
}

// add adds an event.
func (l *ledger) add(ev zre.Event, now time.Time) {
	e := &Entry{Time: now, Type: ev.Type, Peer: ev.Peer, Name: ev.Name, Group: ev.Group}
	if ev.Type == zre.EventExit {
		e.Reason = ev.Reason.String()
	}
	if !e.Message() {
		l.append(e)
		return
	}
	octets := uint64(0)
	for _, frame := range ev.Content {
		octets += uint64(len(frame))
	}
	if ev.Type == zre.EventShout {
		l.count(ev.Group, octets)
	}
	key := flow{ev.Type, ev.Peer, ev.Group}
	f := l.flows[key]
	if f == nil || now.Sub(f.last) > flowPause {
		if f == nil && len(l.flows) >= maxFlows {
			return
		}
		f = &running{entry: e}
		l.flows[key] = f
		l.append(e)
	}
	f.last = now
	f.entry.Count++
	f.entry.Octets += octets
}

func (l *ledger) append(e *Entry) {
	l.seq++
	e.Seq = l.seq
	if len(l.entries) == maxEntries {
		copy(l.entries, l.entries[1:])
		l.entries = l.entries[:maxEntries-1]
	}
	l.entries = append(l.entries, e)
}

// count counts a message to a group. This node is in it, so that they are bounded.
func (l *ledger) count(group string, octets uint64) {
	c := l.groups[group]
	if c == nil {
		c = &counter{}
		l.groups[group] = c
	}
	c.messages++
	c.octets += octets
}

// recent copies the entries, and forgets the flows that have ended.
func (l *ledger) recent(now time.Time) []Entry {
	for key, f := range l.flows {
		if now.Sub(f.last) > flowPause {
			delete(l.flows, key)
		}
	}
	list := make([]Entry, len(l.entries))
	for i, e := range l.entries {
		list[i] = *e
	}
	return list
}
