package core

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/codec/zremsg"
	"github.com/gozre/zre/internal/endpoint"
)

// simLink numbers what it sends on a connection.
type simLink struct {
	n      *simNode
	peer   uuid.UUID
	dial   *simDial
	owner  *simDialer
	serial int
	seq    uint16
	pings  int // without an answer
	old    int // PINGs of earlier links that may be answered first
	taken  int // PING-OKs that were taken for such answers
	doubt  bool
	failed bool
	short  bool
	owes   []any // PINGs that the application holds back the answers to
}

// simDialer is told of a connection, and tells the core of the link that has it.
type simDialer struct{ link *simLink }

func (sd *simDialer) up() {
	n := sd.link.n
	n.core.LinkLeadsTo(n.w.now, sd.link, sd.link.dial.accepter)
	n.core.LinkUp(n.w.now, sd.link)
}
func (sd *simDialer) down() { sd.link.n.core.LinkDown(sd.link.n.w.now, sd.link) }
func (sd *simDialer) retry(refused bool) {
	sd.link.n.core.LinkRetry(sd.link.n.w.now, sd.link, refused)
}

// Open implements Shell.
func (n *simNode) Open(peer uuid.UUID, to endpoint.Endpoint) Link {
	l := &simLink{n: n, peer: peer, old: n.late[peer], owner: new(simDialer)}
	delete(n.late, peer)
	l.owner.link = l
	l.dial = n.dial(to, l.owner)
	n.serial++
	l.serial = n.serial
	n.w.logf("%s opens link %d to %v (%v)", n.name, l.serial, to, n.w.nameOf(peer))
	return l
}

// Reopen implements Shell.
func (n *simNode) Reopen(old Link, reason Reason) Link {
	o := old.(*simLink)
	if o.failed || o.dial.stream == nil {
		return nil
	}
	l := &simLink{n: n, peer: o.peer, old: o.old + o.pings, dial: o.dial, owner: o.owner}
	l.owner.link = l
	o.dial = nil
	n.serial++
	l.serial = n.serial
	n.w.logf("%s opens link %d on the connection of link %d: %v",
		n.name, l.serial, o.serial, reason)
	return l
}

// Local implements Shell.
func (n *simNode) Local(to endpoint.Endpoint) endpoint.Endpoint {
	return endpoint.At(n.localTo(to.Host()), n.addr.Port(), n.key)
}

// IsLocal implements Shell.
func (n *simNode) IsLocal(e endpoint.Endpoint) bool {
	return e.Addr.Port() == n.addr.Port() && slices.Contains(n.addrs(), e.Host())
}

func (l *simLink) Send(m zremsg.Message) {
	l.send(m, nil)
	for m.ID() == zremsg.IDPing && l.doubt && l.pings <= l.old+l.taken && !l.failed {
		l.send(&zremsg.Ping{}, nil)
	}
}

func (l *simLink) send(m zremsg.Message, content [][]byte) {
	l.seq++
	if l.seq == 65535 && l.short {
		l.seq = 0
	}
	m.SetHeaderSequence(l.seq)
	header, err := m.AppendTo(nil)
	if err != nil {
		l.n.w.t.Fatalf("encode %v: %v", m, err)
	}
	sm := simMessage{frames: append([][]byte{header}, content...)}
	switch m.ID() {
	case zremsg.IDElect, zremsg.IDLeader:
		l.n.elections++
	case zremsg.IDPing:
		l.pings++
		sm.asks = l
	case zremsg.IDPingOK:
		sm.answers = l.n.incoming.asks
	}
	if l.dial == nil || !l.dial.send(sm) {
		l.failed = true
	}
}

// Answer implements Link.
func (l *simLink) Answer() {
	if l.n.slow {
		l.owes = append(l.owes, l.n.incoming.asks)
		return
	}
	l.Send(&zremsg.PingOK{})
}

// keepUp lets the application take what there is.
func (n *simNode) keepUp() {
	n.slow = false
	for _, l := range n.links() {
		for _, asks := range l.owes {
			n.incoming.asks = asks
			l.Send(&zremsg.PingOK{})
		}
		l.owes = nil
	}
	n.incoming = simMessage{}
}

// Ack implements Link. The simulation knows which PING the PING-OK answers.
func (l *simLink) Ack() bool {
	counts := false
	switch {
	case l.old > 0:
		l.old--
		l.taken++
	case l.doubt:
		l.pings -= min(l.pings, l.taken+1)
		l.Synced()
		counts = true
	case l.pings > 0:
		l.pings--
		counts = true
	}
	if counts {
		l.checkAnswer()
	}
	return counts
}

// CountLate implements Link.
func (l *simLink) CountLate() {
	l.pings -= min(l.pings, l.taken)
	l.Synced()
	l.checkAnswer()
}

// checkAnswer fails if a PING-OK counts that answers a PING of another session.
func (l *simLink) checkAnswer() {
	w := l.n.w
	asked, _ := l.n.incoming.answers.(*simLink)
	switch {
	case asked == l:
	case w.anyAnswers:
	default:
		w.t.Errorf("%v: %s: a PING-OK counts that answers no PING of link %d",
			w.now-time.Hour, l.n.name, l.serial)
	}
}

func (l *simLink) Synced()    { l.old, l.taken, l.doubt = 0, 0, false }
func (l *simLink) Doubt()     { l.old, l.taken, l.doubt = l.old+l.taken, 0, l.old+l.taken > 0 }
func (l *simLink) Owes() bool { return len(l.owes) > 0 }
func (l *simLink) Shorten()   { l.short = true }

func (l *simLink) RetryCause() error { return nil }

// Connected implements Link. The handshake takes no time.
func (l *simLink) Connected() bool { return l.dial != nil && l.dial.stream != nil }

// Unreceived implements Link.
func (l *simLink) Unreceived(time.Duration) bool { return false }

func (l *simLink) Failed() Reason {
	if l.failed {
		return ReasonFailed
	}
	return 0
}

// Close implements Link; what was in flight may still arrive.
func (l *simLink) Close(reason Reason) {
	l.n.w.logf("%s closes link %d (%v) %v", l.n.name, l.serial, l.n.w.nameOf(l.peer), reason)
	if pings := l.old + l.pings; pings > 0 {
		l.n.late[l.peer] = pings
	}
	l.dial.close()
}

// links returns the links that are open, by age.
func (n *simNode) links() (open []*simLink) {
	n.core.Links(func(l Link) { open = append(open, l.(*simLink)) })
	slices.SortFunc(open, func(a, b *simLink) int { return a.serial - b.serial })
	return open
}
