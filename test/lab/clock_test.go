//go:build linux

package lab

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/gozre/zre/internal/lab"
)

// Hosts of a lab share the machine's clock, which no test may set. So a program with a clock of its
// own is built with another package time: the one of the Go distribution, whose Now adds as many
// hours as a file says. What is monotonic goes on, as when a clock is set.
const clockVariable = "ZRE_LAB_CLOCK" // names the file

// stepSource is added to package time. Now may be called on a stack of the runtime, where no system
// call is allowed, so the octet of the file is read from memory.
const stepSource = `package time

import "syscall"

var clockHours = func() []byte {
	name, _ := syscall.Getenv("` + clockVariable + `")
	fd, err := syscall.Open(name, syscall.O_RDONLY, 0)
	if err != nil {
		return nil
	}
	mapped, _ := syscall.Mmap(fd, 0, 1, syscall.PROT_READ, syscall.MAP_SHARED)
	syscall.Close(fd)
	return mapped
}()

func stepped(sec int64) int64 {
	if len(clockHours) == 1 {
		sec += int64(int8(clockHours[0])) * int64(Hour/Second)
	}
	return sec
}
`

// readsClock is the line of time.Now that reads the clock.
const readsClock = "\tsec, nsec, mono := runtimeNow()\n"

// timeWithSteps writes the changed package to a directory, and returns the file for go build
// -overlay.
func timeWithSteps(dir string) (overlay string, err error) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return "", fmt.Errorf("go env GOROOT: %w", err)
	}
	original := filepath.Join(string(bytes.TrimSpace(root)), "src", "time")
	source, err := os.ReadFile(filepath.Join(original, "time.go"))
	if err != nil {
		return "", err
	}
	now := bytes.Index(source, []byte("\nfunc Now() Time {\n"))
	if now < 0 || bytes.Count(source, []byte(readsClock)) != 1 || bytes.Index(source, []byte(readsClock)) < now {
		return "", errors.New("package time of this Go reads the clock in another way: see time.Now")
	}
	source = bytes.Replace(source, []byte(readsClock), []byte(readsClock+"\tsec = stepped(sec)\n"), 1)
	replaced := make(map[string]string)
	for name, text := range map[string][]byte{"time.go": source, "step.go": []byte(stepSource)} {
		replaced[filepath.Join(original, name)] = filepath.Join(dir, name)
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			return "", err
		}
	}
	text, err := json.Marshal(map[string]any{"Replace": replaced})
	if err != nil {
		return "", err
	}
	overlay = filepath.Join(dir, "overlay.json")
	return overlay, os.WriteFile(overlay, text, 0o600)
}

// withClocks builds zre and zgossip_server with clocks that can be set, once, and returns the
// directory.
var withClocks = sync.OnceValues(func() (string, error) {
	dir, err := programs()
	if err != nil {
		return "", err
	}
	dir = filepath.Join(dir, "clock")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", err
	}
	overlay, err := timeWithSteps(dir)
	if err != nil {
		return "", err
	}
	build := exec.Command("go", "build", "-overlay", overlay, "-o", dir, "./cmd/zre", "./cmd/zgossip_server")
	build.Dir = filepath.Join("..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build programs with clocks that can be set: %w: %s", err, out)
	}
	return dir, nil
})

// clock is one that a test can set: the file that says by how many hours.
type clock string

func newClock(t *testing.T) clock {
	t.Helper()
	c := clock(filepath.Join(t.TempDir(), "hours"))
	c.set(t, 0)
	return c
}

// set sets it to so many hours before or after the machine's.
func (c clock) set(t *testing.T, hours int8) {
	t.Helper()
	file, err := os.OpenFile(string(c), os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteAt([]byte{byte(hours)}, 0); err != nil {
		t.Fatal(err)
	}
}

// program is the command for one of the programs, with this clock.
func (c clock) program(t *testing.T, name string) []string {
	t.Helper()
	dir, err := withClocks()
	if err != nil {
		t.Fatal(err)
	}
	return []string{"env", clockVariable + "=" + string(c), filepath.Join(dir, name)}
}

// startWithClock starts zre with a clock and waits until it runs.
func startWithClock(t *testing.T, h *lab.Host, name string, c clock, args ...string) *witness {
	t.Helper()
	w := launchAs(t, h, name, c.program(t, "zre"), args...)
	w.await()
	return w
}

// ahead is how far its clock is ahead of this machine's, by the time in an answer.
func (w *witness) ahead() (by time.Duration) {
	w.t.Helper()
	asked := time.Now()
	if err := w.say("/peers"); err != nil {
		w.t.Fatal(err)
	}
	eventually(w.t, w.name+" answers /peers", patience, func() bool {
		answers := w.all("PEERS", "", asked)
		if len(answers) > 0 {
			by = answers[0].Time.Sub(answers[0].at)
		}
		return len(answers) > 0
	})
	return by
}
