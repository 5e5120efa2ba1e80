package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/zre"
)

// run is one run of zrecat on a fake node.
type run struct {
	node   *fakeNode
	cat    *cat
	stdout bytes.Buffer
	mu     sync.Mutex
	notes  []string
	said   chan string // each note; capacity: more than any test makes
}

func newRun(o *options, stdin io.Reader) *run {
	r := &run{node: newFakeNode(), said: make(chan string, 1000)}
	r.cat = &cat{node: r.node, group: "g", options: *o, stdin: stdin, stdout: &r.stdout}
	r.cat.note = func(format string, args ...any) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.notes = append(r.notes, fmt.Sprintf(format, args...))
		r.said <- r.notes[len(r.notes)-1]
	}
	return r
}

func with(change func(*options)) *options {
	o := newOptions()
	if change != nil {
		change(o)
	}
	return o
}

// endless is an input on which nothing comes, and which does not end either.
func endless(t *testing.T) io.Reader {
	r, w := io.Pipe()
	t.Cleanup(func() { _ = w.Close() })
	return r
}

func TestSend(t *testing.T) {
	tests := map[string]struct {
		options *options
		input   io.Reader
		want    []string
	}{
		"each read is a message":            {with(nil), &reads{"a", "bc\nd", "\x00\xff"}, []string{"a", "bc\nd", "\x00\xff"}},
		"at most bufsize":                   {with(func(o *options) { o.bufsize = 4 }), strings.NewReader("123456789"), []string{"1234", "5678", "9"}},
		"by line, the end of line included": {with(func(o *options) { o.byLine = true }), &reads{"one\ntwo", " more\n\nlast"}, []string{"one\n", "two more\n", "\n", "last"}},
		"a long line in pieces":             {with(func(o *options) { o.byLine, o.bufsize = true, 16 }), strings.NewReader(strings.Repeat("x", 20) + "\ny\n"), []string{strings.Repeat("x", 16), "xxxx\n", "y\n"}},
		"nothing":                           {with(nil), strings.NewReader(""), nil},
		"only to send":                      {with(func(o *options) { o.sendOnly = true }), strings.NewReader("x"), []string{"x"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := newRun(test.options, test.input)
			r.node.join(alice, "g")
			if err := r.cat.run(t.Context()); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(r.node.shouted, test.want) {
				t.Errorf("shouted %q, want %q", r.node.shouted, test.want)
			}
			if r.node.flushed != len(test.want) {
				t.Errorf("flushed after %d messages, want %d", r.node.flushed, len(test.want))
			}
			if len(r.node.groups) > 0 {
				t.Errorf("is still in %q", r.node.groups)
			}
		})
	}
}

// reads gives one string a read.
type reads []string

func (r *reads) Read(p []byte) (int, error) {
	if len(*r) == 0 {
		return 0, io.EOF
	}
	n := copy(p, (*r)[0])
	if (*r)[0] = (*r)[0][n:]; (*r)[0] == "" {
		*r = (*r)[1:]
	}
	return n, nil
}

func TestWaitsForMembers(t *testing.T) {
	r := newRun(with(func(o *options) { o.wait = 2 }), strings.NewReader("x"))
	ended := make(chan error)
	go func() { ended <- r.cat.run(t.Context()) }()
	if note := <-r.said; note != "waiting for 2 members of g" {
		t.Errorf("said %q", note)
	}
	r.node.join(alice, "g")
	r.node.mu.Lock()
	early := len(r.node.shouted)
	r.node.mu.Unlock()
	r.node.join(bob, "g")
	if err := <-ended; err != nil || early != 0 || len(r.node.shouted) != 1 {
		t.Errorf("%v; %d messages before the second member, %d in all", err, early, len(r.node.shouted))
	}
}

func TestNobodyComes(t *testing.T) {
	soon := cli.Seconds(time.Millisecond)
	for name, o := range map[string]*options{
		"to send":    with(func(o *options) { o.waitTimeout = soon }),
		"to receive": with(func(o *options) { o.waitTimeout, o.receiveOnly = soon, true }),
		"too few":    with(func(o *options) { o.waitTimeout, o.wait = soon, 2 }),
	} {
		r := newRun(o, strings.NewReader("x"))
		if o.wait == 2 {
			r.node.join(alice, "g")
		}
		if err := r.cat.run(t.Context()); cli.Status(err) != cli.ExitNoPeer || len(r.node.shouted) != 0 {
			t.Errorf("%s: status %d, %v", name, cli.Status(err), err)
		}
	}
}

func TestNeedNotWait(t *testing.T) {
	r := newRun(with(func(o *options) { o.noWait = true }), strings.NewReader("x"))
	if err := r.cat.run(t.Context()); err != nil || len(r.node.shouted) != 1 {
		t.Errorf("--no-wait: %v, shouted %q", err, r.node.shouted)
	}
	// An empty input needs no member.
	r = newRun(with(nil), strings.NewReader(""))
	if err := r.cat.run(t.Context()); err != nil || !strings.Contains(<-r.said, "--receive-only") {
		t.Errorf("empty input: %v", err)
	}
}

func missedBy(p zre.Peer, err error) *zre.DeliveryError {
	return &zre.DeliveryError{Missed: []zre.Missed{{Peer: p.ID, Name: p.Name, Err: err}}}
}

func TestWhoMissedIt(t *testing.T) {
	r := newRun(with(nil), &reads{"1", "2", "3"})
	r.node.join(alice, "g")
	r.node.join(bob, "g")
	r.node.shoutErr = map[int]error{0: missedBy(bob, zre.ErrPeerGone)}
	r.node.flushErr = missedBy(bob, zre.ErrPeerGone)
	r.node.flushErr.Missed = append(r.node.flushErr.Missed, missedBy(alice, zre.ErrPeerGone).Missed...)
	r.node.closeErr = missedBy(carol, errors.New("left before it acknowledged the end mark"))
	err := r.cat.run(t.Context())
	if cli.Status(err) != cli.ExitFailure || err == nil {
		t.Fatalf("status %d, %v", cli.Status(err), err)
	}
	for who, times := range map[uuid.UUID]int{alice.ID: 1, bob.ID: 1, carol.ID: 0} {
		if n := strings.Count(err.Error(), who.String()); n != times {
			t.Errorf("%q names %s %d times, want %d", err, who, n, times)
		}
	}
	if !strings.HasPrefix(err.Error(), "not known to have received everything: ") {
		t.Errorf("says %q", err)
	}
	if len(r.node.shouted) != 3 {
		t.Errorf("the others got %q", r.node.shouted)
	}
}

// What Close says counts where a signal came before Flush.
func TestCloseNamesWhoMissedIt(t *testing.T) {
	r := newRun(with(func(o *options) { o.noWait = true }), io.MultiReader(strings.NewReader("x"), brokenReader{}))
	r.node.closeErr = missedBy(bob, zre.ErrPeerGone)
	if err := r.cat.run(t.Context()); err == nil || r.cat.missed.empty() {
		t.Errorf("%v; missed: %s", err, r.cat.missed.String())
	}
}

func TestEveryoneLeft(t *testing.T) {
	for noWait, want := range map[bool]int{false: cli.ExitFailure, true: cli.ExitOK} {
		in, out := io.Pipe()
		r := newRun(with(func(o *options) { o.noWait = noWait }), in)
		r.node.join(alice, "g")
		r.node.onShout = func(n int) {
			if n == 0 {
				r.node.exit(alice, zre.ReasonGoodbye)
			}
		}
		followed := make(chan struct{})
		taken := 0
		r.node.onTake = func() {
			if taken++; taken == 4 { // ENTER, JOIN and EXIT have been handled
				close(followed)
			}
		}
		go func() {
			fmt.Fprint(out, "1")
			<-followed
			fmt.Fprint(out, "2")
			out.Close()
		}()
		if err := r.cat.run(t.Context()); cli.Status(err) != want || len(r.node.shouted) != 2 {
			t.Errorf("--no-wait=%v: status %d, %v; want %d", noWait, cli.Status(err), err, want)
		}
	}
}

func TestReceive(t *testing.T) {
	r := newRun(with(func(o *options) { o.receiveOnly, o.count = true, 4 }), nil)
	r.node.join(alice, "g")
	r.node.say(alice, "g", "a\x00", "", "\xffb")
	r.node.say(alice, "other", "no")
	r.node.say(alice, "", "whispered\r\n")
	r.node.say(alice, "g")
	r.node.say(alice, "g", "last")
	r.node.say(alice, "g", "too much")
	if err := r.cat.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, want := r.stdout.String(), "a\x00\xffbwhispered\r\nlast"; got != want {
		t.Errorf("stdout %q, want %q", got, want)
	}
}

// What has come before the end is written: it was acknowledged.
func TestWritesWhatCame(t *testing.T) {
	r := newRun(with(nil), &reads{"x"})
	r.node.join(alice, "g")
	r.node.onShout = func(int) {
		for i := range 1000 {
			r.node.say(alice, "g", fmt.Sprintln(i))
		}
	}
	if err := r.cat.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(r.stdout.String(), "\n"); n != 1000 {
		t.Errorf("%d of 1000 messages were written", n)
	}
}

func TestUntilLeave(t *testing.T) {
	for reason, want := range map[zre.Reason]int{zre.ReasonGoodbye: cli.ExitOK, zre.ReasonExpired: cli.ExitFailure, zre.ReasonRestarted: cli.ExitFailure} {
		r := newRun(with(func(o *options) { o.receiveOnly, o.untilLeave = true, true }), nil)
		r.node.join(bob, "g")
		r.node.join(alice, "g")
		r.node.exit(bob, zre.ReasonGoodbye) // has said nothing
		r.node.say(alice, "g", "x")
		r.node.exit(alice, reason)
		if err := r.cat.run(t.Context()); cli.Status(err) != want || r.stdout.String() != "x" {
			t.Errorf("%s: status %d, %v, stdout %q; want status %d", reason, cli.Status(err), err, r.stdout.String(), want)
		}
	}
}

func TestLostMessagesAreAFailure(t *testing.T) {
	r := newRun(with(func(o *options) { o.receiveOnly, o.count = true, 2 }), nil)
	r.node.join(alice, "g")
	r.node.say(alice, "g", "1")
	r.node.exit(alice, zre.ReasonGap)
	r.node.join(alice, "g")
	r.node.say(alice, "g", "3")
	if err := r.cat.run(t.Context()); cli.Status(err) != cli.ExitFailure || r.stdout.String() != "13" {
		t.Errorf("status %d, %v, stdout %q", cli.Status(err), err, r.stdout.String())
	}
}

// failing fails as a closed pipe or a full disk does.
type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func TestStdoutFails(t *testing.T) {
	tests := map[string]struct {
		err     error
		options *options
		status  int
	}{
		"closed, receiving":         {syscall.EPIPE, with(func(o *options) { o.receiveOnly = true }), cli.ExitFailure},
		"closed, input not at end":  {syscall.EPIPE, with(nil), cli.ExitFailure},
		"full disk":                 {syscall.ENOSPC, with(func(o *options) { o.receiveOnly = true }), cli.ExitFailure},
		"not written to: send only": {syscall.EPIPE, with(func(o *options) { o.sendOnly = true }), cli.ExitOK},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			input := endless(t)
			if test.options.sendOnly {
				input = strings.NewReader("x")
			}
			r := newRun(test.options, input)
			r.cat.stdout = failing{test.err}
			r.node.join(alice, "g")
			r.node.say(alice, "g", "x")
			r.node.say(alice, "g", "y")
			if err := r.cat.run(t.Context()); cli.Status(err) != test.status {
				t.Errorf("status %d, %v; want %d", cli.Status(err), err, test.status)
			}
		})
	}
}

func TestReadFails(t *testing.T) {
	r := newRun(with(nil), io.MultiReader(strings.NewReader("x"), brokenReader{}))
	r.node.join(alice, "g")
	if err := r.cat.run(t.Context()); cli.Status(err) != cli.ExitFailure || !strings.Contains(err.Error(), "standard input: broken") {
		t.Errorf("status %d, %v", cli.Status(err), err)
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("broken") }

func TestSignals(t *testing.T) {
	tests := map[string]struct {
		options     *options
		interactive bool
		status      int
	}{
		"in the middle of the input": {with(nil), false, 130},
		"waiting for members":        {with(func(o *options) { o.wait = 9 }), false, 130},
		"someone typed":              {with(nil), true, cli.ExitOK},
		"receiving":                  {with(func(o *options) { o.receiveOnly = true }), false, cli.ExitOK},
		"receiving, too few":         {with(func(o *options) { o.receiveOnly, o.count = true, 2 }), false, 130},
		"receiving a file":           {with(func(o *options) { o.receiveOnly, o.untilLeave = true, true }), false, 130},
		"too few, typed":             {with(func(o *options) { o.count = 2 }), true, cli.ExitOK},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := newRun(test.options, io.MultiReader(strings.NewReader("x"), endless(t)))
			r.cat.interactive = test.interactive
			r.node.join(alice, "g")
			ctx, cancel := context.WithCancelCause(t.Context())
			r.node.say(alice, "g", "came before")
			taken := 0
			r.node.onTake = func() {
				if taken++; taken == 4 { // ENTER, JOIN and SHOUT have been handled
					cancel(&cli.SignalError{Signal: syscall.SIGINT})
				}
			}
			if err := r.cat.run(ctx); cli.Status(err) != test.status {
				t.Errorf("status %d, %v; want %d", cli.Status(err), err, test.status)
			}
			if r.stdout.String() != "came before" {
				t.Errorf("stdout %q", r.stdout.String())
			}
		})
	}
}

// gate is a reader of standard output that has stopped.
type gate struct {
	started, open chan struct{}
	bytes.Buffer
}

func (g *gate) Write(p []byte) (int, error) {
	g.started <- struct{}{}
	<-g.open
	return g.Buffer.Write(p)
}

// Nothing is taken from the node while standard output is not read: that is
// what makes the senders wait.
func TestSlowStdoutHoldsBack(t *testing.T) {
	r := newRun(with(func(o *options) { o.receiveOnly, o.count = true, 3 }), nil)
	out := &gate{started: make(chan struct{}), open: make(chan struct{})}
	r.cat.stdout = out
	for _, m := range []string{"1", "2", "3"} {
		r.node.say(alice, "g", m)
	}
	ended := make(chan error)
	go func() { ended <- r.cat.run(t.Context()) }()
	for left := 2; left >= 0; left-- {
		<-out.started
		if n := len(r.node.events); n != left {
			t.Errorf("%d events are left while a write waits, want %d", n, left)
		}
		out.open <- struct{}{}
	}
	if err := <-ended; err != nil || out.String() != "123" {
		t.Errorf("%v, %q", err, out.String())
	}
}

func TestCountAndInput(t *testing.T) {
	// The input is sent to its end, though enough has come.
	r := newRun(with(func(o *options) { o.count = 1 }), &reads{"1", "2", "3"})
	r.node.join(alice, "g")
	r.node.say(alice, "g", "x")
	if err := r.cat.run(t.Context()); err != nil || len(r.node.shouted) != 3 {
		t.Errorf("%v, shouted %q", err, r.node.shouted)
	}
	// The answer is waited for, though the input is at its end.
	r = newRun(with(func(o *options) { o.count = 1 }), &reads{"question"})
	r.node.join(alice, "g")
	r.node.onShout = func(int) { go r.node.say(alice, "g", "answer") }
	if err := r.cat.run(t.Context()); err != nil || r.stdout.String() != "answer" {
		t.Errorf("%v, stdout %q", err, r.stdout.String())
	}
	// With --shutdown it is not, and that is said.
	r = newRun(with(func(o *options) { o.count, o.shutdown = 1, true }), &reads{"question"})
	r.node.join(alice, "g")
	if err := r.cat.run(t.Context()); cli.Status(err) != cli.ExitFailure || !strings.Contains(err.Error(), "0 of 1") {
		t.Errorf("status %d, %v", cli.Status(err), err)
	}
}
