package main

import (
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/zre"
)

// Many peers that come, go, join or leave at once are one line.
const mostAlike = 5

// How many messages are shown: of one peer, and of all. The rest is counted, so that the
// screen stays usable when somebody sends without end.
const (
	peerBurst, peerRate = 60, 5 // messages, and as many more each second
	allBurst, allRate   = 600, 50
)

// summaryPeriod is how often those that are left out are named.
const summaryPeriod = time.Second

// digest turns events into lines of the screen. It has no clock of its own.
type digest struct {
	look  look
	names roster
	hides func(zre.Event) bool // events that are not shown

	all   bucket
	peers map[uuid.UUID]*bucket
	day   string

	skipped   map[skip]int // messages not shown
	order     []skip
	nextTally time.Time // when they are named; zero if there are none
}

// skip says where messages were left out.
type skip struct{ label, group string }

func newDigest(l look) *digest {
	return &digest{
		look: l, names: roster{own: l.own, digits: shortDigits},
		hides: func(zre.Event) bool { return false },
		all:   bucket{burst: allBurst, rate: allRate}, peers: map[uuid.UUID]*bucket{}, skipped: map[skip]int{},
	}
}

// bucket lets burst things through at once, and rate more each second.
type bucket struct {
	burst, rate float64
	used        float64
	at          time.Time
}

func (b *bucket) take(now time.Time) bool {
	if passed := now.Sub(b.at).Seconds(); passed > 0 {
		b.used = max(0, b.used-passed*b.rate)
		b.at = now
	}
	if b.used+1 > b.burst {
		return false
	}
	b.used++
	return true
}

// labeled is an event with the name of its peer.
type labeled struct {
	zre.Event
	label string
}

// lines are the lines for events that came at about the same time.
func (d *digest) lines(now time.Time, events []zre.Event) [][]span {
	var out [][]span
	add := func(line []span) { out = append(out, d.look.line(now, line...)) }
	if day := now.Format("Monday, 2 January 2006"); d.day != day {
		if d.day != "" {
			out = append(out, []span{{faint, day}})
		}
		d.day = day
	}
	for _, line := range d.tally(now, false) {
		add(line)
	}
	var named []labeled
	for _, ev := range events {
		label := d.names.label(ev) // of each, to know which names are unique
		if !d.hides(ev) {
			named = append(named, labeled{ev, label})
		}
	}
	for len(named) > 0 {
		n := alike(named)
		if n > 1 {
			for _, line := range d.crowd(named[:n]) {
				add(line)
			}
		} else if ev := named[0]; d.admit(now, ev) {
			add(d.look.event(ev.Event, ev.label))
		}
		named = named[n:]
	}
	for _, ev := range events {
		if ev.Type == zre.EventExit {
			delete(d.peers, ev.Peer)
		}
	}
	return out
}

// admit reports whether an event is shown by itself.
func (d *digest) admit(now time.Time, ev labeled) bool {
	switch ev.Type {
	case zre.EventWhisper, zre.EventShout:
	default:
		return true
	}
	own := d.peers[ev.Peer]
	if own == nil {
		own = &bucket{burst: peerBurst, rate: peerRate}
		d.peers[ev.Peer] = own
	}
	if own.take(now) && d.all.take(now) {
		return true
	}
	s := skip{ev.label, ev.Group}
	if d.skipped[s] == 0 {
		d.order = append(d.order, s)
	}
	d.skipped[s]++
	if d.nextTally.IsZero() {
		d.nextTally = now.Add(summaryPeriod)
	}
	return false
}

// tally names what was left out, if it is time or if it is the end.
func (d *digest) tally(now time.Time, end bool) [][]span {
	if d.nextTally.IsZero() || now.Before(d.nextTally) && !end {
		return nil
	}
	const most = 4
	var out [][]span
	for _, s := range d.order[:min(len(d.order), most)] {
		text := number(d.skipped[s]) + " more from " + shown(s.label)
		if s.group != "" {
			text = "[" + shown(s.group) + "] " + text
		} else {
			text = "WHISPER " + text
		}
		out = append(out, []span{{warns, text + ": too many to show"}})
	}
	if rest := d.order[min(len(d.order), most):]; len(rest) > 0 {
		sum := 0
		for _, s := range rest {
			sum += d.skipped[s]
		}
		out = append(out, []span{{warns, number(sum) + " more from others: too many to show"}})
	}
	clear(d.skipped)
	d.order, d.nextTally = nil, time.Time{}
	return out
}

// alike is how many events from the first one on are told together: of peers that come and
// join, or of peers that leave.
func alike(events []labeled) int {
	kind := presence(events[0].Type)
	if kind == 0 {
		return 1
	}
	n := 1
	for n < len(events) && presence(events[n].Type) == kind {
		n++
	}
	return n
}

// presence tells the events of peers that come from those of peers that go; 0 is neither.
func presence(t zre.EventType) int {
	switch t {
	case zre.EventEnter, zre.EventJoin:
		return 1
	case zre.EventExit, zre.EventLeave:
		return 2
	}
	return 0
}

// crowd tells events of one kind: those that are many in one line.
func (d *digest) crowd(events []labeled) [][]span {
	type sort struct {
		typ   zre.EventType
		group string
	}
	groups := map[sort][]labeled{}
	for _, ev := range events {
		s := sort{ev.Type, ev.Group}
		groups[s] = append(groups[s], ev)
	}
	var out [][]span
	for _, ev := range events {
		s := sort{ev.Type, ev.Group}
		switch same := groups[s]; {
		case len(same) > mostAlike:
			var labels []string
			for _, e := range same {
				labels = append(labels, e.label)
			}
			out = append(out, d.look.several(ev.Type, labels, ev.Group))
			groups[s] = nil
		case len(same) > 0:
			out = append(out, d.look.event(ev.Event, ev.label))
		}
	}
	return out
}
