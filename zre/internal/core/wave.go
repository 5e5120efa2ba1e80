package core

import (
	"bytes"
	"encoding/hex"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/codec/zremsg"
)

// election is one that runs, or did.
type election struct {
	wave   uuid.UUID       // the best challenger so far
	father *Peer           // the peer that sent its ELECT first, nil if this node stands
	votes  map[*Peer]votes // what was exchanged with each peer
	echoed bool            // the father has to get ELECT as well
	won    bool            // all have to get LEADER
	waves  int             // challengers so far
	moved  time.Duration   // when something happened last
}

// votes are the messages that were exchanged with a peer.
type votes uint8

const (
	gotElect votes = 1 << iota
	gotLeader
	sentElect
	sentLeader
	leftOut // a member that was not expected to vote when the election ended
)

func newElection(now time.Duration, wave uuid.UUID, father *Peer, waves int) *election {
	return &election{
		wave: wave, father: father, waves: waves, moved: now, votes: make(map[*Peer]votes),
	}
}

// ballotOf returns the ballot that a message of a peer is about, and the UUID in
// it; nil if the message has no place here.
func (c *Core) ballotOf(p *Peer, group, text string) (*ballot, uuid.UUID) {
	var id uuid.UUID
	if n, err := hex.Decode(id[:], []byte(text[:min(len(text), 2*len(id))])); err != nil ||
		n != len(id) || len(text) != 2*len(id) {
		c.refuse(p, "ELECT or LEADER without a UUID of 32 hexadecimal digits", err)
		return nil, id
	}
	// zyre begins with a group that it is about to join, so the sender need not be
	// in there yet.
	b := c.ballots.get(group)
	if b == nil {
		c.stats.Unexpected++
	}
	if !p.votes {
		p.votes, p.asked = true, 0
		for g, b := range c.ballots.all() {
			if p.groups.has(g) && b.running != nil {
				c.vote(g, b.running, p) // It was not asked before.
			}
		}
	}
	return b, id
}

// handleElect handles an ELECT.
func (c *Core) handleElect(p *Peer, m *zremsg.Elect) {
	b, id := c.ballotOf(p, m.Group, m.ChallengerID)
	if b == nil {
		return
	}
	e := b.running
	_, contests := c.contest[m.Group]
	switch {
	case e != nil && e.wave == id:
		if p.id == id && e.votes[p]&gotElect != 0 {
			e.beginAgain(p)
			c.vote(m.Group, e, p)
		}
	case e == nil && c.lateVote(p, m.Group, b, id, gotElect):
		return
	case id == c.cfg.ID:
		return // of an election that is over
	case e != nil && bytes.Compare(e.wave[:], id[:]) < 0:
		return
	case contests && bytes.Compare(c.cfg.ID[:], id[:]) < 0:
		// The best one has to win, whichever began. This node stands with the next
		// tick, so that a peer cannot make it stand for each message.
		b.due = c.now
		return
	default:
		waves := 1
		if e != nil {
			waves += e.waves
		}
		if waves > c.groupOf(m.Group).len()+extraWaves {
			c.refuse(p, "ELECT for one more challenger than there can be", nil)
			return
		}
		e = newElection(c.now, id, p, waves)
		b.running = e
		c.voteAll(m.Group, e)
	}
	c.voted(m.Group, b, p, gotElect)
}

// beginAgain begins another round of the same challenger, as zyre does when a member
// joins while an election runs: it has forgotten what it had received. What others have
// sent still says that they are behind the challenger.
func (e *election) beginAgain(challenger *Peer) {
	e.echoed, e.won = false, false
	for p := range e.votes {
		e.votes[p] &^= gotLeader | sentLeader
	}
	e.votes[challenger] &^= gotElect | sentElect
}

// handleLeader handles a LEADER.
func (c *Core) handleLeader(p *Peer, m *zremsg.Leader) {
	b, id := c.ballotOf(p, m.Group, m.LeaderID)
	if b == nil {
		return
	}
	e := b.running
	if e == nil {
		if !c.lateVote(p, m.Group, b, id, gotLeader) && id == b.givenUp {
			c.electedLate(m.Group, b)
		}
		return
	}
	if e.wave != id {
		return // of an election that is over
	}
	if id != c.cfg.ID && !e.won {
		e.won = true
		c.voteAll(m.Group, e)
	}
	c.voted(m.Group, b, p, gotLeader)
}

// electedLate handles that an election was won which this node has given up: it had
// voted, and a member was slower than its patience, because it had not found out yet that
// another member is dead. The others are sent nothing; they have that patience as well.
func (c *Core) electedLate(group string, b *ballot) {
	if b.leader == b.givenUp || c.elected(group, b, b.givenUp) {
		b.givenUp, b.due, b.pause = uuid.Nil, 0, 0
	}
}

// voted records what a peer has sent for the election that runs.
func (c *Core) voted(group string, b *ballot, p *Peer, what votes) {
	if e := b.running; e.votes[p]&what == 0 {
		e.votes[p] |= what
		e.moved = c.now
		c.advance(group, b)
	}
}

// lateVote handles a message for the election that is over, of a member that was not
// expected to vote: it is sent what the others were sent. It reports false if the message
// is about another election.
func (c *Core) lateVote(p *Peer, group string, b *ballot, id uuid.UUID, what votes) bool {
	e := b.over
	if e == nil || e.wave != id || e.votes[p]&leftOut == 0 || e.votes[p]&what != 0 {
		return false
	}
	e.votes[p] |= what
	c.vote(group, e, p)
	return true
}

// advance goes on when all that take part have voted.
func (c *Core) advance(group string, b *ballot) {
	e := b.running
	if !e.echoed && c.complete(group, e, gotElect) {
		e.echoed = true
		if e.father == nil {
			e.won = true
			c.voteAll(group, e)
		} else {
			c.vote(group, e, e.father)
		}
	}
	if e.won && c.complete(group, e, gotLeader) {
		for p := range c.groupOf(group).all() {
			if !e.asks(p) {
				e.votes[p] |= leftOut
			}
		}
		b.running, b.over, b.due, b.givenUp = nil, e, 0, uuid.Nil
		if c.elected(group, b, e.wave) {
			b.pause = 0
		} else {
			c.standAgain(group, b) // The one that was elected is not seen here.
		}
	}
}

// complete reports whether a vote has come from all members that take part.
func (c *Core) complete(group string, e *election, what votes) bool {
	for p := range c.groupOf(group).all() {
		if e.asks(p) && e.votes[p]&what == 0 {
			return false
		}
	}
	return true
}

// asks reports whether a peer takes part.
func (e *election) asks(p *Peer) bool {
	return p.votes || !p.foreign() || e.father == nil && (p.asked < maxAsked ||
		e.votes[p]&sentElect != 0)
}

// foreign reports whether a peer that has not voted may be of an implementation that
// knows no elections: zyre, pyre, zyre.js and gyre have dynamic ports, haskell-zre
// another first octet in its identity.
func (p *Peer) foreign() bool { return p.endpoint.Addr.Port() >= dynamicPort || p.asciiID }

// voteAll sends all members the votes that they were not sent yet.
func (c *Core) voteAll(group string, e *election) {
	for p := range c.groupOf(group).all() {
		c.vote(group, e, p)
	}
}

// vote sends a peer the votes that it was not sent yet.
func (c *Core) vote(group string, e *election, p *Peer) {
	if !e.asks(p) {
		return
	}
	if (p != e.father || e.echoed) && e.votes[p]&sentElect == 0 {
		e.votes[p] |= sentElect
		if !p.votes && p.asked < maxAsked {
			p.asked++
		}
		p.link.Send(&zremsg.Elect{Group: group, ChallengerID: wireID(e.wave)})
	}
	if e.won && e.votes[p]&sentLeader == 0 {
		e.votes[p] |= sentLeader
		p.link.Send(&zremsg.Leader{Group: group, LeaderID: wireID(e.wave)})
	}
}

// wireID is a UUID as zyre writes it, 32 capital digits.
func wireID(id uuid.UUID) string { return strings.ToUpper(hex.EncodeToString(id[:])) }
