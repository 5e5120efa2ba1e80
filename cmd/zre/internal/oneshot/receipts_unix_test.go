//go:build unix

package oneshot

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gozre/zre/zre"
)

// gates are files in a directory: the command for the message N says begunN, and ends when goN is
// there.
type gates struct {
	t   *testing.T
	dir string
}

const gateScript = `i=$(cat); : > "$0/begun$i"; while [ ! -e "$0/go$i" ]; do sleep 0.02; done`

func (g gates) command() []string { return []string{"sh", "-c", gateScript, g.dir} }

func (g gates) open(i int) {
	g.t.Helper()
	must(g.t, os.WriteFile(filepath.Join(g.dir, fmt.Sprint("go", i)), nil, 0o600))
}

func (g gates) begun(i int) bool {
	_, err := os.Stat(filepath.Join(g.dir, fmt.Sprint("begun", i)))
	return err == nil
}

func (g gates) await(i int) {
	g.t.Helper()
	until(g.t, fmt.Sprintf("command %d", i), func() bool { return g.begun(i) })
}

// acknowledged reports whether all that n has sent is acknowledged, or soon is.
func acknowledged(t *testing.T, n *zre.Node, wait time.Duration) bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), wait)
	defer cancel()
	err := n.Flush(ctx)
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	return err == nil
}

const moment = 300 * time.Millisecond // for what must not happen

// A message is acknowledged when its command has ended, and not before.
func TestOnAcknowledges(t *testing.T) {
	t.Parallel()
	alice, g := peer(t, "alice"), gates{t, t.TempDir()}
	r := inGroup(t, alice, "g", append([]string{"on", "g", "--"}, g.command()...)...)
	for i := range 2 {
		shout(t, alice, "g", fmt.Sprint(i))
		g.await(i)
		if acknowledged(t, alice, moment) {
			t.Errorf("message %d is acknowledged while its command runs", i)
		}
		g.open(i)
		if !acknowledged(t, alice, patience) {
			t.Errorf("message %d is not acknowledged after its command has ended", i)
		}
	}
	r.interrupt()
	r.wait(0)
}

// A message whose command is cut is not acknowledged: its sender learns that.
func TestOnCut(t *testing.T) {
	t.Parallel()
	alice, g := peer(t, "alice"), gates{t, t.TempDir()}
	r := inGroup(t, alice, "g", append([]string{"on", "g", "--"}, g.command()...)...)
	shout(t, alice, "g", "0")
	g.await(0)
	flushed := make(chan error, 1)
	go func() { flushed <- alice.Flush(within(t)) }()
	r.interrupt()
	r.wait(0)
	if delivery, ok := errors.AsType[*zre.DeliveryError](<-flushed); !ok || len(delivery.Missed) != 1 {
		t.Errorf("the sender was not told: %v", delivery)
	}
}

// With --ack taken nobody waits for a command.
func TestOnAckTaken(t *testing.T) {
	t.Parallel()
	alice, g := peer(t, "alice"), gates{t, t.TempDir()}
	r := inGroup(t, alice, "g", append([]string{"on", "--ack", "taken", "g", "--"}, g.command()...)...)
	shout(t, alice, "g", "0")
	g.await(0)
	if !acknowledged(t, alice, patience) {
		t.Error("not acknowledged")
	}
	g.open(0)
	r.interrupt()
	r.wait(0)
	run(t, 2, nil, "on", "--ack", "never", "g", "--", "sh").says("", `--ack "never": not a moment (right: ended or taken)`)
}

// Several commands: acknowledged when none runs, and one that takes long does not put that off
// for ever.
func TestOnAcknowledgesSeveral(t *testing.T) {
	t.Parallel()
	alice, g := peer(t, "alice"), gates{t, t.TempDir()}
	r := inGroup(t, alice, "g", append([]string{"on", "--parallel", "2", "g", "--"}, g.command()...)...)
	const most = 4 * 2
	for i := range most {
		shout(t, alice, "g", fmt.Sprint(i))
	}
	g.await(0)
	for i := 1; i < most; i++ {
		g.open(i)
		g.await(i)
	}
	if acknowledged(t, alice, moment) {
		t.Error("acknowledged while a command runs")
	}
	shout(t, alice, "g", fmt.Sprint(most))
	if acknowledged(t, alice, moment); g.begun(most) {
		t.Errorf("more than %d commands have begun without an acknowledgement", most)
	}
	g.open(0)
	g.await(most)
	g.open(most)
	if !acknowledged(t, alice, patience) {
		t.Error("not acknowledged when no command runs")
	}
	r.interrupt()
	r.wait(0)
}

// Where messages are acknowledged before their command runs, one that takes long holds up no other.
func TestCommandThatTakesLong(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args []string
		send func(alice *zre.Node, i int)
	}{
		"on": {[]string{"on", "--ack", "taken"}, func(alice *zre.Node, i int) { shout(t, alice, "g", fmt.Sprint(i)) }},
		"reply": {[]string{"reply", "--command-timeout", "0"}, func(alice *zre.Node, i int) {
			shout(t, alice, "g", string(requestFrame(newRequestID())), fmt.Sprint(i))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			alice, g := peer(t, "alice"), gates{t, t.TempDir()}
			r := inGroup(t, alice, "g", slices.Concat(c.args, []string{"--parallel", "2", "g", "--"}, g.command())...)
			for i := range 20 {
				c.send(alice, i)
				g.await(i)
				if i > 0 {
					g.open(i)
				}
			}
			if !acknowledged(t, alice, patience) {
				t.Error("not acknowledged")
			}
			g.open(0)
			r.interrupt()
			r.wait(0)
		})
	}
}

// What zre sub could not write is not acknowledged.
func TestSubAcknowledges(t *testing.T) {
	t.Parallel()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("there is no /dev/full on this system")
	}
	alice := peer(t, "alice")
	r := inGroupTo(t, alice, "g", full, "sub", "g")
	shout(t, alice, "g", "lost")
	if delivery, ok := errors.AsType[*zre.DeliveryError](alice.Flush(within(t))); !ok || len(delivery.Missed) != 1 {
		t.Errorf("the sender was not told: %v", delivery)
	}
	r.wait(1)
	if !strings.Contains(r.stderr.String(), "standard output: ") {
		t.Errorf("it says %q", r.stderr)
	}

	r = inGroup(t, alice, "g", "sub", "g")
	shout(t, alice, "g", "written")
	must(t, alice.Flush(within(t)))
	until(t, "the message", func() bool { return r.stdout.String() == "written\n" })
	r.interrupt()
	r.wait(0)
}
