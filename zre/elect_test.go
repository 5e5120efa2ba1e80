package zre

import (
	"errors"
	"strings"
	"testing"
)

// Three nodes elect the better one of two candidates, and the other one when that leaves. The
// messages go over TCP, numbered like all others.
func TestElection(t *testing.T) {
	t.Parallel()
	w := newTestNet(t)
	stands := func(c *Config) { c.apart, c.Contest = true, []string{"crew"} }
	alice, bob := w.start("alice", stands), w.start("bob", stands)
	carol := w.start("carol", func(c *Config) { c.apart = true })
	for _, n := range []*Node{alice, bob, carol} {
		must(t, n.Join("crew"))
	}
	first, second := alice, bob
	if strings.Compare(bob.ID().String(), alice.ID().String()) < 0 {
		first, second = bob, alice
	}
	leads := func(n *Node) func(Event) bool {
		return func(ev Event) bool {
			return ev.Type == EventLeader && ev.Peer == n.ID() && ev.Name == n.Name() && ev.Group == "crew"
		}
	}
	for _, n := range []*Node{alice, bob, carol} {
		await(t, n, leads(first))
	}
	if id, ok := carol.Leader("crew"); !ok || id != first.ID() {
		t.Errorf("leader %s, %v", id, ok)
	}
	must(t, first.Close())
	await(t, second, leads(second))
	await(t, carol, leads(second))
	must(t, second.Close())
	await(t, carol, is(EventExit, second.Name()))
	if id, ok := carol.Leader("crew"); ok {
		t.Errorf("%s leads a group without candidates", id)
	}
	for _, n := range []*Node{alice, bob, carol} {
		if s := n.Stats(); s.Gaps+s.Refused > 0 {
			t.Errorf("%s: %+v", n.Name(), s)
		}
	}
}

func TestContestOfBadGroup(t *testing.T) {
	_, err := Start(bg(t), Config{Contest: []string{strings.Repeat("x", 256)}})
	if bad, ok := errors.AsType[*ConfigError](err); !ok || bad.Field != "Contest" {
		t.Errorf("a group that cannot be: %v", err)
	}
}
