//go:build unix

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gozre/zre/internal/lab"
)

// patience is how long a test waits for what has to come. It is far longer than it takes, so
// that a busy machine does not fail; nothing waits for it to pass when all is well.
const patience = 2 * time.Minute

// full says that the slow tests are to run at their full size.
var full = os.Getenv("ZRE_LAB") == "full"

func TestMain(m *testing.M) {
	if signal.Ignored(syscall.SIGHUP) {
		// Under nohup the programs would ignore it as well, and a test sends it.
		signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	}
	status := lab.Main(m)
	if dir, err := programs(); err == nil {
		os.RemoveAll(dir)
	}
	os.Exit(status)
}

// parallel lets a test run beside others, where each has a network of its own. Most of the time
// tests wait.
func parallel(t *testing.T) {
	if lab.Isolated() {
		t.Parallel()
	}
}

// programs builds the programs as users get them, once, and returns the directory.
var programs = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "zre-e2e-")
	if err != nil {
		return "", err
	}
	build := exec.Command("go", "build", "-o", dir+string(filepath.Separator), "./cmd/...", "./examples/...")
	build.Dir = filepath.Join("..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		os.RemoveAll(dir)
		return "", fmt.Errorf("build the programs: %w: %s", err, out)
	}
	return dir, nil
})

// places are where two nodes can meet: each test that calls it runs in all of them.
func places(t *testing.T, test func(t *testing.T, a, b *lab.Host)) {
	t.Run("loopback", func(t *testing.T) {
		h := lab.Loopback(t)
		test(t, h, h)
	})
	t.Run("two hosts", func(t *testing.T) {
		hosts := network(t, lab.Line{}, 2)
		test(t, hosts[0], hosts[1])
	})
}

// network makes hosts on one switch.
func network(t *testing.T, line lab.Line, count int) []*lab.Host {
	t.Helper()
	s := lab.NewSwitch(t, "10.36.0.0/24", line)
	hosts := make([]*lab.Host, count)
	for i := range hosts {
		hosts[i] = lab.New(t)
		s.Plug(hosts[i], "eth0")
	}
	return hosts
}
