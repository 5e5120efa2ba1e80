package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/gozre/zre/cmd/internal/cli"
)

// memberPoll is how often the members are counted while the program waits for them. A JOIN
// wakes the wait immediately. If nobody reads standard output, events are not taken, and
// no JOIN is seen.
const memberPoll = 250 * time.Millisecond

// send shouts the input, to its end.
func (c *cat) send(ctx context.Context) error {
	if c.options.receiveOnly {
		if c.options.waitTimeout > 0 {
			return c.await(ctx)
		}
		return nil
	}
	next := c.chunks()
	for first := true; ; first = false {
		chunk, err := next()
		if first && !c.options.noWait && (len(chunk) > 0 || c.options.mustWait) {
			if err := c.meet(ctx); err != nil {
				return err
			}
		}
		if len(chunk) > 0 {
			if err := c.shout(ctx, chunk); err != nil {
				return err
			}
		}
		switch {
		case err == io.EOF:
			if first && len(chunk) == 0 && !c.interactive {
				c.note("there was nothing on standard input; to receive only, use --receive-only")
			}
			return nil
		case err != nil:
			return fmt.Errorf("standard input: %w", err)
		}
	}
}

// chunks returns a function that gives the messages one by one. A chunk is
// valid until the next call.
func (c *cat) chunks() func() ([]byte, error) {
	if !c.options.byLine {
		buf := make([]byte, c.options.bufsize)
		return func() ([]byte, error) {
			n, err := c.stdin.Read(buf)
			return buf[:n], err
		}
	}
	lines := bufio.NewReaderSize(c.stdin, int(c.options.bufsize))
	return func() ([]byte, error) {
		line, err := lines.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			err = nil // a piece of a line that is longer than the buffer
		}
		return line, err
	}
}

// shout sends one message. A member that goes away is reported at the end, because the
// others are to get the rest.
func (c *cat) shout(ctx context.Context, chunk []byte) error {
	if c.members.here.Load() == 0 && !c.options.noWait && len(c.node.PeersByGroup(c.group)) == 0 {
		if c.members.unheard.Add(1) == 1 && !c.interactive {
			c.note("every member has left; what is sent now is not received by anybody")
		} else if c.interactive {
			c.note("nobody is in %s", c.group)
		}
	}
	c.progress.add(chunk)
	within := ctx
	if c.full.Load() {
		// A member may wait for this end, as this end waits for it.
		bounded, cancel := context.WithTimeoutCause(ctx, fullTime, errHeld)
		defer cancel()
		within = bounded
	}
	err := c.node.Shout(within, c.group, chunk)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if errors.Is(err, errHeld) {
		c.missed.add(err)
		return errors.New(c.missed.String())
	}
	return c.missed.add(err)
}

// fullTime bounds the wait for a member that takes nothing, while this end takes nothing
// either because --count has been reached.
const fullTime = 10 * time.Second

var errHeld = errors.New("takes no messages")

// meet waits for members, and then until everybody who is there is reached.
func (c *cat) meet(ctx context.Context) error {
	if err := c.await(ctx); err != nil || c.settle == nil || c.interactive {
		return err
	}
	if err := c.settle(ctx); err != nil {
		c.unsettled.Store(true)
		c.note("%v", err)
	}
	return nil
}

// await waits for members to send to, and says so.
func (c *cat) await(ctx context.Context) error {
	need := max(1, int(c.options.wait))
	if len(c.node.PeersByGroup(c.group)) >= need {
		return nil
	}
	if need == 1 {
		c.note("waiting for the first member of %s", c.group)
	} else {
		c.note("waiting for %d members of %s", need, c.group)
	}
	var late <-chan time.Time
	if c.options.waitTimeout > 0 {
		timer := time.NewTimer(time.Duration(c.options.waitTimeout))
		defer timer.Stop()
		late = timer.C
	}
	poll := time.NewTicker(memberPoll)
	defer poll.Stop()
	for {
		select {
		case <-c.joined:
		case <-poll.C:
		case <-late:
			return &cli.ExitError{Status: cli.ExitNoPeer, Err: c.tooFew(need)}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if members := c.node.PeersByGroup(c.group); len(members) >= need {
			switch {
			case c.interactive: // has seen them come
			case need == 1:
				c.note("%s is here", members[0].Name)
			default:
				c.note("%d members are here", len(members))
			}
			return nil
		}
	}
}

func (c *cat) tooFew(need int) error {
	after := c.options.waitTimeout.String() + " s"
	if n := len(c.node.PeersByGroup(c.group)); n > 0 {
		return fmt.Errorf("after %s only %d of %d members are in %s", after, n, need, c.group)
	}
	return fmt.Errorf("nobody came to %s within %s", c.group, after)
}
