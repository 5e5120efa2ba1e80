package zmtp

import (
	"cmp"
	"net/netip"
	"slices"
	"time"
)

// evict ends a link on which too little arrives, after others have waited for memory for long. That
// is the exempt link, if it has received less than it has to. If it has received enough, that
// is one on which nothing has arrived: the largest one of the host that has most of the memory.
//
// Links that we do not read are not to blame: those that wait for memory themselves, and those that
// wait for the application.
func (m *memory) evict() {
	m.mu.Lock()
	due, exempt, received := time.Since(m.since) >= m.patience, m.exempt, int64(0)
	if due {
		received = m.look()
	}
	m.mu.Unlock()
	switch {
	case !due || exempt != nil && exempt.busy.Load():
	case exempt != nil && received < m.least:
		exempt.evict()
	default:
		if l := m.largestIdle(); l != nil {
			l.evict()
		}
	}
}

func (l *link) evict() {
	l.end(tooLarge("an unfinished message of %d octets, for whose memory others wait",
		l.share.Load()))
}

// largestIdle returns the link with the largest share on the host that has most, of those on which
// nothing has arrived since the last call, although they are being read. It returns nil if there is
// none.
func (m *memory) largestIdle() *link {
	hosts := make(map[netip.Addr]int64)
	var idle []*link
	for _, l := range m.links() {
		got := l.got.Load()
		nothing := l.gotBefore.Swap(got) == got
		if share := l.share.Load(); share > 0 && !l.busy.Load() {
			hosts[l.conn.Remote.Addr()] += share
			if nothing && !l.waits.Load() {
				idle = append(idle, l)
			}
		}
	}
	if len(idle) == 0 {
		return nil
	}
	return slices.MaxFunc(idle, func(a, b *link) int {
		of, other := a.conn.Remote.Addr(), b.conn.Remote.Addr()
		return cmp.Or(cmp.Compare(hosts[of], hosts[other]), of.Compare(other),
			cmp.Compare(a.share.Load(), b.share.Load()))
	})
}
