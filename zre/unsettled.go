package zre

import (
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/gozre/zre/zre/internal/core"
	"github.com/gozre/zre/zre/internal/discovery"
)

// Unreached is a node that has announced itself and was not reached.
type Unreached struct {
	Peer uuid.UUID // uuid.Nil for an endpoint of Discovery.Peers
	Name string    // "" if it has sent no HELLO
	// Endpoint is where it was tried, tcp://IP:PORT or, if the name of its host has no
	// address, tcp://HOST:PORT; or where it connects from, IP.
	Endpoint string
	Err      error // why, or what is awaited
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
	case a.HostPort != "":
		u.Endpoint = "tcp://" + a.HostPort
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
