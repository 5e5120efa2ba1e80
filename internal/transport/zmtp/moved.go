package zmtp

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/gozre/zre/internal/transport"
)

// EndMoved implements transport.Mover. TCP would go on sending from an address that the host
// does not have any more, and give up after minutes.
func (e *engine) EndMoved(moved func(local, remote netip.Addr) bool) {
	for _, l := range e.snapshot() {
		local, remote, ok := l.ends()
		if ok && moved(local, remote) {
			l.end(fmt.Errorf("%w: this host has lost its address %s", transport.ErrUnreachable, local))
		}
	}
}

// ends returns the addresses of both ends of a link, as far as it has a socket.
func (l *link) ends() (local, remote netip.Addr, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.state == down || l.sock == nil {
		return local, remote, false
	}
	if isLocal(l.sock) { // Both ends are on this host, and the endpoint that was dialed is as useless.
		return l.conn.Remote.Addr(), l.conn.Remote.Addr(), true
	}
	return addrPort(l.sock.LocalAddr()).Addr(), addrPort(l.sock.RemoteAddr()).Addr(), true
}

// Connected implements what transport.Conn.Connected asks for.
func (l *link) Connected() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state != down && l.sock != nil
}

// Ended implements what transport.Conn.Ended asks for.
func (l *link) Ended() bool {
	l.mu.Lock()
	state := l.state
	l.mu.Unlock()
	switch {
	case state != up: // Before that raw is not set.
		return state == down
	case l.local:
		return closedByLocalPeer(l.raw)
	}
	return closedByPeer(l.raw)
}

// Unreceived implements what transport.Conn.Unreceived asks for.
func (l *link) Unreceived(since time.Duration) bool {
	l.mu.Lock()
	active := l.state == up // Before that raw is not set.
	l.mu.Unlock()
	return active && !l.local && unacknowledged(l.raw, since)
}

// Backlog implements what transport.Conn.Backlog asks for.
func (l *link) Backlog() (b transport.Backlog, known bool) {
	l.mu.Lock()
	active := l.state == up // Before that raw is not set.
	l.mu.Unlock()
	switch {
	case !active:
		return b, false
	case l.local:
		return transport.Backlog{Acked: l.written.Load()}, true
	}
	return backlog(l.raw)
}
