package discovery

import (
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/gozre/zre/internal/netif"
)

// echo is what this node hears of its own beacons. The system gives each socket on this
// host what the host sends to a group or a network. If nothing comes back, the beacons of
// others do not arrive either.
type echo struct {
	mu    sync.Mutex // guards what follows
	since time.Time  // the first beacon was sent
	last  map[int]time.Time
}

// maxEchoes bounds the interfaces that are remembered.
const maxEchoes = 1024

func (e *echo) begin(now time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.since, e.last = now, make(map[int]time.Time)
}

// heard notes that a beacon of this node has come by an interface.
func (e *echo) heard(ifindex int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if _, known := e.last[ifindex]; e.last != nil && (known || len(e.last) < maxEchoes) {
		e.last[ifindex] = time.Now()
	}
}

// missing is how the beacons of this node fail to come back.
type missing uint8

const (
	nothingMissing missing = iota
	noInterface            // there is none to send by
	allMissing             // from no interface
	netMissing             // from loopback interfaces only
)

// judge says what is missing of the beacons since a time, by the interfaces in use.
func (e *echo) judge(since time.Time, interfaces []netif.Interface) (missing, []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	var silent []string // interfaces to a network
	heard, heardNet := false, false
	for _, ifi := range interfaces {
		came := e.last[ifi.Index].After(since)
		heard = heard || came
		switch {
		case ifi.Loopback() || ifi.Flags&net.FlagRunning == 0:
		case came:
			heardNet = true
		default:
			silent = append(silent, ifi.Name)
		}
	}
	switch {
	case len(interfaces) == 0:
		return noInterface, nil
	case heardNet:
		return nothingMissing, nil
	case !heard && !slices.ContainsFunc(interfaces, isUsed):
		return noInterface, nil
	case !heard:
		return allMissing, silent
	case len(silent) > 0:
		return netMissing, silent
	}
	return nothingMissing, nil
}

// isUsed reports whether beacons can be sent on an interface.
func isUsed(i netif.Interface) bool { return i.Loopback() || i.Flags&net.FlagRunning != 0 }

// quick reports whether a beacon came back since a time from an interface other than
// those that are named. It saves the question for the interfaces, as a rule.
func (e *echo) quick(since time.Time, loopback func(ifindex int) bool) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	for ifindex, at := range e.last {
		if at.After(since) && !loopback(ifindex) {
			return true
		}
	}
	return false
}

// started reports whether beacons have been sent for a time.
func (e *echo) started(before time.Time) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return !e.since.IsZero() && e.since.Before(before)
}

// loopbackIndexes returns the indexes of the loopback interfaces, which do not change.
func loopbackIndexes() map[int]bool {
	indexes := make(map[int]bool)
	if all, err := net.Interfaces(); err == nil {
		for _, i := range all {
			if i.Flags&net.FlagLoopback != 0 {
				indexes[i.Index] = true
			}
		}
	}
	return indexes
}

// hostOf is the host of an address, for bounds.
func hostOf(from netip.AddrPort) string { return from.Addr().String() }
