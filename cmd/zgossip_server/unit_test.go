package main

import (
	"os"
	"os/exec"
	"path/filepath"
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
		"LoadCredential": "zre.key",
		"ExecReload":     "/bin/kill -HUP $MAINPID"} {
		if settings[key] != want {
			t.Errorf("%s=%s, want %s", key, settings[key], want)
		}
	}
}

// TestUnitForSystemd has systemd look at the unit, where it is installed.
func TestUnitForSystemd(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("there is no systemd-analyze on this machine")
	}
	unit, err := os.ReadFile("../../packaging/zgossip_server.service")
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// The program that the unit names is not installed here; another one stands for it.
	file := filepath.Join(t.TempDir(), "zgossip_server.service")
	text := strings.Replace(string(unit), "/usr/local/bin/zgossip_server", program, 1)
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"verify", "--man=no", file},
		{"security", "--offline=yes", "--threshold=25", file}, // of 100; 20 is "OK"
	} {
		out, err := exec.Command(analyze, args...).CombinedOutput()
		if strings.Contains(string(out), "unrecognized option") {
			t.Skipf("this systemd-analyze is too old: %s", out)
		}
		if err != nil || args[0] == "verify" && len(out) > 0 {
			t.Errorf("systemd-analyze %v: %v\n%s", args, err, out)
		}
	}
}
