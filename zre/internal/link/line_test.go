package link

import (
	"testing"
	"time"

	"github.com/gozre/zre/internal/transport"
)

// What counts is that more of the messages has arrived at the peer's system: not what is sent
// beside them, before them or later. Octets are counted in tens, and there is a look each second.
func TestLine(t *testing.T) {
	type look struct {
		acked, unacked uint64
		queued         int
		data           uint64
		more           bool
		after          time.Duration // besides the second
	}
	for name, looks := range map[string][]look{
		"a slow line": {
			{acked: 100, unacked: 900, data: 5},
			{acked: 400, unacked: 600, data: 5, more: true},
			{acked: 400, unacked: 600, data: 5},
			{acked: 1000, data: 5, more: true},
		},
		"it is not all written": {
			{acked: 100, unacked: 500, queued: 4000, data: 5},
			{acked: 500, unacked: 500, queued: 3000, data: 5, more: true},
			{acked: 3000, unacked: 1600, data: 5, more: true},
			{acked: 4600, data: 5, more: true},
			{acked: 4700, data: 5},
		},
		"answers to PINGs": {
			{acked: 1000, data: 5},
			{acked: 1050, data: 5},
			{acked: 1100, unacked: 50, data: 5},
			{acked: 1150, unacked: 50, data: 5},
			{acked: 1200, unacked: 50, queued: 50, data: 5},
			{acked: 1250, data: 5},
		},
		"answers to PINGs behind the messages": {
			{acked: 100, unacked: 900, data: 5},
			{acked: 1000, unacked: 50, data: 5, more: true},
			{acked: 1050, unacked: 50, data: 5},
		},
		"an octet now and then": {
			{acked: 100, unacked: 900, data: 5},
			{acked: 101, unacked: 900, data: 5},
			{acked: 150, unacked: 900, data: 5},
			{acked: 250, unacked: 900, data: 5},
		},
		"the rest is small": {
			{acked: 100, unacked: 30, data: 5},
			{acked: 100, unacked: 30, data: 5},
			{acked: 130, data: 5, more: true},
		},
		"a sender that seldom tries": {
			{acked: 100, unacked: 900, data: 5},
			{acked: 15000, unacked: 900, data: 5, more: true, after: 14 * time.Second},
			{acked: 15001, unacked: 900, data: 5, after: 14 * time.Second},
		},
		"a pause of TCP": {
			{acked: 100, unacked: 900, data: 5},
			{acked: 100, unacked: 900, data: 5},
			{acked: 101, unacked: 900, data: 5},
			{acked: 500, unacked: 500, data: 5, more: true},
			{acked: 610, unacked: 500, data: 5, more: true},
		},
		"nothing arrives": {
			{acked: 100, unacked: 900, queued: 50, data: 5},
			{acked: 100, unacked: 900, queued: 90, data: 5},
		},
		"further messages": {
			{acked: 1000, data: 5},
			{acked: 1050, data: 5},
			{acked: 1050, unacked: 900, data: 6},
			{acked: 1500, unacked: 450, data: 6, more: true},
			{acked: 1950, data: 6, more: true},
			{acked: 2000, data: 6},
		},
		"two goroutines look": {
			{acked: 1000, unacked: 900, data: 6},
			{acked: 500, unacked: 100, data: 5},
			{acked: 900, unacked: 1000, data: 6},
			{acked: 1000, unacked: 900, data: 6},
		},
	} {
		var n line
		at := time.Unix(1, 0)
		for i, l := range looks {
			at = at.Add(time.Second + l.after)
			before := n.moved
			more := n.look(at, transport.Backlog{Acked: 10 * l.acked, Unacked: 10 * l.unacked}, l.queued, l.data)
			if more != l.more {
				t.Errorf("%s, look %d: %v, want %v", name, i, more, l.more)
			}
			if want := map[bool]time.Time{true: at, false: before}[more]; n.moved != want {
				t.Errorf("%s, look %d: moved at %v, want %v", name, i, n.moved, want)
			}
		}
	}
}
