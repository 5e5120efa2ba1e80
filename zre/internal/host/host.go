// Package host answers which of this host's addresses a node has.
package host

import (
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/gozre/zre/internal/netif"
)

// How long a survey of the interfaces is used, if Refresh is not called before: a survey asks the
// kernel several times, and each beacon that comes needs one.
const (
	surveyAge  = time.Minute // a safeguard: changes are told of, see discovery
	missingAge = time.Second // while a chosen interface, or any, is missing
	// routesAge is how long the answers to LocalFor are used: nothing tells that a route has changed.
	routesAge = 10 * time.Second
)

// Host is the interfaces that a node uses. It is safe for concurrent use.
type Host struct {
	choice netif.Choice
	fixed  bool // the interfaces are those of a network in memory, and never change

	mu         sync.Mutex
	old        time.Time // from when on the survey is not used any more
	oldRoutes  time.Time // from when on local is not used any more
	interfaces []netif.Interface
	missing    error                     // which of the chosen interfaces is missing, and why
	own        map[netip.Addr]struct{}   // their addresses
	local      map[netip.Addr]netip.Addr // the address that reaches a peer
}

// New looks at the interfaces. Those that are chosen need not be there yet.
func New(choice netif.Choice) (*Host, error) {
	h := &Host{choice: choice, local: make(map[netip.Addr]netip.Addr)}
	if err := h.look(); err != nil {
		return nil, err
	}
	return h, nil
}

// Fixed returns a host on a network in memory, with this interface only.
func Fixed(i netif.Interface) *Host {
	interfaces := []netif.Interface{i}
	return &Host{fixed: true, interfaces: interfaces, own: owned(interfaces)}
}

// look makes a new survey. After an error the last one is used on.
func (h *Host) look() error {
	survey, err := netif.Look()
	if err == nil {
		h.interfaces = h.choice.Filter(survey.Usable)
		h.missing = h.choice.MissingIn(survey)
		h.own = owned(h.interfaces)
	}
	age := surveyAge
	if err != nil || h.missing != nil || len(h.interfaces) == 0 {
		age = missingAge
	}
	h.old = time.Now().Add(age)
	clear(h.local)
	return err
}

// list returns the interfaces, and looks at them again when the survey is old. Called under mu.
func (h *Host) list() []netif.Interface {
	if !h.fixed && !time.Now().Before(h.old) {
		_ = h.look() // The next look may succeed.
	}
	return h.interfaces
}

// Interfaces returns those that are used. The caller does not change them.
func (h *Host) Interfaces() []netif.Interface {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.list()
}

// Missing says which of the chosen interfaces cannot be used now, and why, as
// netif.Choice.Missing does.
func (h *Host) Missing() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.list()
	return h.missing
}

// Refresh makes the next question ask for the interfaces again.
func (h *Host) Refresh() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.old = time.Time{}
}

// ListenOn returns the addresses that a node listens on: all of the host, or those
// of the chosen interfaces, so that only their networks can connect. There is none while
// these are not there.
func (h *Host) ListenOn() []netip.Addr {
	if h.choice.All() && !h.fixed {
		return []netip.Addr{netip.IPv6Unspecified()}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	var addrs []netip.Addr
	for _, i := range h.list() {
		addrs = append(addrs, i.Addrs()...)
	}
	return addrs
}

// IsOwn reports whether the address is this host's.
func (h *Host) IsOwn(addr netip.Addr) bool {
	if addr.IsLoopback() {
		return true
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.list()
	_, own := h.own[addr]
	return own
}

// Moved reports whether a connection is broken because this host has lost its local address
// and reaches the other end from another one.
func (h *Host) Moved(local, remote netip.Addr) bool {
	if h.IsOwn(local) {
		return false
	}
	addr, err := netif.LocalAddrFor(remote)
	return err == nil && addr != local && h.IsOwn(addr)
}

func hasAddr(interfaces []netif.Interface, addr netip.Addr) bool {
	return slices.ContainsFunc(interfaces, func(i netif.Interface) bool { return slices.Contains(i.Addrs(), addr) })
}

// LocalFor returns the address of this host that the peer reaches it by.
func (h *Host) LocalFor(peer netip.Addr) netip.Addr {
	h.mu.Lock()
	defer h.mu.Unlock()
	interfaces := h.list()
	if h.fixed {
		return first(interfaces, peer)
	}
	if now := time.Now(); !now.Before(h.oldRoutes) {
		h.oldRoutes = now.Add(routesAge)
		clear(h.local)
	}
	if addr, known := h.local[peer]; known {
		return addr
	}
	addr, err := netif.LocalAddrFor(peer)
	if err != nil || (!h.choice.All() && !hasAddr(interfaces, addr)) {
		addr = first(interfaces, peer)
	}
	h.local[peer] = addr
	return addr
}

// First returns the address of the host to show where no peer is given.
func (h *Host) First() netip.Addr {
	h.mu.Lock()
	defer h.mu.Unlock()
	return first(h.list(), netip.Addr{})
}

// first returns the address that is the best guess at one that reaches the peer: in
// the peer's network if there is one, else one that most hosts reach.
func first(interfaces []netif.Interface, peer netip.Addr) netip.Addr {
	best, rank := netip.AddrFrom4([4]byte{127, 0, 0, 1}), 0
	for _, i := range interfaces {
		for _, addr := range i.Addrs() {
			if r := rankOf(i, addr, peer); r > rank {
				best, rank = addr, r
			}
		}
	}
	return best
}

// rankOf tells how good a guess an address is: the higher, the better.
func rankOf(i netif.Interface, addr, peer netip.Addr) int {
	rank := 0
	switch {
	case i.Loopback():
		rank = 1
	case addr.IsLinkLocalUnicast():
		rank = 2
	case addr.Is6():
		rank = 3
	default:
		rank = 4
	}
	if peer.IsValid() && addr.Is4() == peer.Is4() {
		rank += 10
		if i.Contains(peer) {
			rank += 10
		}
	}
	return rank
}
