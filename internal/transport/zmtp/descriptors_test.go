//go:build linux

package zmtp

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gozre/zre/internal/transport"
)

// descriptorsRole is the variable that makes this binary a process with few descriptors.
const descriptorsRole = "ZMTP_DESCRIPTORS"

// fewDescriptors is a process whose connections take all its descriptors. It echoes what it
// receives, and says what it has logged when its standard input ends.
func fewDescriptors(in io.Reader, out io.Writer) error {
	var limit unix.Rlimit
	limit.Cur, limit.Max = 40, 40
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	log := &logBuffer{}
	e, err := New(transport.Config{
		Logger: slog.New(slog.NewTextHandler(log, nil)),
		Accept: func(*transport.Conn) transport.Handler { return echo{} },
	})
	if err != nil {
		return err
	}
	addr, err := e.Listen(loopback(0))
	if err != nil {
		return err
	}
	answer := json.NewEncoder(out)
	if err := answer.Encode(addr); err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, in)
	return errors.Join(e.Close(0), answer.Encode(log.String()))
}

// echo sends back what it receives.
type echo struct{}

func (echo) Up(*transport.Conn)           {}
func (echo) Retry(*transport.Conn, error) {}
func (echo) Down(*transport.Conn, error)  {}

func (echo) Receive(c *transport.Conn, messages []transport.Message) {
	for _, m := range messages {
		_ = c.Send(m.First, m.Rest...)
	}
}

// When descriptors run out, that is said once, the connections that exist go on, and when
// there are descriptors again newcomers are accepted.
func TestDescriptorsRunOut(t *testing.T) {
	eachSocket(t, func(t *testing.T, socket func(*transport.Config), _ error) { testDescriptorsRunOut(t, socket) })
}

func testDescriptorsRunOut(t *testing.T, socket func(*transport.Config)) {
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), descriptorsRole+"=1")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	answers := json.NewDecoder(bufio.NewReader(out))
	e := newEnd(t, socket)
	if err := answers.Decode(&e.addr); err != nil {
		t.Fatal(err)
	}
	known := e.dial(e.addr)
	got(t, "up", known.up)
	exchangeOne := func(o *owner) {
		t.Helper()
		if err := o.conn.Send([]byte("question")); err != nil {
			t.Fatal(err)
		}
		got(t, "an answer", o.inbox)
	}
	var crowd []*owner
	for range 60 {
		crowd = append(crowd, e.dial(e.addr))
	}
	// As many as there are descriptors for come up; the others wait.
	eventually(t, "most are up", func() bool { return countUp(crowd) >= 20 })
	exchangeOne(known)
	time.Sleep(100 * time.Millisecond) // The listener tries some more times.
	exchangeOne(known)
	up := countUp(crowd)
	if up == len(crowd) {
		t.Fatalf("all %d are up: descriptors did not run out", up)
	}
	for _, o := range crowd {
		o.conn.Close(0)
		got(t, "down", o.down)
	}
	late := e.dial(e.addr)
	got(t, "a newcomer is up", late.up)
	exchangeOne(late)
	exchangeOne(known)
	_ = in.Close()
	var log string
	if err := answers.Decode(&log); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	// An episode is told when it begins, whatever the listener tried meanwhile. It may not be
	// over yet.
	begun, ended := strings.Count(log, "cannot accept connections"), strings.Count(log, "accepting connections again")
	if begun != 1 || ended > 1 {
		t.Errorf("told %d times that it began, and %d times that it ended:\n%s", begun, ended, log)
	}
}

// A connection that is dialed shows that there are descriptors again, whichever socket it has.
func TestShortageEnds(t *testing.T) {
	eachSocket(t, func(t *testing.T, socket func(*transport.Config), _ error) {
		a, b := newEnd(t, socket), newEnd(t, socket)
		a.Transport.(*engine).files.dialed(b.addr, fmt.Errorf("a socket: %w", unix.EMFILE))
		connected(t, a, b)
		eventually(t, "the end is told", func() bool {
			return strings.Contains(a.log.String(), "there are file descriptors again")
		})
	})
}

// countUp counts connections that are up.
func countUp(all []*owner) (n int) {
	for _, o := range all {
		if len(o.up) > 0 {
			n++
		}
	}
	return n
}
