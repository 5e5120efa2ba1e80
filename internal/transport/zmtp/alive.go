package zmtp

import (
	"fmt"
	"net"
	"time"

	"github.com/gozre/zre/internal/transport"
)

// A link that hears nothing is looked after in rounds, of which there are four in
// Limits.KeepAlive. Rounds are counted instead of time measured, so that a process
// or host that was suspended does not take its peers for dead when it goes on.
//
// What the other end answers to a PING is behind what was sent before. On a slow line, or with
// a large message, that takes long. So as long as the other end's system takes more and more of
// what waits to be sent, it counts as heard (on Linux, where that is known).
//
// A dialed link that has heard nothing for KeepAlive sends a PING, and again after
// each KeepAlive; an accepted one waits half as long again, so that as a rule only
// one end asks. A link that is not reading because its owner does not take what
// has arrived sends PINGs all the same: they are its signs of life. After five
// KeepAlive without one octet a link is given up. That is as much as it takes to
// survive a cut of 2.5 KeepAlive, as TCP doubles its pauses: what was sent when the
// link was cut may be sent again only when it has been back for half of its cut.
//
// A peer of ZMTP 3.0 may not know PING; there it is TCP's own keep-alive that asks.
const (
	roundsPerKeepAlive = 4
	pingAfterDialed    = roundsPerKeepAlive
	pingAfterAccepted  = roundsPerKeepAlive * 3 / 2
	deadAfter          = 5 * roundsPerKeepAlive
)

// watch looks after silent links until the engine is closed.
func (e *engine) watch() {
	ticker := time.NewTicker(max(e.cfg.Limits.KeepAlive/roundsPerKeepAlive, time.Millisecond))
	defer ticker.Stop()
	for {
		select {
		case <-e.stop:
			return
		case <-ticker.C:
			beat := e.beat.Add(1)
			for _, l := range e.snapshot() {
				l.lookAfter(beat)
			}
		}
	}
}

// lookAfter asks for a sign of life, or gives the link up.
func (l *link) lookAfter(beat uint32) {
	// This first: both become false after heard is set.
	reads := !l.busy.Load() && !l.waits.Load()
	l.mu.Lock()
	active := l.state == up || l.state == draining
	silent := uint32(0)
	if active { // Before that heard is not set.
		if silent = beat - l.heard.Load(); canRest && silent >= restAfter && reads {
			l.stopWaiting()
		}
	}
	l.mu.Unlock()
	if !active {
		return
	}
	ask := uint32(pingAfterAccepted)
	if l.conn.Dialed {
		ask = pingAfterDialed
	}
	switch {
	case silent < ask:
	case l.progresses():
		l.heard.Store(beat)
	case silent >= deadAfter && reads && l.vanished():
		l.end(fmt.Errorf("%w: nothing heard for %v",
			transport.ErrTimeout, 5*l.engine.cfg.Limits.KeepAlive))
	case (silent-ask)%roundsPerKeepAlive == 0 && l.minor >= 1:
		_ = l.conn.SendCommand(ping)
	}
}

// progresses reports whether the other end has taken more of what is waiting to be sent, since the
// last call. Its answer to a PING is behind that, which may take long on a slow line.
func (l *link) progresses() bool {
	acked, waits := l.written.Load(), false
	if !l.local {
		acked, waits = unsent(l.raw)
	}
	more := acked > l.acked
	l.acked = acked
	return more && (waits || l.conn.Queued() > 0)
}

// vanished decides about a link that has heard nothing for long.
func (l *link) vanished() bool {
	if l.minor >= 1 {
		return true // It was asked, and has not answered.
	}
	return !l.local && unacknowledged(l.raw, deadAfter/roundsPerKeepAlive*l.engine.cfg.Limits.KeepAlive)
}

// keepAlive is what TCP does by itself. What counts is that a cut does not end a
// connection sooner than the rounds above would.
func (e *engine) keepAlive() net.KeepAliveConfig {
	idle := e.cfg.Limits.KeepAlive
	return net.KeepAliveConfig{
		Enable:   true,
		Idle:     max(idle, time.Second),
		Interval: max(idle/2, time.Second),
		Count:    7,
	}
}

// longestPause is the longest pause of TCP between two attempts to send the same
// octets. Without a bound it grows to the length of the cut that it finds, and what
// is sent after a cut of 20 s waits for up to 20 s more. Linux gives up after 16 pauses,
// five of which are shorter: with this bound that is not before deadAfter.
func (e *engine) longestPause() time.Duration {
	return min(max(e.cfg.Limits.KeepAlive*2/5, time.Second), 2*time.Minute)
}

// ping is a PING without a time to live and without context (ZeroMQ RFC 37,
// section "Heartbeats"). A peer that ended the connection when the time to live is
// over would do so during each cut.
var ping = []byte("\x04PING\x00\x00")

// contextMost is the largest context of a PING, in octets.
const contextMost = 16

// pongMost is how much may be unsent for a PONG to be added: a peer that asks and
// does not read must not fill our memory.
const pongMost = 64 << 10

// command implements sink.
func (l *link) command(body []byte) error {
	name, rest, err := commandName(body)
	if err != nil {
		return protocolError("%w", err)
	}
	if name == "PING" {
		if len(rest) < 2 {
			return protocolError("a PING of %d octets", len(body))
		}
		// The time to live, which comes first, does not matter: we have rounds of our own.
		context := rest[2:min(len(rest), 2+contextMost)]
		if l.conn.Queued() < pongMost {
			_ = l.conn.SendCommand(append([]byte("\x04PONG"), context...))
		}
	}
	return nil // A PONG was heard by being received; unknown commands are ignored.
}
