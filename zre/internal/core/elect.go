package core

import (
	"bytes"
	"time"

	"github.com/google/uuid"
)

// Elections are an addition of zyre to RFC 36. The members of a group agree on a
// leader by an echo wave with extinction. Each node that contests the group sends
// ELECT with its own UUID to all others. A challenger with a lower UUID is better: a
// node that hears of a better one forgets the one before and sends ELECT for the
// better one to all others. The peer that it heard of the challenger from first is
// its father. When ELECT for one challenger has come from every member, a node that
// is not the challenger sends it back to its father, so the challenger knows when all
// nodes are behind it. It sends LEADER, and the others repeat that. A node that has
// LEADER from every member knows that the election has ended.
//
//	challenger ── ELECT ──▶ ● ── ELECT ──▶ ●      down: to all but the father
//	           ◀── ELECT ──   ◀── ELECT ──        up: when all others have answered
//	           ── LEADER ──▶ all ── LEADER ──▶ all
//
// A node that does not contest takes part all the same: the wave needs an echo of
// every member. But other implementations than zyre know no elections. gyre panics on
// the messages, and pyre counts them as a loss of messages. So a peer that may be one
// of these is sent nothing, and nothing is expected of it, before it has sent such a
// message itself. Only a node that stands asks all members, until an election stalls:
// nodes of zyre are not recognised before they are asked.
//
// The messages carry no round, so elections of one group that overlap can leave a
// node waiting for an echo that came in the round before. zyre stays in that state
// until a member joins or leaves. Here an election without progress is forgotten
// after stalled, and a node that contests begins another one, less and less often.
const (
	// settled is how long after a change of the members a node that contests
	// begins an election, so that several changes make one.
	settled = 100 * time.Millisecond
	stalled = time.Second // both are as fine as the ticks
	// longestPause bounds the time between elections that do not end, as with
	// members that know none.
	longestPause = time.Minute
	// maxAsked is how many elections a peer that may know none is asked in. pyre
	// begins a new session each time.
	maxAsked = 3
	// extraWaves bounds the challengers in one election, beyond the number of members:
	// each one is passed on to all members.
	extraWaves = 8
)

// ballot is what a node knows of the leadership of a group that it is in.
type ballot struct {
	due     time.Duration // when this node has to stand, 0 if it has not
	pause   time.Duration // before it stands again if that leads to nothing
	running *election     // nil if there is none
	over    *election     // the one that ended last
	leader  uuid.UUID     // the one elected last, uuid.Nil if none was or it is gone
	givenUp uuid.UUID     // the challenger of an election that stalled here
}

// Contest makes this node stand for the leadership of a group whenever it is in it.
func (c *Core) Contest(group string) {
	c.contest[group] = struct{}{}
	c.standSoon(group)
}

// Leader returns the leader of a group that this node is in, as elected last,
// uuid.Nil if none was, or it has left since.
func (c *Core) Leader(group string) uuid.UUID {
	if b := c.ballots.get(group); b != nil {
		return b.leader
	}
	return uuid.Nil
}

// arrived goes on with the election when a peer is new in a group.
func (c *Core) arrived(p *Peer, group string) {
	if b := c.ballots.get(group); b != nil && b.running != nil {
		c.vote(group, b.running, p)
		c.advance(group, b)
	}
	c.standSoon(group)
}

// standSoon makes this node stand soon, if it contests a group that it is in.
func (c *Core) standSoon(group string) {
	b := c.ballots.get(group)
	if _, contests := c.contest[group]; b == nil || !contests {
		return
	}
	b.pause = 0
	// The earlier one counts, so that comings and goings do not put it off for ever.
	if due := c.now + settled; b.due == 0 || due < b.due {
		b.due = due
	}
}

// standAgain makes this node stand once more, if it contests, after an election
// without a leader: later each time.
func (c *Core) standAgain(group string, b *ballot) {
	if _, contests := c.contest[group]; contests && b.due == 0 {
		b.pause = min(max(2*b.pause, 2*stalled), longestPause)
		b.due = c.now + b.pause
	}
}

// departed goes on with the election of a group when a peer is gone; member says
// that it was in the group.
func (c *Core) departed(p *Peer, group string, member bool) {
	b := c.ballots.get(group)
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
		if e.father == p || e.wave == p.id || e.father == nil && c.groupOf(group).len() == 0 {
			b.running, again = nil, true
		} else {
			c.advance(group, b)
		}
	}
	// The peer may have been the reason why the group has no leader.
	again = again || member && b.leader == uuid.Nil && b.running == nil
	if _, contests := c.contest[group]; !again || !contests {
		return
	}
	if c.groupOf(group).len() == 0 {
		b.due = 0
		c.elected(group, b, c.cfg.ID)
		return
	}
	c.standSoon(group)
}

// tickElections begins elections that are due, and ends those that make no progress.
func (c *Core) tickElections(now time.Duration) {
	for group, b := range c.ballots.all() {
		if e := b.running; e != nil && now-e.moved >= stalled {
			c.stall(group, b)
		}
		if b.due != 0 && now >= b.due {
			b.due = 0
			better := b.running != nil && bytes.Compare(b.running.wave[:], c.cfg.ID[:]) <= 0
			switch {
			case better:
			case c.groupOf(group).len() > 0:
				c.stand(group, b)
			case b.leader != c.cfg.ID:
				c.elected(group, b, c.cfg.ID) // This node is alone in the group.
			}
		}
	}
}

// stall ends an election that makes no progress.
func (c *Core) stall(group string, b *ballot) {
	e := b.running
	b.running = nil
	for p := range c.groupOf(group).all() {
		if e.votes[p]&gotElect == 0 {
			// It is not waited for any more, unless it votes again.
			p.votes = false
			if e.father == nil {
				p.asked = maxAsked
			}
		}
	}
	// LEADER came, which shows that the challenger had the echo of every member; only
	// the LEADER of a member that is late, or gone, is missing.
	if e.won && (b.leader == e.wave || c.elected(group, b, e.wave)) {
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

// elected tells the application of a leader. It reports false if there is no such
// member.
func (c *Core) elected(group string, b *ballot, id uuid.UUID) bool {
	if id == c.cfg.ID {
		b.leader = id
		ev := Event{Type: EventLeader, Peer: id, Name: c.cfg.Name, Group: group}
		c.cfg.Shell.Deliver(nil, &ev)
		return true
	}
	if p := c.Peer(id); p != nil {
		if p.groups.has(group) {
			b.leader = id
			c.deliver(p, Event{Type: EventLeader, Group: group})
			return true
		}
	}
	return false
}
