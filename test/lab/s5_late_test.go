//go:build linux

package lab

import (
	"testing"
	"time"

	"github.com/gozre/zre/internal/lab"
)

// testNoNetworkThenOne: on a host without any network, not even loopback, zre runs and says that
// it has none. When there is one it says so too, and meets the others within two beacon periods.
func testNoNetworkThenOne(t *testing.T) {
	net, ports := hosts(t, 1, lab.Line{})
	alone := lab.New(t)
	alone.IP("link", "set", "lo", "down")
	alice, bob := start(t, ports[0].Host, "alice"), start(t, alone, "bob")
	eventually(t, "bob says that there is no network", patience, func() bool {
		return bob.says("level=WARN", "no network interface", "connect this host") == 1
	})
	began := time.Now()
	net.Plug(alone, "eth0")
	both := crew{alice, bob}
	for _, w := range both {
		eventually(t, "they meet", patience, func() bool { return len(w.all("ENTER", other(both, w).id, time.Time{})) == 1 })
	}
	took := time.Since(began)
	t.Logf("they met %v after the network was there", took.Round(time.Millisecond))
	if full && took > 2*beaconPeriod {
		t.Errorf("it took %v, want at most two beacon periods", took)
	}
	eventually(t, "bob says that there is one", patience, func() bool { return bob.says("level=WARN", "beacons works again") == 1 })
	both.meet(t, "g", patience)
	stop := both.talk("g", 100*time.Millisecond)
	time.Sleep(time.Second)
	both.heard(t, stop(), patience)
	both.stayed(t)
	both.faultless(t)
}
