//go:build linux

package lab

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gozre/zre/internal/lab"
)

// testPartedGossip: two nodes know each other from a gossip server alone, and are parted for three
// dead periods, while both reach the server. It tells them of each other once. After the network is
// healed they are back.
func testPartedGossip(t *testing.T) {
	net, ports := hosts(t, 3, lab.Line{})
	dir, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	server := ports[2].Host.Command(filepath.Join(dir, "zgossip_server"), "--listen", "tcp://"+ports[2].Addr.String()+":31337")
	server.Env = append(os.Environ(), "ZRECFG="+os.DevNull)
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait() // It was killed.
	})
	settings, period := sized(impatient, nil), sized(dead, 30*time.Second)
	both := pair(t, ports, append(settings, "--no-beacon", "-g", ports[2].Addr.String())...)
	parted := time.Now()
	net.Filter(lab.Between([]*lab.Host{ports[0].Host}, []*lab.Host{ports[1].Host}))
	time.Sleep(time.Until(parted.Add(3 * period))) // The scenario: it lasts so long.
	for _, w := range both {
		eventually(t, w.name+" is alone", patience, func() bool { return len(w.sees()) == 0 })
	}
	healed := time.Now()
	net.Filter(nil)
	both.awaitAll(t, "g", patience)
	took := time.Since(healed)
	t.Logf("they met %v after the network was healed", took.Round(time.Millisecond))
	if full && took > 25*time.Second {
		t.Errorf("it took %v, want at most 25 s: the longest pause is 20 s", took)
	}
	stop := both.talk("g", 100*time.Millisecond)
	time.Sleep(time.Second)
	both.heard(t, stop(), patience)
	both.faultless(t)
}
