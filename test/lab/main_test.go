//go:build linux

package lab

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gozre/zre/internal/lab"
)

// patience is how long a test waits for what has to come, far longer than it takes, so that a
// busy machine does not fail. Nothing waits for it to pass when all is well.
const patience = 2 * time.Minute

// full says that the scenarios have their full size, and hold the times that they promise.
var full = os.Getenv("ZRE_LAB") == "full"

// sized returns the small or the full size of something.
func sized[T any](small, whole T) T {
	if full {
		return whole
	}
	return small
}

func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", atOnce()); err != nil {
		panic(err)
	}
	status := lab.Main(m)
	if dir := programsDir.Load(); dir != nil {
		os.RemoveAll(*dir)
	}
	os.Exit(status)
}

// programsDir is what programs returns, nil if it was not called.
var programsDir atomic.Pointer[string]

// programs builds the programs as users get them, once, and returns the directory.
var programs = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "zre-lab-")
	if err != nil {
		return "", err
	}
	build := exec.Command("go", "build", "-o", dir+string(filepath.Separator), "./cmd/...")
	build.Dir = filepath.Join("..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		os.RemoveAll(dir)
		return "", fmt.Errorf("build the programs: %w: %s", err, out)
	}
	programsDir.Store(&dir)
	return dir, nil
})

// built is the path of a program as users get it.
func built(t testing.TB, name string) string {
	t.Helper()
	dir, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, name)
}

// impatient makes nodes find out within a small scenario that a peer is dead.
const dead = 2 * time.Second

var impatient = []string{"--quiet-period", "0.5", "--quiet-ping-rate", "0.2", "--dead-period", "2"}

// eventually waits until something holds.
func eventually(t testing.TB, what string, within time.Duration, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(within); !holds(); {
		if time.Now().After(deadline) {
			t.Fatalf("after %v: not so: %s", within, what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// hosts makes hosts on one switch, each with such a line.
func hosts(t *testing.T, count int, line lab.Line) (*lab.Switch, []*lab.Port) {
	t.Helper()
	s := lab.NewSwitch(t, "10.36.0.0/16", line)
	ports := make([]*lab.Port, count)
	for i := range ports {
		ports[i] = s.Plug(lab.New(t), "eth0")
	}
	return s, ports
}
