//go:build linux

package lab

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gozre/zre/internal/lab"
)

// TestLargeMessageOnASlowLine: a message takes longer than the dead period to arrive. It arrives,
// and nobody leaves.
func TestLargeMessageOnASlowLine(t *testing.T) {
	t.Parallel()
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
