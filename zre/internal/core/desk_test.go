package core

import (
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/codec/zremsg"
	"github.com/gozre/zre/internal/curve"
	"github.com/gozre/zre/internal/endpoint"
)

// desk is a core whose shell records what it is asked to do. The test speaks for
// the peers and for the transport.
type desk struct {
	t     *testing.T
	core  *Core
	now   time.Duration
	slow  bool // links come up by LinkUp only, not at once
	keeps bool // Reopen fails
	links []*deskLink
	conns []*deskConn
	late  map[uuid.UUID]int // PINGs of closed links that may still be answered
	log   []string          // events
}

// deskLink is a link. It counts PINGs and PING-OKs as a real one does.
type deskLink struct {
	desk       *desk
	peer       uuid.UUID
	endpoint   endpoint.Endpoint
	sent       []zremsg.Message
	up         bool // LinkUp was called, or the link was reopened
	down       bool // LinkDown was called
	over       bool // another link has its connection
	answers    int
	pings      int // without an answer
	late       int // PINGs of earlier links that may be answered first
	taken      int // PING-OKs that were taken for such answers
	acks       int
	closed     Reason
	failed     Reason
	cause      error
	unreceived bool
	connected  bool
	short      bool
	owes       bool
	doubt      bool
}

// deskConn is an accepted connection.
type deskConn struct {
	desk   *desk
	conn   *Conn
	key    curve.Key
	held   []func() // messages that have not arrived
	waits  bool     // until Resume is called
	closed bool     // by the core
	ended  bool     // by the peer
	parts  bool     // of a message are arriving

	admitted bool
}

func (d *desk) Open(peer uuid.UUID, to endpoint.Endpoint) Link {
	l := &deskLink{desk: d, peer: peer, endpoint: to, late: d.late[peer]}
	delete(d.late, peer)
	d.links = append(d.links, l)
	return l
}

func (d *desk) Reopen(old Link, reason Reason) Link {
	o := old.(*deskLink)
	if !o.up || o.down || o.closed != 0 {
		d.t.Errorf("a link is reopened that is up %v, down %v, closed by %v",
			o.up, o.down, o.closed)
	}
	if d.keeps {
		return nil
	}
	o.closed, o.over = reason, true
	l := &deskLink{desk: d, peer: o.peer, endpoint: o.endpoint, up: true, late: o.late + o.pings}
	d.links = append(d.links, l)
	return l
}

var ownAt = at("10.0.0.1:41000")

func (d *desk) Local(endpoint.Endpoint) endpoint.Endpoint { return ownAt }
func (d *desk) IsLocal(e endpoint.Endpoint) bool          { return e.Addr == ownAt.Addr }

func (d *desk) Deliver(_ Link, ev *Event) {
	d.log = append(d.log, fmt.Sprintf("%v %s%s%v", ev.Type, ev.Name, ev.Group, ev.Reason))
}

func (d *desk) Data(_ Link, typ EventType, group string, content [][]byte) {
	d.log = append(d.log, strings.TrimSpace(fmt.Sprintf("%v %s%s",
		typ, group, slices.Concat(content...))))
}

func (l *deskLink) Send(m zremsg.Message) {
	if l.closed != 0 {
		l.desk.t.Errorf("%v is sent on a closed link", m.ID())
	}
	l.sent = append(l.sent, m)
	if m.ID() == zremsg.IDPing {
		l.pings++
	}
	if m.ID() == zremsg.IDPing && l.doubt && l.pings <= l.late+l.taken {
		l.Send(&zremsg.Ping{})
	}
}

func (l *deskLink) Ack() bool {
	switch {
	case l.late > 0:
		l.late--
		l.taken++
		return false
	case l.doubt:
		l.CountLate()
		l.pings, l.acks = l.pings-1, l.acks+1
		return true
	case l.pings == 0:
		return false
	}
	l.pings--
	l.acks++
	return true
}

func (l *deskLink) Answer() { l.answers++ }
func (l *deskLink) Synced() { l.late, l.taken, l.doubt = 0, 0, false }
func (l *deskLink) Doubt()  { l.late, l.taken, l.doubt = l.late+l.taken, 0, l.late+l.taken > 0 }
func (l *deskLink) CountLate() {
	l.pings, l.acks = l.pings-min(l.pings, l.taken), l.acks+l.taken
	l.Synced()
}
func (l *deskLink) Owes() bool        { return l.owes }
func (l *deskLink) Failed() Reason    { return l.failed }
func (l *deskLink) RetryCause() error { return l.cause }

func (l *deskLink) Connected() bool               { return l.connected }
func (l *deskLink) Unreceived(time.Duration) bool { return l.unreceived }
func (l *deskLink) Shorten()                      { l.short = true }

func (l *deskLink) Close(reason Reason) {
	if l.closed != 0 {
		l.desk.t.Errorf("a link that was closed by %v is closed by %v", l.closed, reason)
	}
	l.closed = reason
	l.desk.late[l.peer] = l.late + l.pings
}

// kinds returns what was sent on a link.
func (l *deskLink) kinds() string {
	var b strings.Builder
	for _, m := range l.sent {
		fmt.Fprint(&b, m.ID(), " ")
	}
	return b.String()
}

func (dc *deskConn) Admit()      { dc.admitted = true }
func (dc *deskConn) Ended() bool { return dc.ended }

func (dc *deskConn) Arriving() bool { return dc.parts }

func (dc *deskConn) Resume() { dc.waits = false }

func (dc *deskConn) Close() {
	if dc.closed {
		dc.desk.t.Error("a connection is closed twice")
	}
	if dc.waits && dc.conn.Waits() {
		dc.desk.t.Error("a connection is closed while the shell waits for Resume")
	}
	dc.closed = true
}

// The nodes that tests speak of.
var (
	own    = uuid.MustParse("11111111-1111-1111-1111-111111111111")
	friend = uuid.MustParse("22222222-2222-2222-2222-222222222222")
	other  = uuid.MustParse("33333333-3333-3333-3333-333333333333")
)

const (
	friendText = "tcp://10.0.0.2:41000"
	otherText  = "tcp://10.0.0.3:41000"
)

var (
	friendAt   = at("10.0.0.2:41000")
	friendHost = friendAt.Host()
)

// at is an endpoint in a plain network.
func at(text string) endpoint.Endpoint { return endpoint.Endpoint{Addr: netip.MustParseAddrPort(text)} }

func newDesk(t *testing.T) *desk {
	d := &desk{t: t, now: time.Hour, late: make(map[uuid.UUID]int)}
	d.core = New(Config{
		ID: own, Name: "me", MaxPeers: 3,
		QuietPeriod: 5 * time.Second, PingRate: time.Second, DeadPeriod: 30 * time.Second,
		Shell: d, Logger: slog.New(slog.DiscardHandler),
	})
	return d
}
