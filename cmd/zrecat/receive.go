package main

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/cmd/internal/visible"
	"github.com/gozre/zre/zre"
)

// receiver is what the goroutine that receives keeps.
type receiver struct {
	*cat
	writing   bool
	source    uuid.UUID // with --until-leave: who sent first
	transfers transfers
	buffer    []byte
}

// receive takes events until the node is closed and everything is read. It writes messages
// until it has what was asked for, and acknowledges what it has written. After that it only
// follows who is there, and acknowledges no message any more: a sender must not believe that
// this end has what it did not write.
func (c *cat) receive() {
	r := receiver{cat: c, writing: !c.options.sendOnly, transfers: transfers{}}
	for {
		ev, err := c.node.Next(context.Background())
		if err != nil {
			return
		}
		r.handle(ev)
		if r.writing || c.options.sendOnly {
			c.node.Ack()
		}
	}
}

func (r *receiver) handle(ev zre.Event) {
	r.tell(ev)
	switch ev.Type {
	case zre.EventEnter:
		r.transfers.enter(ev)
	case zre.EventWhisper:
		if mark, is, ok := isEndMark(ev.Content); is {
			r.ended(ev, mark, ok)
			return
		}
		r.message(ev)
	case zre.EventShout:
		if ev.Group == r.group {
			r.message(ev)
		}
	case zre.EventLeave:
		if ev.Group == r.group {
			r.left(ev)
		}
	case zre.EventExit:
		r.left(ev)
	}
}

// message writes a message.
func (r *receiver) message(ev zre.Event) {
	if !r.writing {
		return
	}
	if err := r.write(ev); err != nil {
		r.stop(err)
		return
	}
	if ev.Type == zre.EventShout {
		r.transfers.of(ev.Peer).got.add(ev.Content...)
	}
	r.node.Recycle(ev.Content...)
	r.first(ev.Peer)
	if n := r.members.received.Add(1); n == int64(r.options.count) {
		// The last one is written, so it is acknowledged.
		r.node.Ack()
		r.full.Store(true)
		r.stop(nil)
	}
}

// first remembers who sent something first.
func (r *receiver) first(peer uuid.UUID) {
	if r.source == uuid.Nil {
		r.source = peer
	}
}

// stop ends the writing.
func (r *receiver) stop(err error) {
	r.writing = false
	r.enough <- err
}

// ended handles the end mark of a peer.
func (r *receiver) ended(ev zre.Event, mark tally, ok bool) {
	t := r.transfers.of(ev.Peer)
	if !ok || t.ended {
		return
	}
	t.ended, t.mark = true, mark
	if r.writing {
		r.first(ev.Peer) // the input may have been empty
	}
}

// left checks what came from a peer that sends no more.
func (r *receiver) left(ev zre.Event) {
	t := r.transfers.end(ev)
	if !r.writing {
		return
	}
	fault := t.fault()
	isSource := r.options.untilLeave && ev.Peer == r.source
	switch strict := r.options.untilLeave && !r.options.partialOK; {
	case fault == "":
	case strict && isSource:
		r.stop(fmt.Errorf("the transfer of %s (%s) is %s", visible.String(ev.Name), ev.Peer, fault))
		return
	default:
		r.note("the transfer of %s (%s) is %s", ev.Name, ev.Peer, fault)
		if strict {
			r.incomplete.Store(true)
		}
	}
	if isSource {
		if t.complete() || r.options.partialOK {
			r.stop(nil)
		} else {
			r.stop(goneError(ev))
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

// maxLateNotes bounds the lines about members that join while the input is sent.
const maxLateNotes = 20

// tell keeps the members of the group, and prints what a user has to know.
func (c *cat) tell(ev zre.Event) {
	came, left := c.members.follow(ev, c.group)
	if came {
		select {
		case c.joined <- struct{}{}:
		default:
		}
	}
	if messages := c.progress.messages.Load(); messages > 0 && c.sendsEnd() && !c.options.noWait && !c.progress.done.Load() {
		switch {
		case left:
			c.missed.left(ev.Peer, ev.Name, messages)
		case came:
			c.tellLate(ev)
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

// tellLate says that a member joined while the input is sent.
func (c *cat) tellLate(ev zre.Event) {
	if c.lateNotes++; c.lateNotes <= maxLateNotes {
		c.note("%s (%s) joined after %d octets, and gets what follows", ev.Name, ev.Peer, c.progress.octets.Load())
	} else if c.lateNotes == maxLateNotes+1 {
		c.note("further members that join now are not named")
	}
}

// write writes a message, all of it.
func (r *receiver) write(ev zre.Event) error {
	if !r.layout.Bare() {
		r.buffer = r.layout.Append(r.buffer[:0], ev, time.Now())
		err := r.writeOctets(r.buffer)
		if cap(r.buffer) > 1<<20 {
			r.buffer = nil
		}
		return err
	}
	for _, frame := range ev.Content {
		if len(frame) == 0 {
			continue
		}
		if err := r.writeOctets(frame); err != nil {
			return err
		}
	}
	return nil
}

func (r *receiver) writeOctets(p []byte) error {
	_, err := r.stdout.Write(p)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.EPIPE):
		return errStdoutClosed
	}
	return fmt.Errorf("standard output: %w", err)
}
