package settle

import (
	"time"

	"github.com/gozre/zre/zre/internal/core"
)

// The times of settling.
const (
	// Quiet is how long nothing new may have happened.
	Quiet = 200 * time.Millisecond
	// ReachWithin is how long a node that has announced itself has to become ready before
	// it counts as unreachable. It is enough for three lost SYNs: TCP sends them again
	// after one and after three seconds.
	ReachWithin = 5 * time.Second
	// ReachOnWithin is the same for one that has a connection to this node, so that there is
	// a way, which may be bad: another attempt is made after five seconds.
	ReachOnWithin = 8 * time.Second
	// RefusedAfter is the same for one at whose endpoint no process listens. Until then it
	// may be heard at another endpoint.
	RefusedAfter = time.Second
	// answerWithin is how long a ready peer has to answer a PING. Before it has, our HELLO
	// may not have arrived, and the session may begin again. A node that reads nothing at the
	// moment, because its application does not keep up, does not answer; its groups are
	// known then as far as they can be.
	answerWithin = ReachWithin
	// exitWithin is how long a peer that is about to go is waited for.
	exitWithin = time.Second
	// handshakeWithin bounds the wait for accepted connections whose handshake is not
	// complete. They may be anybody's.
	handshakeWithin = 3 * time.Second
	// serverWithin bounds the wait for gossip servers.
	serverWithin = 5 * time.Second
	// most is how long after the end of the listening what is new is waited for.
	most = 3 * time.Second
	// poll is the time between two looks at what does not tell of its changes.
	poll = 50 * time.Millisecond
)

// View is what a node knows at a moment.
type View struct {
	Now        time.Duration
	News       time.Duration  // when a peer last came, left or changed its groups
	Awaited    []core.Awaited // see core.Core.Awaited
	Handshakes int            // accepted connections with an unfinished handshake
	Asking     int            // gossip servers that have neither sent their tuples nor failed
}

// Settling is one wait until a node is settled.
type Settling struct {
	begin  time.Duration
	listen time.Duration // the node has listened long enough then
	shaken time.Duration // there are unfinished handshakes since then, 0 if there are none
	told   time.Duration // when a gossip server was last being asked, 0 if none was
}

// New begins at a time to wait, and listens until another one at least.
func New(begin, listen time.Duration) *Settling {
	return &Settling{begin: begin, listen: max(begin, listen)}
}

// Listening reports whether the node has not listened for long enough.
func (s *Settling) Listening(now time.Duration) bool { return now < s.listen }

// Look returns how long to wait until it is called again, if nothing changes before; 0 if
// the node is settled.
func (s *Settling) Look(v View) time.Duration {
	if s.Listening(v.Now) {
		return s.listen - v.Now
	}
	if wait := s.server(v); wait > 0 {
		return wait
	}
	if wait := s.handshake(v); wait > 0 {
		return wait
	}
	cutoff := s.listen + most
	var wait time.Duration
	for _, a := range v.Awaited {
		if left := a.Since + bound(&a) - v.Now; left > 0 && a.Since <= cutoff && (wait == 0 || left < wait) {
			wait = left
		}
	}
	if wait > 0 {
		return wait
	}
	if v.Now >= cutoff {
		return 0
	}
	return max(0, max(v.News, s.told)+Quiet-v.Now)
}

// server returns how long to wait for gossip servers.
func (s *Settling) server(v View) time.Duration {
	if v.Asking == 0 || v.Now >= s.begin+serverWithin {
		return 0
	}
	s.told = v.Now
	return poll
}

// handshake returns how long to wait for unfinished handshakes.
func (s *Settling) handshake(v View) time.Duration {
	switch {
	case v.Handshakes == 0:
		s.shaken = 0
	case s.shaken == 0:
		s.shaken = v.Now
		return poll
	case v.Now < s.shaken+handshakeWithin && v.Now < s.listen+most:
		return poll
	}
	return 0
}

// bound returns how long what is missing of a node is waited for.
func bound(a *core.Awaited) time.Duration {
	switch {
	case a.Await == core.AwaitAnswer:
		return answerWithin
	case a.Await == core.AwaitExit:
		return exitWithin
	case a.Refused:
		return RefusedAfter
	case a.Remote.IsValid():
		return ReachOnWithin
	}
	return ReachWithin
}

// Unreached returns those that count as unreachable now: they have announced themselves
// long enough ago. A node that only gossip servers tell of, and at whose endpoint no
// process listens, is gone without having said so; it is left out.
func Unreached(v View) []core.Awaited {
	var list []core.Awaited
	for _, a := range v.Awaited {
		switch {
		case a.Await == core.AwaitAnswer || a.Await == core.AwaitExit:
		case a.Refused && a.OnlyGossip:
		case v.Now >= a.Since+bound(&a):
			list = append(list, a)
		}
	}
	return list
}

// Open returns those that are still waited for, or unreachable.
func Open(v View) []core.Awaited {
	list := Unreached(v)
	for _, a := range v.Awaited {
		if v.Now < a.Since+bound(&a) {
			list = append(list, a)
		}
	}
	return list
}
