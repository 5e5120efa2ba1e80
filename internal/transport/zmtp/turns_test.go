package zmtp

import (
	"context"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

// Attempts that are not answered make room after a time, which grows; those that are, at once.
// Those to one host do not keep others waiting.
func TestTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var all turns
		slow, quick := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
		began := time.Now()
		next := func(host netip.Addr, want time.Duration) func(bool) {
			t.Helper()
			done, err := all.wait(t.Context(), host)
			if got := time.Since(began); err != nil || got != want {
				t.Errorf("a turn begins after %v (%v), want %v", got, err, want)
			}
			return done
		}
		var dones []func(bool)
		for range mostTurns {
			dones = append(dones, next(slow, 0))
		}
		if !all.crowded(slow) || all.crowded(quick) {
			t.Errorf("crowded: %v, %v", all.crowded(slow), all.crowded(quick))
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := all.wait(ctx, slow); err == nil {
			t.Error("a turn more than there are")
		}
		next(quick, 0)(true)
		dones[0](true)
		dones[0] = next(slow, 0)
		for range mostTurns {
			dones = append(dones, next(slow, turnTime))
		}
		if got := all.hosts[slow].time; got != mostTurnTime {
			t.Errorf("an attempt that is not answered now makes room after %v, want %v", got, mostTurnTime)
		}
		for _, done := range dones {
			done(true) // A turn that has ended does not end another one.
		}
		if len(all.hosts) != 0 {
			t.Errorf("%d hosts are remembered", len(all.hosts))
		}
	})
}
