package oneshot

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/cmd/internal/eventjson"
	"github.com/gozre/zre/cmd/internal/visible"
	"github.com/gozre/zre/cmd/zre/internal/transfer"
	"github.com/gozre/zre/zre"
)

// putState is how far a transfer to one peer is:
//
//	offered ─▶ taken ─▶ sending ─▶ sent ─▶ done
//	   │          └────────┴────────┴──▶ away ─▶ taken (again), or failed
//	   └─▶ refused, unanswered
//
// unanswered is not the end if others are still being sent to: a late answer counts.
type putState uint8

const (
	putOffered putState = iota
	putTaken            // it looks for what it has already
	putSending
	putSent // it has not yet confirmed it
	putAway // its session was lost; see taker.until
	// The ends.
	putDone
	putFailed
	putRefused
	putUnanswered
)

// awayTime is how long a peer whose session was lost may take to be back and to answer again.
const awayTime = time.Minute

// taker is a peer that was offered something.
type taker struct {
	zre.Peer
	state   putState
	took    bool // it has accepted it
	reason  string
	until   time.Time // away: the deadline
	started time.Time // of the first DATA

	sent atomic.Int64 // octets, those it had included
	stop context.CancelFunc
	idle chan struct{} // closed when the sending goroutine has ended; nil: there was none
}

// putter sends to several peers, each at its own pace.
type putter struct {
	s      *session
	source *transfer.Source
	show   *progress
	takers []*taker
	byID   map[uuid.UUID]*taker
	ended  chan sendEnd
	told   time.Time // the last progress in JSON
}

// sendEnd is how the sending to a peer ended.
type sendEnd struct {
	to  *taker
	err error
}

// run sends the offer and waits until everyone has it, or does not get it.
func (p *putter) run(ctx context.Context, within time.Duration) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	pump, stop := p.s.pump(ctx)
	defer stop()
	defer p.halt(p.takers...)
	defer p.show.clear()
	tick := time.NewTicker(progressPeriod)
	defer tick.Stop()
	var late <-chan time.Time
	if within > 0 {
		timer := time.NewTimer(within)
		defer timer.Stop()
		late = timer.C
	}
	for _, r := range p.takers {
		p.offer(ctx, r)
		p.tell(r, "offered")
	}
	for !p.complete() {
		select {
		case ev, ok := <-pump.events:
			if !ok {
				return p.verdict(ctx)
			}
			p.event(ctx, ev)
			pump.done()
		case e := <-p.ended:
			p.sendingEnded(e)
		case <-late:
			for _, r := range p.takers {
				if r.state == putOffered {
					p.end(r, putUnanswered, "it has not answered")
				}
			}
		case now := <-tick.C:
			p.tick(now)
		case <-ctx.Done():
			return p.verdict(ctx)
		}
	}
	return p.verdict(ctx)
}

func (p *putter) complete() bool {
	for _, r := range p.takers {
		if r.state < putDone {
			return false
		}
	}
	return true
}

// offer sends the offer, at the beginning of a session, when nothing else is in flight.
func (p *putter) offer(ctx context.Context, r *taker) {
	// A peer that is gone meanwhile makes an EXIT.
	_ = p.s.Whisper(ctx, r.ID, transfer.Frames(p.source.Offer)...)
}

// event handles an event.
func (p *putter) event(ctx context.Context, ev zre.Event) {
	r := p.byID[ev.Peer]
	if r == nil {
		return
	}
	switch ev.Type {
	case zre.EventExit:
		p.exit(r, ev.Reason)
	case zre.EventEnter:
		if r.state == putAway {
			p.offer(ctx, r)
		}
	case zre.EventWhisper:
		m, err := transfer.Parse(ev.Content)
		if err == nil {
			p.message(ctx, r, m)
		}
	}
}

// message handles what a peer says.
func (p *putter) message(ctx context.Context, r *taker, m transfer.Message) {
	id := p.source.Offer.ID
	closed := r.state >= putDone && r.state != putUnanswered
	switch m := m.(type) {
	case transfer.Refuse:
		switch {
		case m.ID != id || closed:
		case r.took:
			p.end(r, putFailed, m.Reason)
		default:
			p.end(r, putRefused, m.Reason)
		}
	case transfer.Take:
		if m.ID == id && !closed {
			r.state = putTaken
			p.take(r)
		}
	case transfer.Accept:
		if m.ID == id && !closed {
			p.take(r)
			p.send(ctx, r, m)
		}
	case transfer.Result:
		switch {
		case m.ID != id || closed || !r.took:
		case m.Reason == "":
			r.sent.Store(p.source.Offer.Total())
			p.end(r, putDone, "")
		default:
			p.end(r, putFailed, m.Reason)
		}
	}
}

// take records that a peer has accepted the offer.
func (p *putter) take(r *taker) {
	if !r.took {
		r.took, r.reason, r.started = true, "", time.Now()
		p.tell(r, "accepted")
	}
}

// send sends what a peer asks for, in place of what it has asked for before.
func (p *putter) send(ctx context.Context, r *taker, accept transfer.Accept) {
	p.halt(r)
	ctx, r.stop = context.WithCancel(ctx)
	r.idle = make(chan struct{})
	r.state = putSending
	before := make([]int64, len(p.source.Offer.Entries))
	for i, e := range p.source.Offer.Entries[:len(before)-1] {
		before[i+1] = before[i] + e.Size
	}
	idle := r.idle
	go func() {
		defer close(idle)
		err := p.source.Send(ctx, accept, func(d transfer.Data) error {
			err := p.s.Whisper(ctx, r.ID, transfer.Frames(d)...)
			r.sent.Store(before[d.Index] + d.Offset + int64(len(d.Payload)))
			return err
		})
		if err != nil && ctx.Err() == nil && !gone(err) {
			// The peer must not wait for what does not come.
			_ = p.s.Whisper(ctx, r.ID, transfer.Frames(transfer.Refuse{ID: accept.ID, Reason: err.Error()})...)
		}
		select {
		case p.ended <- sendEnd{r, err}:
		case <-ctx.Done():
		}
	}()
}

// halt ends the sending to peers.
func (p *putter) halt(takers ...*taker) {
	for _, r := range takers {
		if r.idle != nil {
			r.stop()
			<-r.idle
			r.idle = nil
		}
	}
}

// gone reports whether an error says that a peer went away; an EXIT says why.
func gone(err error) bool {
	return errors.Is(err, zre.ErrPeerGone) || errors.Is(err, zre.ErrUnknownPeer)
}

// sendingEnded handles the end of a sending goroutine.
func (p *putter) sendingEnded(e sendEnd) {
	switch {
	case e.to.state != putSending || gone(e.err):
	case e.err != nil:
		p.end(e.to, putFailed, e.err.Error())
	default:
		e.to.state = putSent
	}
}

// exit handles the end of the session with a peer.
func (p *putter) exit(r *taker, reason zre.Reason) {
	p.halt(r)
	switch {
	case r.state >= putDone:
	case reason == zre.ReasonGoodbye && r.took:
		p.end(r, putFailed, "it left before it had everything")
	case reason == zre.ReasonGoodbye:
		p.end(r, putUnanswered, "it left before it answered")
	case r.state != putAway:
		r.state, r.until = putAway, time.Now().Add(awayTime)
		r.reason = reason.String()
		p.tell(r, "interrupted")
		p.show.note("the session with %s (%s) was lost: %s; waiting for it", r.Name, r.ID, reason)
	}
}

// end ends a transfer to a peer.
func (p *putter) end(r *taker, state putState, reason string) {
	p.halt(r)
	r.state, r.reason = state, reason
	total := p.source.Offer.Total()
	switch state {
	case putDone:
		took := time.Since(r.started)
		p.show.note("%s has it: %s, %s in %.1f s (%s)", r.Name, files(p.source.Offer.Files()), octets(total), took.Seconds(), rate(total, took))
		p.tell(r, "done")
	case putFailed:
		p.tell(r, "failed")
	case putRefused:
		p.show.note("%s (%s) refuses: %s", r.Name, r.ID, reason)
		p.tell(r, "refused")
	case putUnanswered:
		p.show.note("%s (%s): %s", r.Name, r.ID, reason)
		p.tell(r, "unanswered")
	}
}

// tick gives those up that do not come back, and shows how far it is.
func (p *putter) tick(now time.Time) {
	var parts []string
	told := now.Sub(p.told) >= time.Second
	for _, r := range p.takers {
		if r.state == putAway && now.After(r.until) {
			p.end(r, putFailed, "the session was lost: "+r.reason)
		}
		switch {
		case r.state == putOffered:
			parts = append(parts, r.Name+" ?")
		case r.took && r.state != putFailed:
			sent := r.sent.Load()
			part := fmt.Sprintf("%s %d%%", r.Name, percent(sent, p.source.Offer.Total()))
			if r.state == putSending {
				part += " " + rate(sent, now.Sub(r.started))
			}
			parts = append(parts, part)
			if told && r.state < putDone {
				p.tell(r, "progress")
			}
		}
	}
	if told {
		p.told = now
	}
	p.show.show(strings.Join(parts, "  "))
}

// tell prints the state of a transfer as JSON.
func (p *putter) tell(r *taker, state string) {
	if !p.s.json {
		return
	}
	o := eventjson.Transfer{
		Event: "PUT", Time: eventjson.Time(time.Now()), State: state, Transfer: hex.EncodeToString(p.source.Offer.ID[:]),
		Peer: r.ID, Name: r.Name, Files: p.source.Offer.Files(), Octets: r.sent.Load(), Total: p.source.Offer.Total(),
		Reason: r.reason,
	}
	p.s.out.line(eventjson.Line(o))
}

// verdict is what the command ends with.
func (p *putter) verdict(ctx context.Context) error {
	if err := interrupted(ctx); err != nil {
		return err
	}
	cut := ctx.Err() != nil
	var missed, refused, silent []string
	done := 0
	for _, r := range p.takers {
		who := fmt.Sprintf("%s (%s): %s", r.Name, r.ID, r.reason)
		switch {
		case r.state == putDone:
			done++
		case r.state == putRefused:
			refused = append(refused, who)
		case r.took && r.state != putFailed:
			missed = append(missed, fmt.Sprintf("%s (%s): it has %d%%", r.Name, r.ID, percent(r.sent.Load(), p.source.Offer.Total())))
		case r.took:
			missed = append(missed, who)
		default:
			silent = append(silent, fmt.Sprintf("%s (%s)", r.Name, r.ID))
		}
	}
	switch {
	case len(missed) > 0 && cut:
		return p.s.late(cli.ExitFailure, "not received by "+shownList(missed))
	case len(missed) > 0:
		return errors.New("not received by " + shownList(missed))
	case done > 0:
		return nil
	case len(silent) > 0:
		return &cli.ExitError{Status: cli.ExitTimeout, Err: errors.New("nobody has taken it; no answer from " + shownList(silent))}
	}
	return errors.New("refused by " + shownList(refused))
}

// shownList is a list in the text of an error, made harmless.
func shownList(list []string) string {
	return visible.String(strings.ReplaceAll(listed(list), "\n", " "))
}
