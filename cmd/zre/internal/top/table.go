package top

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/gozre/zre/cmd/internal/peername"
	"github.com/gozre/zre/cmd/zre/internal/watch"
)

// column is one column of the table of peers.
type column struct {
	title string
	width int  // without the blank behind it
	right bool // numbers
	from  int  // the least width of the window that shows it
	grows int  // its part of what is left of the window's width
	text  func(p *watch.Peer) string
	less  func(a, b *watch.Peer) int // nil: not sorted by; the first press of "s" goes on
	down  bool                       // the largest first, unless reversed
}

// columns are all columns, from left to right.
func columns() []column {
	return []column{
		{title: "NAME", width: 10, grows: 2, text: func(p *watch.Peer) string { return name(p.Name) },
			less: func(a, b *watch.Peer) int { return cmp.Compare(a.Name, b.Name) }},
		{title: "ID", width: 8, from: 76, text: func(p *watch.Peer) string { return peername.Digits(p.ID)[:8] }},
		{title: "ADDRESS", width: 21, from: 100, text: address},
		{title: "IN", width: 7, right: true, text: func(p *watch.Peer) string { return rate(p.In) }, down: true,
			less: func(a, b *watch.Peer) int { return cmp.Compare(a.In.Octets, b.In.Octets) }},
		{title: "OUT", width: 7, right: true, text: func(p *watch.Peer) string { return rate(p.Out) }, down: true,
			less: func(a, b *watch.Peer) int { return cmp.Compare(a.Out.Octets, b.Out.Octets) }},
		{title: "RTT", width: 7, right: true, text: func(p *watch.Peer) string { return trip(p.RoundTrip) },
			less: func(a, b *watch.Peer) int { return cmp.Compare(answered(a), answered(b)) }},
		{title: "FLIGHT", width: 6, right: true, from: 58, text: flight, down: true,
			less: func(a, b *watch.Peer) int { return cmp.Compare(a.Stats.Unacknowledged, b.Stats.Unacknowledged) }},
		{title: "IDLE", width: 6, right: true, text: func(p *watch.Peer) string { return age(p.Idle) }, down: true,
			less: func(a, b *watch.Peer) int { return cmp.Compare(a.Idle, b.Idle) }},
		{title: "GROUPS", width: 6, grows: 3, text: func(p *watch.Peer) string { return name(strings.Join(p.Groups, ",")) }},
	}
}

// answered sorts peers without a round trip behind all others.
func answered(p *watch.Peer) time.Duration {
	if p.RoundTrip <= 0 {
		return 1<<63 - 1
	}
	return p.RoundTrip
}

func address(p *watch.Peer) string { return strings.TrimPrefix(p.Endpoint, "tcp://") }

func flight(p *watch.Peer) string {
	if p.Stats.Unacknowledged == 0 {
		return none
	}
	return octets(float64(p.Stats.Unacknowledged))
}

// shownColumns are the columns of a window, as wide as there is room.
func shownColumns(all []column, width int) []column {
	var shown []column
	used, parts := 0, 0
	for _, c := range all {
		if width >= c.from {
			shown = append(shown, c)
			used += c.width + 1
			parts += c.grows
		}
	}
	left := max(0, width-used+1)
	for i := range shown {
		if shown[i].grows > 0 {
			more := left * shown[i].grows / parts
			left, parts = left-more, parts-shown[i].grows
			shown[i].width += more
		}
	}
	return shown
}

// order says how peers are sorted.
type order struct {
	by      int // of the columns that peers can be sorted by
	reverse bool
}

// sortable are the columns that peers can be sorted by.
func sortable(all []column) []column {
	return slices.DeleteFunc(slices.Clone(all), func(c column) bool { return c.less == nil })
}

// rowsOf are the peers that match a filter, in their order.
func rowsOf(s *watch.Snapshot, filter string, o order) []*watch.Peer {
	if s == nil {
		return nil
	}
	filter = strings.ToLower(filter)
	var rows []*watch.Peer
	for i := range s.Peers {
		if p := &s.Peers[i]; matches(p, filter) {
			rows = append(rows, p)
		}
	}
	by := sortable(columns())[o.by]
	slices.SortStableFunc(rows, func(a, b *watch.Peer) int {
		c := by.less(a, b)
		if by.down != o.reverse {
			c = -c
		}
		return c // Those that are equal keep the order by name.
	})
	return rows
}

// matches reports whether a peer has the text, in lower case, in its name, UUID, address or
// one of its groups.
func matches(p *watch.Peer, text string) bool {
	has := func(s string) bool { return strings.Contains(strings.ToLower(s), text) }
	return text == "" || has(p.Name) || has(p.ID.String()) || has(peername.Digits(p.ID)) || has(p.Endpoint) ||
		slices.ContainsFunc(p.Groups, has)
}
