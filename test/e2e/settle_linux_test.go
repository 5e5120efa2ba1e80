//go:build linux

package e2e

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/gozre/zre/internal/lab"
)

// TestOneShotNotReached: a member behind a firewall that drops incoming TCP is there, and cannot
// be reached. The others get what is sent; the programs name it and end with status 1.
func TestOneShotNotReached(t *testing.T) {
	parallel(t)
	for program, shot := range oneShots {
		if program != "zre" && !full {
			continue // Each takes eight seconds.
		}
		t.Run(program, func(t *testing.T) {
			net := lab.NewSwitch(t, "10.36.0.0/24", lab.Line{})
			out, in := lab.New(t), lab.New(t)
			net.Plug(out, "eth0")
			net.Plug(in, "eth0")
			net.Filter(lab.Deny(lab.OpensTCP, in))
			got := newSum()
			start(t, out, got, "zrecat", "--receive-only", "--until-leave", "f")
			start(t, in, nil, "zrecat", "--receive-only", "--name", "hidden", "f")
			text := letters(shot.size)
			name, args, input := shot.args(text)
			dir, err := programs()
			if err != nil {
				t.Fatal(err)
			}
			s := &site{dir: dir, config: configuration(t, out, "")}
			sender := s.command(out, name, args...)
			sender.Stdin = strings.NewReader(input)
			var stderr bytes.Buffer
			sender.Stderr = &stderr
			err = sender.Run()
			if status := sender.ProcessState.ExitCode(); status != 1 || !strings.Contains(stderr.String(), "not reached: hidden ") {
				t.Errorf("status %d (%v), stderr: %s", status, err, stderr.String())
			}
			select {
			case <-got.reached(int64(len(text))):
			case <-time.After(patience):
				t.Error("the member that is reached has not got everything")
			}
		})
	}
}
