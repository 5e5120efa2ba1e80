package zre

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/zre/internal/core"
	"github.com/gozre/zre/zre/internal/discovery"
	"github.com/gozre/zre/zre/internal/settle"
)

// The times that a node listens, from its start on, before it can be settled.
const (
	// A beacon comes once in a period; a tenth of it is for the time that it takes.
	listenBeacons = DefaultBeaconPeriod + DefaultBeaconPeriod/10
	// Without beacons the node is told of others, or they connect.
	listenOthers = 300 * time.Millisecond
)

// Settle waits until the node knows who is there: everyone who has announced himself (by
// a beacon, a gossip server, Discovery.Peers or a connection) is a peer whose groups are
// known, or has proved unreachable; and for a short time nothing new has come. A program
// that sends and leaves calls it after Start, and before it sends, so that what it sends
// reaches everybody who was there. In a quiet network it takes until 1.1 s after Start, and
// no time if the node runs longer; without beacons 0.3 s. A node that does not answer is
// waited for for 5 s.
//
// Nil means that everyone was reached. An *UnsettledError names those who were not, and
// the gossip servers that have not answered. If ctx ends before, it names those who are
// still awaited, and wraps the cause of ctx.
func (n *Node) Settle(ctx context.Context) error {
	n.engine.Probe(true)
	defer n.engine.Probe(false)
	begin := n.engine.Time(time.Now())
	s := settle.New(begin, n.engine.Time(n.started)+n.listenTime())
	for {
		engineView, changed := n.engine.Watch()
		asking, failed := n.discovery.Servers()
		v := settle.View{
			Now: engineView.Now, News: engineView.News, Awaited: engineView.Awaited,
			Handshakes: n.transport.Handshakes(), Asking: asking,
		}
		if n.closing.Load() {
			return fmt.Errorf("settle: %w", ErrClosed)
		}
		wait := s.Look(v)
		if wait == 0 {
			return unsettled(settle.Unreached(v), failed, nil)
		}
		if s.Listening(v.Now) {
			changed = nil
		}
		if err := n.pause(ctx, wait, changed); err != nil {
			return unsettled(settle.Open(v), failed, err)
		}
	}
}

// listenTime is how long after its start the node has heard everybody.
func (n *Node) listenTime() time.Duration {
	if n.cfg.Discovery.NoBeacon {
		return listenOthers
	}
	return max(listenBeacons, n.cfg.Discovery.BeaconPeriod+n.cfg.Discovery.BeaconPeriod/10)
}

// wakePause bounds how often a change wakes a goroutine that waits for peers.
const wakePause = 10 * time.Millisecond

// pause waits until something has changed, for a time at most. It returns the cause of ctx
// if that ends before.
func (n *Node) pause(ctx context.Context, most time.Duration, changed <-chan struct{}) error {
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-changed:
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	timer.Reset(min(most, wakePause))
	select {
	case <-timer.C:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return nil
}

// WaitFor waits until at least so many peers are in a group. If ctx ends before, a
// *MembersError says how many there are.
func (n *Node) WaitFor(ctx context.Context, group string, members int) error {
	if err := checkGroup(group); err != nil {
		return fmt.Errorf("wait for %q: %w", group, err)
	}
	for {
		_, changed := n.engine.Watch()
		there := len(n.engine.Group(group))
		if there >= members {
			return nil
		}
		if n.closing.Load() {
			return fmt.Errorf("wait for %q: %w", group, ErrClosed)
		}
		if err := n.pause(ctx, time.Hour, changed); err != nil {
			return &MembersError{Group: group, Want: members, Have: there, Err: err}
		}
	}
}

// Unreached is a node that has announced itself and was not reached.
type Unreached struct {
	Peer     uuid.UUID // uuid.Nil for an endpoint of Discovery.Peers
	Name     string    // "" if it has sent no HELLO
	Endpoint string    // where it was tried, tcp://IP:PORT; or where it connects from, IP
	Err      error     // why, or what is awaited
}

// UnansweredServer is a gossip server that has not sent what it knows.
type UnansweredServer struct {
	Server string // HOST:PORT
	Err    error
}

// UnsettledError says whom Settle has not reached.
type UnsettledError struct {
	Peers   []Unreached
	Servers []UnansweredServer
	Err     error // the cause of the context that ended before, nil if Settle waited enough
}

// Error implements error.
func (e *UnsettledError) Error() string { return "settle: " + e.words() }

// Unwrap returns the causes.
func (e *UnsettledError) Unwrap() []error {
	var errs []error
	if e.Err != nil {
		errs = append(errs, e.Err)
	}
	for _, p := range e.Peers {
		errs = append(errs, p.Err)
	}
	for _, s := range e.Servers {
		errs = append(errs, s.Err)
	}
	return errs
}

// MembersError says that a group had fewer members than WaitFor was to wait for.
type MembersError struct {
	Group      string
	Want, Have int
	Err        error // the cause of the context
}

// Error implements error.
func (e *MembersError) Error() string {
	return fmt.Sprintf("%d of %d members are in %q: %v", e.Have, e.Want, e.Group, e.Err)
}

// Unwrap returns the cause.
func (e *MembersError) Unwrap() error { return e.Err }

// The reasons of nodes of which nothing else is known.
var (
	errNoConnection = errors.New("no answer")
	errNoHello      = errors.New("it is connected and has sent no HELLO")
	errNoAnswer     = errors.New("it has not answered a PING yet")
	errLeaving      = errors.New("it is leaving")
)

// unsettled returns the error of Settle, nil if there is none.
func unsettled(peers []core.Awaited, servers []discovery.Server, cause error) error {
	if len(peers) == 0 && len(servers) == 0 && cause == nil {
		return nil
	}
	e := &UnsettledError{Err: cause}
	for _, s := range servers {
		e.Servers = append(e.Servers, UnansweredServer{s.Address, s.Err})
	}
	for _, a := range peers {
		e.Peers = append(e.Peers, unreached(&a))
	}
	return e
}

func unreached(a *core.Awaited) Unreached {
	u := Unreached{Peer: a.ID, Name: a.Name}
	switch {
	case a.Endpoint.Addr.IsValid():
		u.Endpoint = a.Endpoint.String()
	case a.Remote.IsValid():
		u.Endpoint = a.Remote.String()
	}
	switch a.Await {
	case core.AwaitHello:
		u.Err = errNoHello
	case core.AwaitAnswer:
		u.Err = errNoAnswer
	case core.AwaitExit:
		u.Err = errLeaving
	case core.AwaitLink:
		u.Err = errNoConnection
		if a.Cause != nil {
			u.Err = a.Cause
		}
	}
	return u
}

// mostListed bounds the peers that the text of an error names.
const mostListed = 10

// words says who was not reached, and why.
func (e *UnsettledError) words() string {
	var parts []string
	for _, s := range e.Servers {
		parts = append(parts, fmt.Sprintf("gossip server %s: %v", s.Server, s.Err))
	}
	for _, p := range e.Peers {
		parts = append(parts, p.words())
	}
	if more := len(parts) - mostListed; more > 0 {
		parts = append(parts[:mostListed], fmt.Sprintf("and %d more", more))
	}
	list := strings.Join(parts, "; ")
	switch {
	case e.Err == nil:
		return "not reached: " + list
	case list == "":
		return fmt.Sprintf("%v: not yet clear who is there", e.Err)
	default:
		return fmt.Sprintf("%v: still awaited: %s", e.Err, list)
	}
}

func (u *Unreached) words() string {
	who := u.Name
	if u.Peer != uuid.Nil {
		who = strings.TrimSpace(who + " " + u.Peer.String())
	}
	return fmt.Sprintf("%s: %v", strings.TrimSpace(who+" "+u.Endpoint), u.Err)
}
