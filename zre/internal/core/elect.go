package core

import (
	"bytes"
	"time"

	"github.com/google/uuid"
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
	stalled = time.Second // both as fine as the ticks
	// longestPause bounds the time between elections that come to no end, as with
	// members that know none.
	longestPause = time.Minute
	// maxAsked is how many elections a peer that may know none is asked in. pyre
	// begins a new session each time.
	maxAsked = 3
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
	givenUp uuid.UUID     // the challenger of an election that stalled here
}

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
	// The earlier one counts, lest comings and goings put it off for ever.
	if due := c.now + settled; len(c.groups[group]) > 0 && (b.due == 0 || due < b.due) {
		b.due = due
	}
}

// standAgain has this node stand once more, if it contests, after an election that
// led to nothing: later each time.
func (c *Core) standAgain(group string, b *ballot) {
	if _, contests := c.contest[group]; contests && b.due == 0 {
		b.pause = min(max(2*b.pause, 2*stalled), longestPause)
		b.due = c.now + b.pause
	}
}

// departed looks after the election of a group when a peer is gone; member says
// that it was in the group.
func (c *Core) departed(p *Peer, group string, member bool) {
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
	// Who is gone may have been what kept the group from a leader.
	again = again || member && b.leader == uuid.Nil && b.running == nil
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
			c.stall(group, b)
		}
		if b.due != 0 && now >= b.due {
			b.due = 0
			better := b.running != nil && bytes.Compare(b.running.wave[:], c.cfg.ID[:]) <= 0
			if !better && len(c.groups[group]) > 0 {
				c.stand(group, b)
			}
		}
	}
}

// stall ends an election that makes no progress.
func (c *Core) stall(group string, b *ballot) {
	e := b.running
	b.running = nil
	for p := range c.groups[group] {
		if e.votes[p]&gotElect == 0 {
			// It is not waited for any more, unless it votes again.
			p.votes = false
			if e.father == nil {
				p.asked = maxAsked
			}
		}
	}
	// LEADER came, which shows that the challenger had everyone's echo; what is
	// missing is the LEADER of somebody who is late, or gone.
	if e.told && (b.leader == e.wave || c.elected(group, b, e.wave)) {
		return
	}
	b.givenUp = e.wave
	c.standAgain(group, b)
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

// elected tells of a leader. It reports false if there is no such member.
func (c *Core) elected(group string, b *ballot, id uuid.UUID) bool {
	if id == c.cfg.ID {
		b.leader = id
		c.cfg.Shell.Deliver(nil, &Event{Type: EventLeader, Peer: id, Name: c.cfg.Name, Group: group})
		return true
	}
	if p := c.Peer(id); p != nil {
		if _, in := p.groups[group]; in {
			b.leader = id
			c.deliver(p, Event{Type: EventLeader, Group: group})
			return true
		}
	}
	return false
}
