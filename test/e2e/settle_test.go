//go:build unix

package e2e

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gozre/zre/internal/lab"
)

// oneShots are the programs that send and leave: how they are called, and the size of what they
// send.
var oneShots = map[string]struct {
	size int
	args func(text string) (name string, args []string, input string)
}{
	"zre": {100, func(text string) (string, []string, string) {
		return "zre", nil, "/shout f " + text + "\n"
	}},
	"zrecat": {5_000_000, func(text string) (string, []string, string) {
		return "zrecat", []string{"--send-only", "f"}, text
	}},
	"library": {100, func(text string) (string, []string, string) {
		return "announce", []string{"f", text}, ""
	}},
}

// letters makes a text that is not the same twice.
func letters(size int) string {
	text := make([]byte, size)
	for i := range text {
		text[i] = 'a' + byte(rand.IntN(26))
	}
	return string(text)
}

// oneShot starts receivers on hosts, and a program that sends and leaves some time after them. It
// holds that the program ends with status 0 and every receiver gets all of it. It returns
// how long the program took, and what was wrong.
func oneShot(t *testing.T, program string, from *lab.Host, receivers []*lab.Host, lead time.Duration) (time.Duration, error) {
	shot := oneShots[program]
	text := letters(shot.size)
	name, args, input := shot.args(text)
	type copied struct {
		cmd *exec.Cmd
		out bytes.Buffer
	}
	copies := make([]*copied, len(receivers))
	for i, h := range receivers {
		c := &copied{cmd: command(t, h, "zrecat", "--receive-only", "--until-leave", "--name", fmt.Sprint("r", i), "f")}
		c.cmd.Stdout = &c.out
		if err := c.cmd.Start(); err != nil {
			return 0, err
		}
		copies[i] = c
	}
	time.Sleep(lead) // what is tested: how long they are there
	sender := command(t, from, name, args...)
	sender.Stdin = bytes.NewReader([]byte(input))
	began := time.Now()
	said, err := sender.CombinedOutput()
	took := time.Since(began)
	if err != nil {
		err = fmt.Errorf("%s: %w: %.400s", name, err, said)
	}
	timer := time.AfterFunc(15*time.Second, func() {
		for _, c := range copies {
			_ = c.cmd.Process.Kill()
		}
	})
	defer timer.Stop()
	for i, c := range copies {
		waited := c.cmd.Wait()
		if got := c.out.String(); got != text && err == nil {
			err = fmt.Errorf("receiver %d has %d of %d octets (%v), and %s ended with 0", i, len(got), len(text), waited, name)
		}
	}
	return took, err
}

// command is a program of ours on a host with the configuration of the test.
func command(t *testing.T, h *lab.Host, name string, args ...string) *exec.Cmd {
	dir, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	cmd := h.Command(dir+"/"+name, args...)
	cmd.Env = append(cmd.Environ(), "ZRECFG="+configuration(t, h, ""), "ZRENAME=")
	return cmd
}

// TestOneShot: programs that send and leave reach everybody who was there, on one host and on
// several, one of which is far and one of which loses frames; receivers that have been there for
// two seconds, or have started just before, or at the same moment.
func TestOneShot(t *testing.T) {
	runs, lanes := 2, 1
	if full {
		runs, lanes = 200, 8
	}
	leads := []time.Duration{2 * time.Second, 200 * time.Millisecond, 0}
	for _, program := range []string{"zre", "zrecat", "library"} {
		for _, lead := range leads {
			t.Run(fmt.Sprintf("%s/one host/%v", program, lead), func(t *testing.T) {
				repeat(t, runs, lanes, func(t *testing.T) func() (time.Duration, error) {
					h := lab.New(t)
					hosts := []*lab.Host{h, h, h, h, h}
					return func() (time.Duration, error) { return oneShot(t, program, h, hosts, lead) }
				})
			})
			t.Run(fmt.Sprintf("%s/three hosts/%v", program, lead), func(t *testing.T) {
				repeat(t, runs, lanes, func(t *testing.T) func() (time.Duration, error) {
					s := lab.NewSwitch(t, "10.36.0.0/24", lab.Line{})
					near, far, lossy := lab.New(t), lab.New(t), lab.New(t)
					s.Plug(near, "eth0")
					s.Plug(far, "eth0").Line(lab.Line{Delay: 100 * time.Millisecond})
					s.Plug(lossy, "eth0").Line(lab.Line{Loss: 0.05})
					hosts := []*lab.Host{near, near, near, near, far, far, far, lossy, lossy, lossy}
					return func() (time.Duration, error) { return oneShot(t, program, near, hosts, lead) }
				})
			})
		}
	}
}

// repeat runs a test in places of its own, several at a time, and sums up how long it took.
func repeat(t *testing.T, runs, lanes int, place func(t *testing.T) func() (time.Duration, error)) {
	var left, failed atomic.Int64
	left.Store(int64(runs))
	var mu sync.Mutex
	var sum, most time.Duration
	var done sync.WaitGroup
	for range lanes {
		run := place(t)
		done.Go(func() {
			for left.Add(-1) >= 0 {
				took, err := run()
				if err != nil {
					failed.Add(1)
					t.Error(err)
				}
				mu.Lock()
				sum, most = sum+took, max(most, took)
				mu.Unlock()
			}
		})
	}
	done.Wait()
	t.Logf("%d runs, %d exceptions; mean %v, longest %v", runs, failed.Load(),
		(sum / time.Duration(runs)).Round(time.Millisecond), most.Round(time.Millisecond))
}
