package main

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"github.com/google/uuid"

	"github.com/gozre/zre/cmd/internal/visible"
	"github.com/gozre/zre/zre"
)

// receive takes events until the node is closed and everything is read. It writes messages
// until it has what was asked for. After that it only takes them, so that senders do not
// wait for this node.
func (c *cat) receive() {
	writing := !c.options.sendOnly
	var source uuid.UUID // with --until-leave: who sent first
	for {
		ev, err := c.node.Next(context.Background())
		if err != nil {
			return
		}
		c.tell(ev)
		if !writing {
			continue
		}
		switch ev.Type {
		case zre.EventShout, zre.EventWhisper:
			if ev.Type == zre.EventShout && ev.Group != c.group {
				continue
			}
			if err := c.write(ev.Content); err != nil {
				writing = false
				c.enough <- err
				continue
			}
			c.node.Recycle(ev.Content...)
			if source == uuid.Nil {
				source = ev.Peer
			}
			if n := c.members.received.Add(1); n == int64(c.options.count) {
				writing = false
				c.enough <- nil
			}
		case zre.EventExit, zre.EventLeave:
			if c.options.untilLeave && ev.Peer == source && (ev.Type == zre.EventExit || ev.Group == c.group) {
				writing = false
				c.enough <- goneError(ev)
			}
		}
	}
}

// goneError is nil for a sender that said goodbye: it had sent everything.
func goneError(ev zre.Event) error {
	if ev.Type == zre.EventLeave || ev.Reason == zre.ReasonGoodbye {
		return nil
	}
	return fmt.Errorf("the sender, %s (%s), is gone: %s", visible.String(ev.Name), ev.Peer, ev.Reason)
}

// tell keeps the members of the group, and prints what a user has to know.
func (c *cat) tell(ev zre.Event) {
	came, left := c.members.follow(ev, c.group)
	if came {
		select {
		case c.joined <- struct{}{}:
		default:
		}
	}
	switch {
	case ev.Type == zre.EventExit && ev.Reason == zre.ReasonGap:
		c.lost.Store(true)
		c.note("messages from %s (%s) were lost on the way", ev.Name, ev.Peer)
	case left && ev.Type == zre.EventExit && ev.Reason != zre.ReasonGoodbye:
		c.note("%s (%s) is gone: %s", ev.Name, ev.Peer, ev.Reason)
	case !c.interactive:
	case came:
		c.note("%s is in %s", ev.Name, c.group)
	case left:
		c.note("%s has left %s", ev.Name, c.group)
	}
}

// write writes a message, frame after frame, and all of it.
func (c *cat) write(frames [][]byte) error {
	for _, frame := range frames {
		if len(frame) == 0 {
			continue
		}
		if _, err := c.stdout.Write(frame); err != nil {
			if errors.Is(err, syscall.EPIPE) {
				return errStdoutClosed
			}
			return fmt.Errorf("standard output: %w", err)
		}
	}
	return nil
}
