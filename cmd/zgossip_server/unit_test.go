package main

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// TestUnit checks that the systemd unit allows what the program needs. Without netlink libzmq
// (--transport libzmq) cannot list the interfaces, which it does to listen at one address, and
// ends the process.
func TestUnit(t *testing.T) {
	unit, err := os.ReadFile("../../packaging/zgossip_server.service")
	if err != nil {
		t.Fatal(err)
	}
	settings := make(map[string]string)
	for line := range strings.Lines(string(unit)) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && !strings.HasPrefix(key, "#") {
			settings[key] = value
		}
	}
	families := strings.Fields(settings["RestrictAddressFamilies"])
	for _, need := range []string{"AF_UNIX", "AF_INET", "AF_INET6", "AF_NETLINK"} {
		if !slices.Contains(families, need) {
			t.Errorf("the unit allows %v, not %s", families, need)
		}
	}
	for key, want := range map[string]string{"Type": "notify", "RestartPreventExitStatus": "2",
		"ExecReload": "/bin/kill -HUP $MAINPID"} {
		if settings[key] != want {
			t.Errorf("%s=%s, want %s", key, settings[key], want)
		}
	}
}
