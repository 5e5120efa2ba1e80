//go:build unix

package e2e

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
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

// site is where a one-shot program and its receivers run.
type site struct {
	dir       string // of the programs
	config    string // the file with their configuration
	from      *lab.Host
	receivers []*lab.Host
}

// command is a program of ours on one of the hosts.
func (s *site) command(h *lab.Host, name string, args ...string) *exec.Cmd {
	cmd := h.Command(filepath.Join(s.dir, name), args...)
	cmd.Env = append(cmd.Environ(), "ZRECFG="+s.config, "ZRENAME=")
	return cmd
}

// shoot starts the receivers, and a program that sends and leaves some time after them. It
// returns how long that took, and an error unless it ends with status 0 and every receiver
// gets all of it.
func (s *site) shoot(program string, lead time.Duration) (time.Duration, error) {
	shot := oneShots[program]
	text := letters(shot.size)
	name, args, input := shot.args(text)
	outs, ended := make([]bytes.Buffer, len(s.receivers)), make([]*exec.Cmd, len(s.receivers))
	errs := make([]bytes.Buffer, len(s.receivers))
	for i, h := range s.receivers {
		c := s.command(h, "zrecat", "--receive-only", "--until-leave", "--name", fmt.Sprint("r", i), "f")
		c.Stdout, c.Stderr, ended[i] = &outs[i], &errs[i], c
		if err := c.Start(); err != nil {
			return 0, err
		}
	}
	if lead >= time.Second { // Else what is tested is that they begin at about the same time.
		there := s.command(s.from, "zre", "wait", "f", "-n", strconv.Itoa(len(s.receivers)), "-t", "60")
		if out, err := there.CombinedOutput(); err != nil {
			return 0, fmt.Errorf("the receivers are not in the group: %w: %s", err, out)
		}
	}
	<-time.After(lead) // what is tested: how long they are there
	sender := s.command(s.from, name, args...)
	sender.Stdin = bytes.NewReader([]byte(input))
	began := time.Now()
	said, err := sender.CombinedOutput()
	took := time.Since(began)
	if err != nil {
		err = fmt.Errorf("%s: %w: %.400s", name, err, said)
	}
	left := time.AfterFunc(patience, func() {
		for _, c := range ended {
			_ = c.Process.Kill()
		}
	})
	defer left.Stop()
	for i, c := range ended {
		if err != nil {
			_ = c.Process.Kill() // One that has got nothing waits for ever.
		}
		waited := c.Wait()
		if got := outs[i].String(); got != text && err == nil {
			err = fmt.Errorf("receiver %d has %d of %d octets (%v), and %s ended with 0; it said: %.1000s; the receiver said: %.1000s",
				i, len(got), len(text), waited, name, said, errs[i].Bytes())
		}
	}
	return took, err
}

// TestOneShot: programs that send and leave reach everybody who was there, on one host and on
// several, one of which is far and one of which loses frames; receivers that have been there for
// two seconds, or have started just before, or at the same moment.
func TestOneShot(t *testing.T) {
	parallel(t)
	dir, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	runs := map[time.Duration]int{200 * time.Millisecond: 1}
	if full {
		runs = map[time.Duration]int{2 * time.Second: 200, 200 * time.Millisecond: 50, 0: 50}
	}
	places := map[string]func(t *testing.T) (from *lab.Host, receivers []*lab.Host){
		"one host": func(t *testing.T) (*lab.Host, []*lab.Host) {
			h := lab.New(t)
			return h, slices.Repeat([]*lab.Host{h}, 5)
		},
		"three hosts": func(t *testing.T) (*lab.Host, []*lab.Host) {
			s := lab.NewSwitch(t, "10.36.0.0/24", lab.Line{})
			near, far, lossy := lab.New(t), lab.New(t), lab.New(t)
			s.Plug(near, "eth0")
			s.Plug(far, "eth0").Line(lab.Line{Delay: 100 * time.Millisecond})
			s.Plug(lossy, "eth0").Line(lab.Line{Loss: 0.05})
			return near, []*lab.Host{near, near, near, near, far, far, far, lossy, lossy, lossy}
		},
	}
	for program := range oneShots {
		for lead, count := range runs {
			for name, place := range places {
				t.Run(fmt.Sprintf("%s/%s/%v", program, name, lead), func(t *testing.T) {
					repeat(t, count, func(t *testing.T) func() (time.Duration, error) {
						from, receivers := place(t)
						s := &site{dir, configuration(t, from, ""), from, receivers}
						return func() (time.Duration, error) { return s.shoot(program, lead) }
					})
				})
			}
		}
	}
}

// most is how many runs of a test there are at once, each in a place of its own.
const most = 8

// repeat runs a test in several places, and sums up how long it took.
func repeat(t *testing.T, runs int, place func(t *testing.T) func() (time.Duration, error)) {
	var left, failed atomic.Int64
	left.Store(int64(runs))
	var mu sync.Mutex
	var sum, longest time.Duration
	var done sync.WaitGroup
	for range min(runs, most) {
		run := place(t)
		done.Go(func() {
			for left.Add(-1) >= 0 {
				took, err := run()
				if err != nil {
					failed.Add(1)
					t.Error(err)
				}
				mu.Lock()
				sum, longest = sum+took, max(longest, took)
				mu.Unlock()
			}
		})
	}
	done.Wait()
	t.Logf("%d runs, %d exceptions; mean %v, longest %v", runs, failed.Load(),
		(sum / time.Duration(runs)).Round(time.Millisecond), longest.Round(time.Millisecond))
}
