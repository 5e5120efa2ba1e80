//go:build linux

package lab

import (
	"testing"
	"time"

	"github.com/gozre/zre/internal/lab"
)

// testAddressChanges: a host gets another address, as from DHCP after a sleep. The nodes find each
// other at the new address within two beacon periods, and messages pass both ways again.
func testAddressChanges(t *testing.T) {
	for name, settings := range map[string][]string{"all interfaces": nil, "one interface": {"-i", "eth0"}} {
		t.Run(name, func(t *testing.T) {
			_, ports := hosts(t, 3, lab.Line{})
			for _, p := range ports {
				// Else they would meet at their link-local addresses, which stay.
				p.Host.WithoutIPv6()
			}
			all := crew{
				start(t, ports[0].Host, "alice", settings...),
				start(t, ports[1].Host, "bob", settings...),
				start(t, ports[2].Host, "carol", settings...),
			}
			all.meet(t, "g", patience)
			const period = time.Second // of beacons
			for range sized(1, 5) {
				time.Sleep(3 * time.Second) // Sessions that have just begun are damped.
				sent := all.sent()
				hears := func(to, from int) bool { return all[to].last(all[from].id) > sent[from] }
				ports[1].Readdress()
				changed := time.Now()
				stop := all.talk("g", 50*time.Millisecond)
				eventually(t, "all hear bob, and bob hears all", patience, func() bool {
					return hears(0, 1) && hears(2, 1) && hears(1, 0) && hears(1, 2)
				})
				took := time.Since(changed)
				stop()
				t.Logf("messages pass both ways %v after the change to %v", took.Round(time.Millisecond), ports[1].Addr)
				if full && took > 2*period {
					t.Errorf("it took %v, want at most two beacon periods", took)
				}
				all.awaitAll(t, "g", patience)
			}
			all.faultless(t)
			for _, e := range all[0].all("EXIT", all[2].id, time.Time{}) {
				t.Errorf("carol, whose address has not changed, leaves: %+v", e)
			}
		})
	}
}
