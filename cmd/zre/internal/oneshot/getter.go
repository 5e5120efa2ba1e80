package oneshot

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/cmd/internal/eventjson"
	"github.com/gozre/zre/cmd/internal/peername"
	"github.com/gozre/zre/cmd/internal/visible"
	"github.com/gozre/zre/cmd/zre/internal/transfer"
	"github.com/gozre/zre/zre"
)

// getState is how far the transfer is that is at its turn:
//
//	asking ─▶ getting ◀─▶ away
type getState uint8

const (
	getAsking getState = iota
	getGetting
	getAway // the session was lost; see current.until
)

// The bounds of waits for a putter: between two messages of it, and for its offer after it is back.
const (
	silentTime = 10 * time.Minute
	againTime  = 5 * time.Second
)

// mostWaiting bounds how many offers wait for their turn. Each peer has one at most.
const mostWaiting = 4

// offered is an offer of a peer.
type offered struct {
	peer  uuid.UUID
	name  string
	offer transfer.Offer
}

// current is the transfer that is at its turn.
type current struct {
	offered
	state   getState
	run     uint32
	in      *transfer.Incoming // nil: it is not accepted yet
	before  int64              // octets that were there at the beginning
	started time.Time
	until   time.Time // when it is given up
	again   time.Time // away, and the peer is back: when to ask without having been offered it again
}

// getter receives one transfer after the other.
type getter struct {
	s         *session
	flags     *receiving
	dest      *transfer.Dest
	show      *progress
	questions *questions // nil: there is nobody to ask

	now      *current
	waiting  []offered
	finished map[transfer.ID]transfer.Result // what peers may ask for again
	came     int
	failed   int
	told     time.Time // the last progress in JSON
}

func (g *getter) close() {
	if g.now != nil && g.now.in != nil {
		_ = g.now.in.Close() // It stays incomplete.
	}
}

// run receives until there is a reason to end.
func (g *getter) run(ctx context.Context) error {
	pump, stop := g.s.pump(ctx)
	defer stop()
	defer g.show.clear()
	tick := time.NewTicker(progressPeriod)
	defer tick.Stop()
	var answers <-chan bool
	if g.questions != nil {
		answers = g.questions.answers
	}
	for !g.enough() {
		select {
		case ev, ok := <-pump.events:
			if !ok {
				return g.verdict(ctx)
			}
			g.event(ctx, ev)
			pump.done()
		case yes := <-answers:
			g.answer(ctx, yes)
		case now := <-tick.C:
			g.tick(ctx, now)
		case <-ctx.Done():
			return g.verdict(ctx)
		}
		if g.now != nil && g.now.state == getAway && len(g.waiting) > 0 {
			g.lost("it was not back when another one offered something") // It offers again if it comes.
		}
		if g.now == nil && len(g.waiting) > 0 && !g.enough() {
			g.now = &current{offered: g.waiting[0]}
			g.waiting = slices.Delete(g.waiting, 0, 1)
			g.consider(ctx)
		}
	}
	// The results have to arrive. Nothing else is sent to anybody.
	flushing, cancel := context.WithTimeout(ctx, resultTime)
	defer cancel()
	for done := g.flushed(flushing); ; {
		select {
		case err := <-done:
			if missed, _ := addMissed(nil, err); len(missed) > 0 {
				g.show.warn("the result was %s", missedWords(missed))
			}
			return g.verdict(ctx)
		case _, ok := <-pump.events:
			if ok {
				pump.done()
				continue
			}
			<-done // The context has ended.
			return g.verdict(ctx)
		}
	}
}

// resultTime is how long a putter may take to acknowledge the result.
const resultTime = 10 * time.Second

// flushed flushes while events are taken.
func (g *getter) flushed(ctx context.Context) <-chan error {
	done := make(chan error, 1)
	go func() { done <- g.s.Flush(ctx) }()
	return done
}

// enough reports whether the command has done what it was to do.
func (g *getter) enough() bool {
	return !g.flags.stay && (g.failed > 0 || g.came >= int(g.flags.count))
}

// event handles an event.
func (g *getter) event(ctx context.Context, ev zre.Event) {
	switch ev.Type {
	case zre.EventExit:
		g.exit(ev)
	case zre.EventEnter:
		if c := g.now; c != nil && c.peer == ev.Peer && c.state == getAway {
			c.again = time.Now().Add(againTime)
		}
	case zre.EventWhisper:
		m, err := transfer.Parse(ev.Content)
		if err != nil {
			g.s.env.Log.Debug("whisper ignored", "peer", ev.Peer, "err", err)
			return
		}
		switch m := m.(type) {
		case transfer.Offer:
			g.offer(ctx, offered{ev.Peer, ev.Name, m})
		case transfer.Data:
			g.data(ctx, ev.Peer, m)
		case transfer.Refuse:
			if c := g.now; c != nil && c.peer == ev.Peer && c.offer.ID == m.ID {
				g.lost("it gave up: " + m.Reason)
			}
		}
	}
}

// say sends a message. A peer that is gone meanwhile makes an EXIT.
func (g *getter) say(ctx context.Context, to uuid.UUID, m transfer.Message) {
	_ = g.s.Whisper(ctx, to, transfer.Frames(m)...)
}

// offer handles an offer, which comes again after the session was lost.
func (g *getter) offer(ctx context.Context, o offered) {
	if result, ok := g.finished[o.offer.ID]; ok {
		g.say(ctx, o.peer, transfer.Take{ID: o.offer.ID})
		g.say(ctx, o.peer, result)
		return
	}
	if c := g.now; c != nil && c.peer == o.peer {
		if c.offer.ID == o.offer.ID {
			if c.state != getAsking {
				g.accept(ctx)
			}
			return
		}
		// It has begun something else.
		g.lost("it offers something else")
	}
	g.waiting = slices.DeleteFunc(g.waiting, func(w offered) bool { return w.peer == o.peer })
	if len(g.waiting) >= mostWaiting {
		g.say(ctx, o.peer, transfer.Refuse{ID: o.offer.ID, Reason: "busy with other transfers"})
		return
	}
	g.waiting = append(g.waiting, o)
}

// consider decides about the offer that is at its turn, or asks.
func (g *getter) consider(ctx context.Context) {
	c := g.now
	g.tell("offered", "")
	switch total := c.offer.Total(); {
	case total > int64(g.flags.maxSize):
		g.refuse(ctx, fmt.Sprintf("%s are more than it takes (--max-size %s)", octets(total), g.flags.maxSize.String()))
	case g.flags.yes:
		g.take(ctx)
	case g.questions == nil:
		g.refuse(ctx, "it does not take files without --yes")
	default:
		g.show.clear()
		fmt.Fprintf(g.s.env.Stderr, "%s (%s) offers %s: %s, %s. Take it? [y/N] ", visible.String(c.name),
			peername.Digits(c.peer)[:shortDigits], visible.String(listed(roots(c.offer))), files(c.offer.Files()), octets(c.offer.Total()))
		g.questions.ask()
	}
}

// roots are the names of what is offered; directories end with a slash.
func roots(o transfer.Offer) (names []string) {
	for _, e := range o.Roots() {
		if e.Dir {
			e.Name += "/"
		}
		names = append(names, e.Name)
	}
	return names
}

// answer handles an answer of the user.
func (g *getter) answer(ctx context.Context, yes bool) {
	switch {
	case g.now == nil || g.now.state != getAsking: // The peer has left.
	case yes:
		g.take(ctx)
	default:
		g.refuse(ctx, "the user does not want it")
	}
}

// refuse refuses the offer that is at its turn.
func (g *getter) refuse(ctx context.Context, reason string) {
	c := g.now
	g.say(ctx, c.peer, transfer.Refuse{ID: c.offer.ID, Reason: reason})
	g.show.note("refused %s from %s (%s): %s", listed(roots(c.offer)), c.name, c.peer, reason)
	g.tell("refused", reason)
	g.now = nil
}

// take takes the offer that is at its turn.
func (g *getter) take(ctx context.Context) {
	c := g.now
	g.say(ctx, c.peer, transfer.Take{ID: c.offer.ID})
	g.tell("accepted", "")
	g.accept(ctx)
}

// exit handles the end of the session with a peer.
func (g *getter) exit(ev zre.Event) {
	// If it comes back it offers again.
	g.waiting = slices.DeleteFunc(g.waiting, func(w offered) bool { return w.peer == ev.Peer })
	c := g.now
	if c == nil || c.peer != ev.Peer {
		return
	}
	switch {
	case ev.Reason == zre.ReasonGoodbye || c.state == getAsking:
		g.lost("it left")
	case c.state == getGetting:
		c.state, c.until = getAway, time.Now().Add(awayTime)
		g.show.note("the session with %s (%s) was lost: %s; waiting for it", c.name, c.peer, ev.Reason)
		g.tell("interrupted", ev.Reason.String())
	}
}

// lost ends a transfer that the peer does not finish.
func (g *getter) lost(reason string) {
	c := g.now
	if c.state == getAsking {
		g.show.note("%s (%s): %s", c.name, c.peer, reason)
	} else {
		g.show.warn("%s from %s (%s) is incomplete: %s; it goes on when it is given again",
			listed(roots(c.offer)), c.name, c.peer, reason)
	}
	g.tell("left", reason)
	g.drop()
}

// tick gives up what does not go on, and shows how far it is.
func (g *getter) tick(ctx context.Context, now time.Time) {
	c := g.now
	if c == nil || c.state == getAsking {
		return
	}
	if now.After(c.until) {
		reason := "nothing came from it for " + silentTime.String()
		if c.state == getAway {
			reason = "it did not come back"
		}
		g.say(ctx, c.peer, transfer.Result{ID: c.offer.ID, Reason: reason})
		g.lost(reason)
		return
	}
	if c.state == getAway {
		if !c.again.IsZero() && now.After(c.again) {
			g.accept(ctx) // The putter has not noticed that the session was lost.
		}
		return
	}
	have, total := c.in.Octets(), c.offer.Total()
	g.show.show(fmt.Sprintf("%s from %s: %d%%, %s of %s, %s", strings.Join(roots(c.offer), " "), c.name,
		percent(have, total), octets(have), octets(total), rate(have-c.before, now.Sub(c.started))))
	if now.Sub(g.told) >= time.Second {
		g.told = now
		g.tell("progress", "")
	}
}

// tell prints the state of the transfer at its turn as JSON.
func (g *getter) tell(state, reason string) {
	if !g.s.json {
		return
	}
	c := g.now
	o := eventjson.Transfer{
		Event: "GET", Time: eventjson.Time(time.Now()), State: state, Transfer: hex.EncodeToString(c.offer.ID[:]),
		Peer: c.peer, Name: c.name, Files: c.offer.Files(), Total: c.offer.Total(), Reason: reason,
	}
	if c.in != nil {
		o.Octets = c.in.Octets()
	}
	if state == "done" {
		o.Paths = g.paths()
	}
	g.s.out.line(eventjson.Line(o))
}

// verdict is what the command ends with.
func (g *getter) verdict(ctx context.Context) error {
	if g.failed > 0 {
		return &cli.ExitError{Status: cli.ExitFailure} // said before
	}
	want := int(g.flags.count)
	if g.flags.stay {
		want = 0
	}
	return g.s.enough(ctx, g.came, want, "transfers")
}
