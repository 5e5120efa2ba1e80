package zre

import (
	"fmt"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/zmq"
	"github.com/gozre/zre/zre/internal/core"
)

// newLink returns a link by which nothing was sent yet. Called under Node.mu.
func (n *Node) newLink(peer uuid.UUID, sock *zmq.Socket) *link {
	l := &link{node: n, peer: peer, sock: sock, win: core.NewWindow(n.cfg.SendWindow)}
	_, l.wrap.short = n.short[peer]
	return l
}

// succeed ends the link and returns a new one over the same connection, nil if
// this one is closed or has so much under way that the new one had no room. What
// is still queued counts in the window of the new one.
func (l *link) succeed(reason string) *link {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil || !l.tcp || !l.win.Room() {
		return nil
	}
	follow := l.learn(reason)
	next := l.node.newLink(l.peer, l.sock)
	next.tcp = true
	next.win.Carry(&l.win)
	if follow {
		l.after = next
	}
	l.fail(fmt.Errorf("%w: %s", ErrPeerGone, reason))
	l.sock = nil
	l.node.retire(l)
	return next
}

// enter records who a new session is with. A link to a configured endpoint does
// not know it before.
func (l *link) enter(id uuid.UUID, name string) {
	l.mu.Lock()
	l.peer, l.from = id, &sender{l, Event{Peer: id, Name: name}}
	l.mu.Unlock()
}

// name returns the peer's name. Called under mu.
func (l *link) name() string {
	if l.from == nil {
		return ""
	}
	return l.from.says.Name
}
