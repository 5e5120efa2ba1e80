//go:build linux

package lab

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gozre/zre/internal/lab"
)

// testLargeMessageOnASlowLine: a message takes longer than the dead period to arrive. It arrives,
// and nobody leaves.
func testLargeMessageOnASlowLine(t *testing.T) {
	settings, size := sized(impatient, nil), sized(6<<20, 60<<20)
	_, ports := hosts(t, 2, lab.Line{Rate: 10e6})
	alice := start(t, ports[0].Host, "alice", append([]string{"--all"}, settings...)...)
	dir, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	send := ports[1].Host.Command(filepath.Join(dir, "zre"),
		append([]string{"send", "-t", "200", "--name", "bob", "alice", "-f", "-"}, settings...)...)
	send.Env = append(os.Environ(), "ZRECFG="+os.DevNull, "ZRENAME=")
	send.Stdin = bytes.NewReader(make([]byte, size))
	began := time.Now()
	out, err := send.CombinedOutput()
	t.Logf("it took %v", time.Since(began).Round(100*time.Millisecond))
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	eventually(t, "bob leaves", patience, func() bool {
		return len(alice.all("EXIT", "", time.Time{})) > 0
	})
	for _, e := range alice.all("EXIT", "", time.Time{}) {
		if e.Reason != "goodbye" {
			t.Errorf("EXIT of %s: %s", e.Name, e.Reason)
		}
	}
}

// testSlowLineIsNoDeafPeer: on a slow line it takes some seconds until a large message is
// acknowledged, and another one waits. The peer reads, and nobody says that it does not. (Zeros
// would be six times as long in the peer's JSON, and it would be slow.)
func testSlowLineIsNoDeafPeer(t *testing.T) {
	_, ports := hosts(t, 2, lab.Line{Rate: 8e6})
	alice := start(t, ports[0].Host, "alice")
	dir, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, bytes.Repeat([]byte{'x'}, sized(6<<20, 20<<20)), 0o600); err != nil {
		t.Fatal(err)
	}
	bob := ports[1].Host.Command(filepath.Join(dir, "zre"), "--name", "bob")
	bob.Env = append(os.Environ(), "ZRECFG="+os.DevNull, "ZRENAME=")
	bob.Stdin = strings.NewReader("/send " + file + " alice\n/whisper alice 1\n")
	out, err := bob.CombinedOutput()
	if err != nil || bytes.Contains(out, []byte("does not read")) {
		t.Errorf("%v: %s", err, out)
	}
	eventually(t, "bob leaves", patience, func() bool {
		return len(alice.all("EXIT", "", time.Time{})) > 0
	})
	if n := len(alice.all("WHISPER", "", time.Time{})); n != 2 {
		t.Errorf("%d messages came", n)
	}
}
