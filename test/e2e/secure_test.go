//go:build unix

package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/gozre/zre/internal/lab"
)

// keygen makes a key pair and gives its file.
func keygen(t *testing.T, file string) string {
	t.Helper()
	dir, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(filepath.Join(dir, "zre"), "--keygen", file)
	cmd.Env = append(os.Environ(), "ZRECFG="+os.DevNull)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return file
}

// TestSecureNetwork has two hosts with keys of their own on one network with a third that has
// none, and reads all that passes over the wire.
func TestSecureNetwork(t *testing.T) {
	parallel(t)
	sw := lab.NewSwitch(t, "10.36.0.0/24", lab.Line{})
	var hosts []*lab.Host
	for range 3 {
		h := lab.New(t)
		sw.Plug(h, "eth0")
		hosts = append(hosts, h)
	}
	// A word that has to be there, so that it would be found, and others that must not.
	words := map[string]*atomic.Int64{"ZRE\x03": {}, "swordfish": {}, "secretive": {}, "hideout": {}, "announced": {}}
	sw.Filter(func(_, _ *lab.Port, frame []byte) bool {
		for word, n := range words {
			if bytes.Contains(frame, []byte(word)) {
				n.Add(1)
			}
		}
		return true
	})
	dir := t.TempDir()
	a, b := keygen(t, filepath.Join(dir, "a")), keygen(t, filepath.Join(dir, "b"))
	trusted := filepath.Join(dir, "trusted")
	if err := os.Mkdir(trusted, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{a, b} {
		public, err := os.ReadFile(file)
		if err == nil {
			err = os.WriteFile(filepath.Join(trusted, filepath.Base(file)), public, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	carol := startShell(t, hosts[2], "--name", "announced")
	alice := startShell(t, hosts[0], "--name", "secretive", "--key", a+"_secret", "--trust", trusted)
	bob := startShell(t, hosts[1], append(impatient, "--name", "bob", "--key", b, "--trust", trusted)...)
	if e := bob.expect("ENTER", from(alice)); e.Name != "secretive" || len(e.Headers["X-PUBLICKEY"]) != 40 {
		t.Errorf("bob sees %+v", e)
	}
	alice.say("/join hideout")
	bob.expect("JOIN", of(alice, "hideout"))
	bob.say("/shout hideout swordfish")
	if e := alice.expect("SHOUT", of(bob, "hideout")); e.text() != "swordfish" {
		t.Errorf("alice heard %q", e.text())
	}
	alice.say("/whisper bob swordfish")
	bob.expect("WHISPER", from(alice))

	carol.say("/peers")
	carol.say("/quit")
	carol.wait(0)
	carol.mu.Lock()
	defer carol.mu.Unlock()
	for _, e := range carol.events {
		if e.Event == "ENTER" {
			t.Errorf("the node without a key met %+v", e)
		}
	}
	for word, n := range words {
		// Carol's beacons reach all, and her name reaches nobody.
		if is := n.Load() > 0; is != (word == "ZRE\x03") {
			t.Errorf("%q was on the wire %d times", word, n.Load())
		}
	}

	// Leaving and dying are noticed as in a plain network.
	alice.signal(os.Interrupt)
	alice.wait(0)
	if e := bob.expect("EXIT", from(alice)); e.Reason != "goodbye" {
		t.Errorf("alice's exit has the reason %q", e.Reason)
	}
	again := startShell(t, hosts[0], "--key", a+"_secret", "--trust", trusted)
	bob.expect("ENTER", from(again))
	again.signal(os.Kill)
	bob.expect("EXIT", from(again))
}
