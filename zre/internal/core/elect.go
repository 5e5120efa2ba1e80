package core

import (
	"bytes"
	"encoding/hex"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/codec/zremsg"
)

// Elections are an addition of zyre to RFC 36. The members of a group agree on a
// leader by an echo wave with extinction. Each node that contests the group sends
// ELECT with its own UUID to all others; a node that hears of a better one, which
// is one with a lower UUID, forgets the one before and passes the word on. When
// ELECT for one challenger has come from every member, a node that is not the
// challenger sends it back to the one it had it from first, its father; so the
// challenger knows when all are behind it. It sends LEADER, the others repeat that,
// and a node that has LEADER from every member knows that the election has ended.
//
//	challenger ── ELECT ──▶ ● ── ELECT ──▶ ●      down: to all but the father
//	           ◀── ELECT ──   ◀── ELECT ──        up: when all others have answered
//	           ── LEADER ──▶ all ── LEADER ──▶ all
//
// Who does not contest takes part all the same: the wave needs everyone's echo. But
// other implementations than zyre know no elections. gyre panics on them, and pyre
// takes them for a loss of messages; so nothing is sent to a peer that may be one of
// these before it has sent such a message itself, and nothing expected. Only a node
// that stands asks everyone, until an election stalls: zyre's do not show before
// they are asked.
//
// The messages carry no round, so elections of one group that overlap can leave a
// node waiting for an echo that came in the round before. zyre stays in that state
// until somebody joins or leaves; here an election without progress is forgotten
// after stalled, and who contests begins another one, less and less often.
const (
	// settled is how long after a change of the members a node that contests
	// begins an election, so that several changes make one.
	settled = 100 * time.Millisecond
	stalled = time.Second
	// longestPause bounds the time between elections that come to no end, as with
	// members that know none.
	longestPause = time.Minute
	// extraWaves bounds, beyond the number of members, how many challengers an
	// election takes in: each is passed on to all.
	extraWaves = 8
)

// ballot is what a node knows of the leadership of a group that it is in.
type ballot struct {
	due     time.Duration // when this node is to stand, 0 if it is not
	pause   time.Duration // before it stands again if that leads to nothing
	running *election     // nil if there is none
	over    *election     // the one that ended last
	leader  uuid.UUID     // the one elected last, uuid.Nil if none was or it is gone
}

// election is one that runs, or did.
type election struct {
	wave   uuid.UUID       // the best challenger so far
	father *Peer           // who told of it first, nil if it is this node
	votes  map[*Peer]votes // what was exchanged with whom
	echoed bool            // the father is due ELECT as well
	told   bool            // all are due LEADER
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

// Contest makes this node stand for the leadership of a group whenever it is in it.
func (c *Core) Contest(group string) {
	c.contest[group] = struct{}{}
	c.unsettle(group)
}

// Leader returns the leader of a group that this node is in, as elected last,
// uuid.Nil if none was, or it has left since.
func (c *Core) Leader(group string) uuid.UUID {
	if b := c.ballots[group]; b != nil {
		return b.leader
	}
	return uuid.Nil
}

// arrived looks after the election when a peer is new in a group.
func (c *Core) arrived(p *Peer, group string) {
	if b := c.ballots[group]; b != nil && b.running != nil {
		c.vote(group, b.running, p)
		c.advance(group, b)
	}
	c.unsettle(group)
}

// unsettle has this node stand soon, if it contests a group that it is in and is not
// alone in there.
func (c *Core) unsettle(group string) {
	b := c.ballots[group]
	if _, contests := c.contest[group]; b == nil || !contests {
		return
	}
	b.pause = 0
	if len(c.groups[group]) > 0 {
		b.due = c.now + settled
	}
}

// departed looks after the election of a group when a peer is gone from it, or
// altogether.
func (c *Core) departed(p *Peer, group string) {
	b := c.ballots[group]
	if b == nil {
		return
	}
	again := false
	if b.over != nil {
		delete(b.over.votes, p)
	}
	if b.leader == p.id {
		b.leader, again = uuid.Nil, true
	}
	if e := b.running; e != nil {
		delete(e.votes, p)
		if e.father == p || e.wave == p.id || e.father == nil && len(c.groups[group]) == 0 {
			b.running, again = nil, true
		} else {
			c.advance(group, b)
		}
	}
	if _, contests := c.contest[group]; !again || !contests {
		return
	}
	if len(c.groups[group]) == 0 {
		b.due = 0
		c.elected(group, b, c.cfg.ID)
		return
	}
	c.unsettle(group)
}

// tickElections begins elections that are due, and ends those that got stuck.
func (c *Core) tickElections(now time.Duration) {
	for group, b := range c.ballots {
		if e := b.running; e != nil && now-e.moved >= stalled {
			b.running = nil
			for p := range c.groups[group] {
				// Who was asked and does not answer is not asked again.
				p.mute = p.mute || e.father == nil && e.votes[p]&gotElect == 0
			}
			if _, contests := c.contest[group]; contests && b.due == 0 {
				b.pause = min(max(2*b.pause, 2*stalled), longestPause)
				b.due = now + b.pause
			}
		}
		if b.due != 0 && now >= b.due {
			b.due = 0
			if b.running == nil && len(c.groups[group]) > 0 {
				c.stand(group, b)
			}
		}
	}
}

// stand begins an election with this node as the challenger.
func (c *Core) stand(group string, b *ballot) {
	waves := 1
	if b.running != nil {
		waves += b.running.waves
	}
	b.running = newElection(c.now, c.cfg.ID, nil, waves)
	c.voteAll(group, b.running)
	c.advance(group, b)
}

func newElection(now time.Duration, wave uuid.UUID, father *Peer, waves int) *election {
	return &election{wave: wave, father: father, waves: waves, moved: now, votes: make(map[*Peer]votes)}
}

// ballotOf returns the ballot that a message of a peer is about, and the UUID in
// it; nil if the message has no place here.
func (c *Core) ballotOf(p *Peer, group, text string) (*ballot, uuid.UUID) {
	var id uuid.UUID
	if n, err := hex.Decode(id[:], []byte(text[:min(len(text), 2*len(id))])); err != nil || n != len(id) || len(text) != 2*len(id) {
		c.refuse(p, "ELECT or LEADER without a UUID of 32 hexadecimal digits", err)
		return nil, id
	}
	// zyre begins with a group that it is about to join, so the sender need not be
	// in there yet.
	b := c.ballots[group]
	if b == nil {
		c.stats.Unexpected++
	}
	if !p.votes {
		p.votes = true
		for g, b := range c.ballots {
			if _, in := p.groups[g]; in && b.running != nil {
				c.vote(g, b.running, p) // It was not asked before.
			}
		}
	}
	return b, id
}

// elect takes in an ELECT.
func (c *Core) elect(p *Peer, m *zremsg.Elect) {
	b, id := c.ballotOf(p, m.Group, m.ChallengerID)
	if b == nil {
		return
	}
	e := b.running
	_, contests := c.contest[m.Group]
	switch {
	case e != nil && e.wave == id:
	case e == nil && c.late(p, m.Group, b, id, gotElect):
		return
	case id == c.cfg.ID:
		return // of an election that is over
	case e != nil && bytes.Compare(e.wave[:], id[:]) < 0:
		return
	case contests && bytes.Compare(c.cfg.ID[:], id[:]) < 0:
		// Whoever began, the best one is to win.
		b.due = 0
		c.stand(m.Group, b)
		return
	default:
		waves := 1
		if e != nil {
			waves += e.waves
		}
		if waves > len(c.groups[m.Group])+extraWaves {
			c.refuse(p, "ELECT for one more challenger than there can be", nil)
			return
		}
		e = newElection(c.now, id, p, waves)
		b.running = e
		c.voteAll(m.Group, e)
	}
	e.votes[p] |= gotElect
	e.moved = c.now
	c.advance(m.Group, b)
}

// lead takes in a LEADER.
func (c *Core) lead(p *Peer, m *zremsg.Leader) {
	b, id := c.ballotOf(p, m.Group, m.LeaderID)
	if b == nil {
		return
	}
	e := b.running
	if e == nil {
		c.late(p, m.Group, b, id, gotLeader)
		return
	}
	if e.wave != id {
		return // of an election that is over
	}
	if id != c.cfg.ID && !e.told {
		e.told = true
		c.voteAll(m.Group, e)
	}
	e.votes[p] |= gotLeader
	e.moved = c.now
	c.advance(m.Group, b)
}

// late takes in a message for the election that is over, of a member that was not
// expected to vote: it gets what it is due. It reports false if the message is about
// another election.
func (c *Core) late(p *Peer, group string, b *ballot, id uuid.UUID, what votes) bool {
	e := b.over
	if e == nil || e.wave != id || e.votes[p]&leftOut == 0 || e.votes[p]&what != 0 {
		return false
	}
	e.votes[p] |= what
	c.vote(group, e, p)
	return true
}

// advance goes on when all who take part have sent what was due.
func (c *Core) advance(group string, b *ballot) {
	e := b.running
	if !e.echoed && c.complete(group, e, gotElect) {
		e.echoed = true
		if e.father == nil {
			e.told = true
			c.voteAll(group, e)
		} else {
			c.vote(group, e, e.father)
		}
	}
	if e.told && c.complete(group, e, gotLeader) {
		for p := range c.groups[group] {
			if !e.asks(p) {
				e.votes[p] |= leftOut
			}
		}
		b.running, b.over, b.due, b.pause = nil, e, 0, 0
		c.elected(group, b, e.wave)
	}
}

// complete reports whether that has come from all members that take part.
func (c *Core) complete(group string, e *election, what votes) bool {
	for p := range c.groups[group] {
		if e.asks(p) && e.votes[p]&what == 0 {
			return false
		}
	}
	return true
}

// asks reports whether a peer is to take part.
func (e *election) asks(p *Peer) bool {
	return p.votes || !p.foreign() || e.father == nil && !p.mute
}

// foreign reports whether a peer that has not voted may be of an implementation that
// knows no elections: zyre, pyre, zyre.js and gyre have dynamic ports, haskell-zre
// another first octet in its identity.
func (p *Peer) foreign() bool { return p.port() >= dynamicPort || p.ascii }

// voteAll sends all members what they are due.
func (c *Core) voteAll(group string, e *election) {
	for p := range c.groups[group] {
		c.vote(group, e, p)
	}
}

// vote sends a peer what it is due and was not sent yet.
func (c *Core) vote(group string, e *election, p *Peer) {
	if !e.asks(p) {
		return
	}
	if (p != e.father || e.echoed) && e.votes[p]&sentElect == 0 {
		e.votes[p] |= sentElect
		p.link.Send(&zremsg.Elect{Group: group, ChallengerID: wireID(e.wave)})
	}
	if e.told && e.votes[p]&sentLeader == 0 {
		e.votes[p] |= sentLeader
		p.link.Send(&zremsg.Leader{Group: group, LeaderID: wireID(e.wave)})
	}
}

// elected tells of a leader.
func (c *Core) elected(group string, b *ballot, id uuid.UUID) {
	if id == c.cfg.ID {
		b.leader = id
		c.cfg.Shell.Deliver(nil, &Event{Type: EventLeader, Peer: id, Name: c.cfg.Name, Group: group})
		return
	}
	if p := c.Peer(id); p != nil {
		if _, in := p.groups[group]; in {
			b.leader = id
			c.deliver(p, Event{Type: EventLeader, Group: group})
		}
	}
}

// wireID is a UUID as zyre writes it, 32 capital digits.
func wireID(id uuid.UUID) string { return strings.ToUpper(hex.EncodeToString(id[:])) }
