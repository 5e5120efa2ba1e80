package core

import (
	"net/netip"
	"testing"
	"time"
)

// Beacons are remembered from the four endpoints from which they came last, whatever the order.
func TestHeardAt(t *testing.T) {
	at := func(i int) netip.AddrPort {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}), 1)
	}
	var h heardAt
	now := time.Hour
	first := make(map[int]time.Duration) // when one was heard first, since it is remembered
	for _, i := range []int{1, 1, 2, 1, 2, 3, 1, 4, 2, 4} {
		now += time.Millisecond
		h.note(now, at(i))
		if first[i] == 0 {
			first[i] = now
		}
		for j := range 6 {
			known := first[j] != 0
			if h.has(now, at(j)) != known {
				t.Errorf("endpoint %d is remembered: %v, want %v", j, !known, known)
			}
			if known && (h.before(now, first[j], at(j)) || !h.before(now, first[j]+1, at(j))) {
				t.Errorf("endpoint %d is heard since another time than %v", j, first[j])
			}
		}
	}
	h.note(now+1, at(5)) // in place of 3, the one that was heard longest ago
	for j := range 6 {
		if want := j > 0 && j != 3; h.has(now+1, at(j)) != want {
			t.Errorf("endpoint %d is remembered: %v, want %v", j, !want, want)
		}
	}
	now += heardWithin
	if h.has(now, at(4)) {
		t.Error("an endpoint is remembered for too long")
	}
	if h.note(now, at(4)); !h.before(now, now+1, at(4)) || h.before(now, now, at(4)) {
		t.Error("an endpoint that was silent for long is not heard since then")
	}
}
