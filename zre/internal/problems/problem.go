package problems

import (
	"time"

	"github.com/google/uuid"
)

// Kind is what a problem is about.
type Kind string

// The kinds.
const (
	Peer      Kind = "peer"      // a node that announces itself, and cannot be reached
	Static    Kind = "static"    // a configured peer that cannot be reached
	Refused   Kind = "refused"   // a node that is left out: its key, or its version
	Gossip    Kind = "gossip"    // a gossip server
	Beacon    Kind = "beacon"    // this node's own beacons
	Interface Kind = "interface" // a chosen interface that cannot be used
	Alone     Kind = "alone"     // there is no way to find anybody
)

// Problem is one thing that is wrong.
type Problem struct {
	Key    string // tells one problem from another
	Kind   Kind
	Where  string    // the address, server or interface that it is about
	Host   string    // the host that it is about, "" for this one; bounds are for each host
	Peer   uuid.UUID // uuid.Nil if it is about no peer, or about one without a known UUID
	Public string    // the peer's public key, "" if it has none
	Cause  string    // in words
	Class  string    // the same for causes that are told once together; "" stands for Cause
	Advice string    // what to do about it
	Since  time.Time

	// Lasting says that it does not go away by itself, so that it is told at once.
	Lasting bool
	// Holds is for how long a problem that was reported counts as present. Zero stands for
	// DefaultHolds.
	Holds time.Duration
}

// DefaultHolds is more than the usual time between two beacons.
const DefaultHolds = 10 * time.Second

// opening is what the line says that begins an episode.
func (k Kind) opening() string {
	switch k {
	case Peer:
		return "a peer announces itself and cannot be reached; it is tried again"
	case Static:
		return "a configured peer cannot be reached; it is tried again"
	case Refused:
		return "a node is left out"
	case Gossip:
		return "a gossip server cannot be used; it is tried again"
	case Beacon:
		return "discovery by beacons does not work"
	case Interface:
		return "an interface is waited for"
	}
	return "this node finds nobody by itself"
}

// closing is what the line says that ends an episode.
func (k Kind) closing() string {
	switch k {
	case Peer, Refused:
		return "the peer is reached now"
	case Static:
		return "the configured peer is reached now"
	case Gossip:
		return "the gossip server can be used again"
	case Beacon:
		return "discovery by beacons works again"
	case Interface:
		return "the interface is used now"
	}
	return "a peer has come"
}
