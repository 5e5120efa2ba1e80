//go:build linux

package lab

import (
	"bytes"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/gozre/zre/internal/lab"
)

// oneShot is a command of zre that runs, and what it says on standard error.
type oneShot struct {
	cmd   *exec.Cmd
	ended chan struct{}

	mu   sync.Mutex
	said bytes.Buffer
}

func (o *oneShot) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.said.Write(p)
}

func (o *oneShot) count(text string) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return strings.Count(o.said.String(), text)
}

// shoot starts a command of zre on a host.
func shoot(t *testing.T, h *lab.Host, args ...string) *oneShot {
	t.Helper()
	dir, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	o := &oneShot{cmd: h.Command(filepath.Join(dir, "zre"), args...), ended: make(chan struct{})}
	o.cmd.Env = append(os.Environ(), "ZRECFG="+os.DevNull, "ZRENAME=")
	o.cmd.Stderr = o
	if err := o.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(o.ended)
		_ = o.cmd.Wait() // Its status is looked at when it has ended.
	}()
	t.Cleanup(func() {
		_ = o.cmd.Process.Kill() // It may have ended.
		<-o.ended
		if t.Failed() {
			t.Logf("%v said:\n%s", args, &o.said)
		}
	})
	return o
}

// succeeds waits until the command has ended, with status 0.
func (o *oneShot) succeeds(t *testing.T) {
	t.Helper()
	eventually(t, o.cmd.Args[1]+" ends", patience, func() bool {
		select {
		case <-o.ended:
			return true
		default:
			return false
		}
	})
	if status := o.cmd.ProcessState.ExitCode(); status != 0 {
		t.Errorf("%s ends with status %d", o.cmd.Args[1], status)
	}
}

// testTransferIsReset: a router resets all connections in the middle of a transfer, several times.
// Both ends say so and go on where they were, and the file is whole.
func testTransferIsReset(t *testing.T) {
	net, ports := hosts(t, 2, lab.Line{Rate: 50e6})
	for _, p := range ports {
		p.Host.WithoutIPv6() // Reset resets connections over IPv4.
	}
	size, resets := sized(10<<20, 60<<20), sized(2, 5)
	content := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{36}).Read(content) // It cannot fail.
	file, dir := filepath.Join(t.TempDir(), "file"), t.TempDir()
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	getter := shoot(t, ports[1].Host, "get", "--yes", "inbox", dir)
	putter := shoot(t, ports[0].Host, "put", "--settle", "60", file, "inbox")
	there := func() int {
		info, err := os.Stat(filepath.Join(dir, ".zre-part-file"))
		if err != nil {
			return 0
		}
		return int(info.Size())
	}
	for i := range resets {
		eventually(t, "more of the file is there", patience, func() bool {
			return there() > size*(i+1)/(resets+2)
		})
		before := there()
		end := net.Reset()
		eventually(t, "the putter says that the session was lost", patience, func() bool {
			return putter.count("was lost") > i
		})
		if n := end(); n < 1 {
			t.Errorf("%d connections were reset", n)
		}
		if now := there(); now < before {
			t.Errorf("%d octets are there, %d were", now, before)
		}
	}
	putter.succeeds(t)
	getter.succeeds(t)
	got, err := os.ReadFile(filepath.Join(dir, "file"))
	if err != nil || !bytes.Equal(got, content) {
		t.Errorf("%d octets came, %v", len(got), err)
	}
}
