package zre

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/zmq"
	"github.com/gozre/zre/zre/internal/core"
)

// shell is the node as its core sees it. Its methods are called under Node.mu.
type shell Node

// linger is how long libzmq goes on sending after the node is closed: enough for a
// GOODBYE. What peers have to take in was waited for before.
const linger = 500 * time.Millisecond

func inprocName(id uuid.UUID) string { return "zre-" + id.String() }

// Open implements core.Shell.
func (s *shell) Open(peer uuid.UUID, endpoint, key string) (core.Link, error) {
	sock, err := s.zmq.Dealer(zmq.Options{
		Identity: append([]byte{1}, s.cfg.UUID[:]...),
		// The window bounds what is queued, in octets; a limit in messages
		// would only make the answers to PINGs wait.
		SendHWM: 0,
		Linger:  linger,
		// Many that nobody listens for are not to cost much.
		ReconnectInterval: 100 * time.Millisecond,
		ReconnectMax:      2 * time.Second,
		Curve:             s.security.link(key),
	})
	if err != nil {
		return nil, err
	}
	// A node of this process is reached without going through the kernel.
	to := endpoint
	if name := inprocName(peer); peer != uuid.Nil && key == "" && !s.cfg.tcpOnly && s.zmq.HasInproc(name) {
		to = "inproc://" + name
	}
	if err := sock.Connect(to); err != nil {
		if closeErr := sock.Close(); closeErr != nil {
			s.log.Error("link does not close", "error", closeErr)
		}
		return nil, fmt.Errorf("connect to %s: %w", to, err)
	}
	l := (*Node)(s).newLink(peer, sock)
	l.tcp = to == endpoint
	return l, nil
}

// Reopen implements core.Shell.
func (s *shell) Reopen(cl core.Link, peer uuid.UUID, endpoint, key, reason string) (core.Link, error) {
	if l := cl.(*link).succeed(reason); l != nil {
		return l, nil
	}
	cl.Close(reason)
	return s.Open(peer, endpoint, key)
}

// Local implements core.Shell.
func (s *shell) Local(endpoint string) string {
	if s.cfg.Advertise != "" {
		return s.cfg.Advertise
	}
	ap, err := netip.ParseAddrPort(strings.TrimPrefix(endpoint, "tcp://"))
	if err != nil {
		return s.net.endpoint(s.port)
	}
	return fmt.Sprintf("tcp://%s:%d", s.net.localFor(ap.Addr()), s.port)
}

// IsLocal implements core.Shell.
func (s *shell) IsLocal(endpoint string) bool {
	if endpoint == s.cfg.Advertise {
		return true
	}
	ap, err := netip.ParseAddrPort(strings.TrimPrefix(endpoint, "tcp://"))
	return err == nil && ap.Port() == s.port && s.net.isOwn(ap.Addr())
}

// probeTimeout bounds the wait for a connection: a host that is down does not
// refuse it.
const probeTimeout = 2 * time.Second

// Probe implements core.Shell. It is called by the goroutine of keepTime, which
// the node's end waits for, so that it may add another one.
func (s *shell) Probe(peer uuid.UUID, endpoint string, cl core.Link) {
	n, l := (*Node)(s), cl.(*link)
	if !l.probing.CompareAndSwap(false, true) {
		return
	}
	n.wg.Go(func() {
		defer l.probing.Store(false)
		ctx, cancel := context.WithTimeout(n.life, probeTimeout)
		defer cancel()
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", strings.TrimPrefix(endpoint, "tcp://"))
		switch {
		case err == nil:
			conn.Close()
		case errors.Is(err, syscall.ECONNREFUSED):
			n.mu.Lock()
			n.core.Unheard(peer, endpoint)
			n.unlock()
		}
	})
}

// Ban implements core.Shell. The time is what a peer that is gone is remembered for, so
// that a node which has come back with a new key is let in when the old one is forgotten.
func (s *shell) Ban(key string) { s.security.ban(key, time.Now().Add(s.cfg.DeadPeriod)) }

// Deliver implements core.Shell.
func (s *shell) Deliver(cl core.Link, ev *core.Event) {
	if ev.Type == core.EventEnter {
		cl.(*link).enter(ev.Peer, ev.Name)
	}
	if s.cfg.DiscardEvents {
		return
	}
	s.batch = append(s.batch, item{other: &Event{
		Type: EventType(ev.Type), Peer: ev.Peer, Name: ev.Name, Group: ev.Group,
		Endpoint: ev.Endpoint, Headers: ev.Headers, Reason: ev.Reason,
	}})
}

// Data implements core.Shell.
func (s *shell) Data(cl core.Link, typ core.EventType, group string, content [][]byte) {
	if s.cfg.DiscardEvents {
		return
	}
	l := cl.(*link)
	l.delivered++
	if s.closing.Load() && s.queue.full() {
		// The application is leaving and reads no more. The message counts as
		// delivered and never as taken, so that the sender's PING stays without
		// an answer and it learns of the loss.
		return
	}
	s.batch = append(s.batch, item{})
	it := &s.batch[len(s.batch)-1]
	it.from, it.content, it.group, it.typ = l.from, content, group, EventType(typ)
}

// directory is an immutable copy of who is there, for senders.
type directory struct {
	links  map[uuid.UUID]*listing
	recent atomic.Pointer[listing] // the one asked for last, likely the next one as well
	groups map[string][]*link
}

type listing struct {
	peer uuid.UUID
	link *link
}

// link returns the link to a peer, nil if there is none.
func (d *directory) link(peer uuid.UUID) *link {
	at := d.recent.Load()
	if at == nil || at.peer != peer {
		if at = d.links[peer]; at == nil {
			return nil
		}
		d.recent.Store(at)
	}
	return at.link
}

// directory returns the current copy. It is made anew after a change by the
// first who asks, so that a burst of changes costs one copy.
func (n *Node) directory() (*directory, error) {
	if n.closing.Load() {
		return nil, ErrClosed
	}
	if !n.stale.Load() {
		return n.dir.Load(), nil
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.stale.Load() {
		return n.dir.Load(), nil
	}
	d := &directory{links: make(map[uuid.UUID]*listing), groups: make(map[string][]*link)}
	n.core.Peers(func(p *core.Peer) { d.links[p.ID()] = &listing{p.ID(), linkOf(p)} })
	n.core.Groups(func(group string, members int) {
		links := make([]*link, 0, members)
		n.core.Members(group, func(p *core.Peer) { links = append(links, linkOf(p)) })
		slices.SortFunc(links, func(a, b *link) int { return slices.Compare(a.peer[:], b.peer[:]) })
		d.groups[group] = links
	})
	n.dir.Store(d)
	n.stale.Store(false)
	return d, nil
}

func linkOf(p *core.Peer) *link { return p.Link().(*link) }

// retire keeps what is to be remembered of a link that is closed. Called under
// Node.mu and the link's mutex.
func (n *Node) retire(l *link) {
	n.retired.add(l.count)
	if l.win.UnackedData() == 0 {
		return
	}
	n.lostMu.Lock()
	defer n.lostMu.Unlock()
	if len(n.lost) < n.cfg.MaxPeers {
		n.lost[l.peer] = Missed{l.peer, l.name(), l.err}
	}
}

// setShort remembers whether a peer leaves out the last number. Called under
// Node.mu.
func (n *Node) setShort(peer uuid.UUID, short bool) {
	switch {
	case !short:
		delete(n.short, peer)
	case len(n.short) < n.cfg.MaxPeers:
		n.short[peer] = struct{}{}
	}
}

// takeLost returns the peers that went away before they had taken in all, once.
func (n *Node) takeLost() []Missed {
	n.lostMu.Lock()
	defer n.lostMu.Unlock()
	var lost []Missed
	for _, m := range n.lost {
		lost = append(lost, m)
	}
	clear(n.lost)
	return lost
}

func (n *Node) missed(l *link, err error) Missed {
	l.mu.Lock()
	defer l.mu.Unlock()
	return Missed{l.peer, l.name(), err}
}
