package link

import (
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/endpoint"
	"github.com/gozre/zre/internal/transport"
)

// ErrGone says that the peer went away before it had acknowledged everything.
var ErrGone = errors.New("peer is gone")

// Config is what a Set is made of. All fields are needed but SlowPeer.
type Config struct {
	// Window bounds what is in flight to one peer, in octets; see Window.
	Window int
	// MaxMissed bounds the peers that are remembered as missed, and those whose way
	// of counting sequences is remembered.
	MaxMissed int
	// Dial makes a connection to a peer, uuid.Nil if it is not known which one is
	// there.
	Dial func(peer uuid.UUID, to endpoint.Endpoint, h transport.Handler) *transport.Conn
	// Events gets what happens to the connections.
	Events Events
	// SlowPeer is how long a sender waits for a peer that acknowledges nothing until it
	// leaves that out; 0 stands for no end.
	SlowPeer time.Duration
	// Stalled is asked once a second by each waiting sender. An error ends the wait. It gets for
	// how long it was not seen that more has arrived at the systems of the awaited peers.
	Stalled func(quiet time.Duration) error
	Logger  *slog.Logger
}

// Events gets what happens to the connections of links. The calls come from
// goroutines of the transport.
type Events interface {
	LinkUp(l *Link)
	LinkRetry(l *Link, err error)
	LinkDown(l *Link, err error)
}

// Set is the links of one node, and what is remembered of closed ones.
type Set struct {
	cfg Config

	mu      sync.Mutex // guards what follows; taken after a link's mutex
	retired Stats
	missed  map[uuid.UUID]Missed   // peers that went away before they acknowledged all
	short   map[uuid.UUID]struct{} // peers that leave out the last sequence
	late    map[uuid.UUID]int      // PINGs on closed connections that may still be answered
	unasked []*Link                // links with data after the last PING
	fencer  *time.Timer
	ended   bool
}

// Missed is a peer that has not acknowledged all that was sent to it.
type Missed struct {
	Peer uuid.UUID
	Name string
	Err  error
}

// NewSet returns a Set without links.
func NewSet(cfg Config) *Set {
	s := &Set{
		cfg:    cfg,
		missed: make(map[uuid.UUID]Missed), short: make(map[uuid.UUID]struct{}), late: make(map[uuid.UUID]int),
	}
	s.fencer = time.AfterFunc(time.Hour, s.fenceAll)
	s.fencer.Stop()
	return s
}

// Close ends the Set's timer. Its links belong to their owner.
func (s *Set) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	s.fencer.Stop()
}

// Open dials a peer.
func (s *Set) Open(peer uuid.UUID, to endpoint.Endpoint) *Link {
	c := &carrier{events: s.cfg.Events}
	c.opened.Add(1)
	l := s.newLink(who{id: peer}, c, s.cfg.Dial(peer, to, c))
	c.owner.Store(l)
	c.opened.Done()
	s.mu.Lock()
	defer s.mu.Unlock()
	l.win.Inherit(s.late[peer])
	delete(s.late, peer)
	return l
}

// newLink returns a link on which nothing was sent yet.
func (s *Set) newLink(peer who, c *carrier, conn *transport.Conn) *Link {
	l := &Link{set: s, carrier: c, conn: conn, win: NewWindow(s.cfg.Window)}
	l.who.Store(&peer)
	l.receipts.due.Store(noAnswer)
	s.mu.Lock()
	defer s.mu.Unlock()
	_, l.wrap.short = s.short[peer.id]
	return l
}

// retire keeps what is to be remembered of a link that is closed. Called under the
// link's mutex. Dropped says that its connection is closed, too.
func (s *Set) retire(l *Link, dropped bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.retired.Add(l.count)
	id, _ := l.Peer()
	if n := l.win.Unanswered(); dropped && n > 0 && len(s.late) < s.cfg.MaxMissed {
		s.late[id] = n
	}
	if l.win.UnackedData() > 0 && len(s.missed) < s.cfg.MaxMissed {
		s.missed[id] = l.Missed(l.err)
	}
}

// setShort remembers whether a peer leaves out the last sequence. Called under a
// link's mutex.
func (s *Set) setShort(peer uuid.UUID, short bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case !short:
		delete(s.short, peer)
	case len(s.short) < s.cfg.MaxMissed:
		s.short[peer] = struct{}{}
	}
}

// TakeMissed returns the peers that went away before they had acknowledged
// everything, sorted by UUID, each once.
func (s *Set) TakeMissed() []Missed {
	s.mu.Lock()
	defer s.mu.Unlock()
	var missed []Missed
	for _, m := range s.missed {
		missed = append(missed, m)
	}
	clear(s.missed)
	SortMissed(missed)
	return missed
}

// SortMissed sorts by UUID.
func SortMissed(missed []Missed) {
	slices.SortFunc(missed, func(a, b Missed) int { return strings.Compare(a.Peer.String(), b.Peer.String()) })
}

// Retired returns the sum of the counters of closed links.
func (s *Set) Retired() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.retired
}

// FenceAfter is the longest time between a message and the PING that follows it. A
// peer that reads a few messages and leaves some time later has then acknowledged
// them.
const FenceAfter = 20 * time.Millisecond

// fenceSoon makes a PING follow the data that was just sent. Called under the
// link's mutex.
func (s *Set) fenceSoon(l *Link) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.unasked) == 0 && !s.ended {
		s.fencer.Reset(FenceAfter)
	}
	s.unasked = append(s.unasked, l)
}

// fenceAll sends PINGs where data was sent that no PING follows yet.
func (s *Set) fenceAll() {
	s.mu.Lock()
	links := s.unasked
	s.unasked = nil
	s.mu.Unlock()
	for _, l := range links {
		l.fenceData()
	}
}
