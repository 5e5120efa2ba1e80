package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/cmd/internal/layout"
	"github.com/gozre/zre/zre"
)

// node is what zrecat needs of a *zre.Node.
type node interface {
	Join(group string) error
	Leave(group string) error
	Shout(ctx context.Context, group string, frames ...[]byte) error
	Whisper(ctx context.Context, peer uuid.UUID, frames ...[]byte) error
	Flush(ctx context.Context) error
	PeersByGroup(group string) []zre.Peer
	Next(ctx context.Context) (zre.Event, error)
	Ack()
	Recycle(...[]byte)
	Close() error
}

var _ node = (*zre.Node)(nil)

// cat is one run of the program.
type cat struct {
	node    node
	group   string
	options options
	stdin   io.Reader
	stdout  io.Writer
	layout  layout.Layout
	note    func(format string, args ...any) // a line for the user, on stderr

	// settle waits until everybody who is there is reached; nil: it is not waited for.
	settle func(ctx context.Context) error

	// interactive says that a user types the input: then it is never cut short.
	interactive bool

	members memberCount   // who is in the group
	joined  chan struct{} // wakes the wait for members; capacity 1: one wake-up is enough
	enough  chan error    // receive has what was asked for, or cannot go on; capacity 1: said once
	gone    chan struct{} // closed when nobody reads standard output any more
	full    atomic.Bool   // --count has been reached, and nothing more is acknowledged
	missed  missed        // who has not acknowledged everything

	lost       atomic.Bool // messages from a peer were lost on the way
	incomplete atomic.Bool // a transfer of a peer was
	unsettled  atomic.Bool // somebody was not reached before sending, which was said
	progress   progress
	satisfied  bool // what --count or --until-leave waits for has come
	flushed    bool // Flush has said who has not acknowledged what was sent
	lateNotes  int  // lines about members that joined late; of the goroutine that receives
}

// errStdoutClosed says that nobody reads standard output any more.
var errStdoutClosed = errors.New("standard output was closed")

// drainTime bounds how long a signal waits for a reader of standard output.
const drainTime = 5 * time.Second

// leaveTime bounds how long leaving the group may take.
const leaveTime = time.Second

// run copies both ways until there is a reason to leave, and then leaves the group and the
// network.
func (c *cat) run(ctx context.Context) error {
	c.joined, c.enough = make(chan struct{}, 1), make(chan error, 1)
	if err := c.node.Join(c.group); err != nil {
		return errors.Join(err, c.node.Close())
	}
	if c.interactive && !c.options.receiveOnly {
		c.note("joined %s; what you type goes to everyone in it, Ctrl-D leaves", c.group)
	}
	drained := make(chan struct{})
	go func() { defer close(drained); c.receive() }()
	sent := make(chan error, 1) // capacity 1: after a signal it is not waited for
	go func() { sent <- c.send(ctx) }()

	inputDone, err := c.attend(ctx, sent)

	c.leave(ctx)
	if closeErr := c.addUnsent(c.node.Close()); err == nil {
		err = closeErr
	}
	c.drain(ctx, drained)
	return c.verdict(ctx, inputDone, err)
}

// attend waits for the reason to leave. inputDone says whether all input has
// been sent and flushed.
func (c *cat) attend(ctx context.Context, sent <-chan error) (inputDone bool, err error) {
	gotEnough := false
	var late <-chan time.Time
	if c.options.receiveOnly {
		late = c.timeout()
	}
	expecting := c.expects() || c.options.timeout > 0
	for {
		select {
		case err := <-sent:
			switch {
			case ctx.Err() != nil:
				return false, nil
			case err != nil:
				return false, err
			}
			sent = nil
			if c.options.receiveOnly {
				continue
			}
			if err := c.finish(ctx); err != nil {
				return true, err
			}
			inputDone = true
			if c.options.shutdown || gotEnough || !expecting {
				return true, nil
			}
			late = c.timeout()
		case <-late:
			return inputDone, c.tooLate()
		case <-c.gone:
			return inputDone, errStdoutClosed
		case err := <-c.enough:
			if err != nil {
				return inputDone, err
			}
			gotEnough, c.satisfied = true, true
			if inputDone || c.options.receiveOnly || c.interactive {
				return inputDone, nil
			}
		case <-ctx.Done():
			return inputDone, nil
		}
	}
}

// expects reports whether something has to come before the program leaves by itself.
func (c *cat) expects() bool { return c.options.count > 0 || c.options.untilLeave }

// timeout returns when --timeout ends, counted from now.
func (c *cat) timeout() <-chan time.Time {
	if c.options.timeout == 0 {
		return nil
	}
	return time.After(time.Duration(c.options.timeout))
}

// tooLate is what the end of --timeout means: nil if all that came in that time was wanted,
// and something came.
func (c *cat) tooLate() error {
	after, came := c.options.timeout.String()+" s", c.members.received.Load()
	var err error
	switch {
	case c.options.count > 0:
		err = fmt.Errorf("only %d of %d messages came within %s", came, c.options.count, after)
	case c.options.untilLeave:
		err = fmt.Errorf("the end did not come within %s; %d messages did", after, came)
	case came == 0:
		err = fmt.Errorf("no message came within %s", after)
	default:
		return nil
	}
	return &cli.ExitError{Status: cli.ExitTimeout, Err: err}
}

// leave leaves the group before the node is closed. The round trip that this takes lets
// the node answer PINGs that are in flight to it. Without the answer, the sender of the
// last message would have to treat it as lost.
func (c *cat) leave(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTime)
	defer cancel()
	// Close reports the same errors.
	if c.node.Leave(c.group) == nil {
		_ = c.node.Flush(ctx)
	}
}

// flush waits until every member has acknowledged everything, and keeps who has not.
func (c *cat) flush(ctx context.Context) error {
	err := c.node.Flush(ctx)
	if ctx.Err() != nil { // Close flushes once more, for a bounded time
		return nil
	}
	return c.missed.add(err)
}

// drain waits until everything that came has been written. After a signal it
// does not wait for ever for a reader that has stopped.
func (c *cat) drain(ctx context.Context, drained <-chan struct{}) {
	var late <-chan time.Time
	if ctx.Err() != nil {
		timer := time.NewTimer(drainTime)
		defer timer.Stop()
		late = timer.C
	}
	select {
	case <-drained:
	case <-late:
		c.note("standard output was not read; what came last is not written")
	}
}

// verdict turns what happened into the error that decides the exit status.
func (c *cat) verdict(ctx context.Context, inputDone bool, err error) error {
	cutShort := !inputDone && !c.options.receiveOnly && !c.interactive
	if errors.Is(err, errStdoutClosed) && cutShort {
		err = fmt.Errorf("%w before the end of the input", errStdoutClosed)
	}
	if sig, ok := errors.AsType[*cli.SignalError](context.Cause(ctx)); ok && err == nil {
		switch {
		case cutShort:
			return &cli.ExitError{Status: sig.Status(), Err: fmt.Errorf("%v before the end of the input", sig.Signal)}
		case c.expects() && !c.satisfied && !c.interactive:
			return &cli.ExitError{Status: sig.Status(), Err: fmt.Errorf("%v before all had come", sig.Signal)}
		}
	}
	switch {
	case err != nil:
		return err
	case !c.missed.empty():
		return errors.New(c.missed.String())
	case c.members.unheard.Load() > 0 && !c.options.noWait && !c.interactive:
		return fmt.Errorf("%d messages reached nobody: every member had left (with --no-wait that is not an error)", c.members.unheard.Load())
	case c.unsettled.Load():
		return &cli.ExitError{Status: cli.ExitFailure} // said when it happened
	case c.incomplete.Load():
		return errors.New("not all that was sent came (with --partial-ok that is not an error)")
	case c.lost.Load():
		return errors.New("messages were lost on the way here")
	case c.options.shutdown && c.options.count > 0 && c.members.received.Load() < int64(c.options.count):
		return fmt.Errorf("only %d of %d messages came", c.members.received.Load(), c.options.count)
	}
	return nil
}
