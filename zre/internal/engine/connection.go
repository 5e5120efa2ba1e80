package engine

import (
	"errors"
	"time"

	"github.com/gozre/zre/internal/transport"
	"github.com/gozre/zre/zre/internal/core"
	"github.com/gozre/zre/zre/internal/inbox"
	"github.com/gozre/zre/zre/internal/link"
)

// LinkUp implements link.Events.
func (e *Engine) LinkUp(l *link.Link) {
	e.do(func(c *core.Core, now time.Duration) {
		c.LinkLeadsTo(now, l, l.Acceptor())
		c.LinkUp(now, l)
	})
}

// LinkRetry implements link.Events.
func (e *Engine) LinkRetry(l *link.Link, err error) {
	id, _ := l.Peer()
	e.cfg.Logger.Debug("peer cannot be reached, it is tried again", "peer", id, "error", err)
	e.do(func(c *core.Core, now time.Duration) {
		e.failures.note(c, l, err)
		c.LinkRetry(now, l, errors.Is(err, transport.ErrRefused))
	})
}

// LinkDown implements link.Events.
func (e *Engine) LinkDown(l *link.Link, err error) {
	id, name := l.Peer()
	e.cfg.Logger.Debug("connection to peer has ended", "peer", id, "name", name, "error", err)
	e.do(func(c *core.Core, now time.Duration) {
		e.failures.note(c, l, err)
		c.LinkDown(now, l)
	})
}

// protocol is the engine as its inbox sees it.
type protocol Engine

// Accept implements inbox.Protocol.
func (p *protocol) Accept(c *inbox.Conn) bool {
	e := (*Engine)(p)
	t := c.Transport
	e.do(func(core *core.Core, now time.Duration) {
		c.Core = core.Accept(now, t.Identity, t.Key, t.Remote.Addr(), c)
	})
	return c.Core != nil
}

// Down implements inbox.Protocol.
func (p *protocol) Down(c *inbox.Conn, err error) {
	e := (*Engine)(p)
	e.cfg.Logger.Debug("connection of peer has ended", "remote", c.Transport.From(), "error", err)
	e.do(func(core *core.Core, now time.Duration) { core.ConnDown(now, c.Core) })
}

// Receive implements inbox.Protocol.
func (p *protocol) Receive(c *inbox.Conn, steps []inbox.Step) []inbox.Step {
	e := (*Engine)(p)
	e.mu.Lock()
	defer e.unlock()
	if e.ended {
		return nil
	}
	now := e.now()
	for len(steps) > 0 && !c.Core.Waits() {
		s := &steps[0]
		if s.Chunk != nil {
			if l := e.core.ReceiveRun(now, c.Core, s.Run); l != nil {
				e.deliver(l.(*link.Link), s.Chunk)
			} else {
				e.cfg.Queue.Drop(s.Chunk)
			}
		} else {
			e.core.Receive(now, c.Core, s.First, s.Rest)
		}
		steps = steps[1:]
	}
	return steps
}

// deliver puts messages into the batch. Called under mu.
func (e *Engine) deliver(l *link.Link, c *inbox.Chunk) {
	if e.cfg.DiscardEvents {
		e.cfg.Queue.Drop(c)
		return
	}
	l.Delivered(len(c.Items))
	if e.closing.Load() && e.cfg.Queue.Full() {
		// The node is being closed, and the application takes no more events. The
		// messages count as delivered and never as taken. So the sender's PING gets no
		// answer, and the sender learns of the loss.
		e.cfg.Queue.Drop(c)
		return
	}
	c.Source = l
	e.batch = append(e.batch, c)
}
