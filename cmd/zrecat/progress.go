package main

import (
	"context"
	"sync/atomic"
)

// progress is how far the input is sent. The goroutine that sends writes it.
type progress struct {
	messages, octets atomic.Int64
	done             atomic.Bool // all input is sent
	tally            tally       // read by others after the goroutine has ended
}

// add counts a message that is about to be sent.
func (p *progress) add(message []byte) {
	p.tally.add(message)
	p.octets.Store(int64(p.tally.octets))
	p.messages.Store(int64(p.tally.messages))
}

// finish makes sure that the input, which was all sent, is received: every member has
// acknowledged everything, or is kept as one that missed something. Then it tells the members
// that this was the end. They have everything then; so one that leaves before it acknowledges
// the end mark has missed nothing.
func (c *cat) finish(ctx context.Context) error {
	if err := c.flush(ctx); err != nil || ctx.Err() != nil {
		return err
	}
	c.missed.sent(c.progress.messages.Load())
	c.progress.done.Store(true)
	c.flushed = true
	if !c.sendsEnd() {
		return nil
	}
	mark := c.progress.tally.endMark()
	for _, member := range c.node.PeersByGroup(c.group) {
		if announces(member.Headers, takesEnd) {
			// Who is gone needs no mark.
			_ = c.node.Whisper(ctx, member.ID, mark...)
		}
	}
	_ = c.node.Flush(ctx) // likewise
	return nil
}

// addUnsent adds what Close says of messages that were not acknowledged, unless Flush has
// said everything about them before.
func (c *cat) addUnsent(err error) error {
	if c.flushed {
		return nil
	}
	return c.missed.add(err)
}
