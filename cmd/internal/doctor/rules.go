package doctor

import (
	"fmt"
	"maps"
	"slices"
)

// match is whether a rule is for a packet.
type match uint8

const (
	never match = iota
	maybe       // it depends on what is not known: addresses, interfaces, other conditions
	always
)

// and is the match of two conditions.
func (m match) and(o match) match { return min(m, o) }

// rule is one rule of a chain.
type rule struct {
	text    string
	matches func(packet) match
	verdict string // "accept", "drop", "return", a chain to go to, or "" to go on
}

// chain is a list of rules, and what happens at its end.
type chain struct {
	base   bool // packets to this host begin here
	policy string
	rules  []rule
}

// ruleset is the chains of a firewall by name.
type ruleset map[string]*chain

// verdict is what happens to a packet.
type verdict struct {
	drops bool
	sure  bool
	rule  string // that decides
}

func (v verdict) String() string {
	switch {
	case v.drops && v.sure:
		return "dropped by " + v.rule
	case v.drops:
		return "dropped for some senders, by " + v.rule
	case v.rule == "":
		return "let in"
	}
	return "let in by " + v.rule
}

// verdict asks all chains that packets to this host begin in: the first that drops decides.
func (s ruleset) verdict(p packet) verdict {
	last := verdict{sure: true}
	for _, name := range slices.Sorted(maps.Keys(s)) {
		c := s[name]
		if !c.base {
			continue
		}
		v, decided := s.walk(name, p, maxDepth)
		if !decided {
			v.drops = c.policy == "drop"
			v.rule = fmt.Sprintf("the policy of %s", name)
		}
		if v.drops {
			return v
		}
		last = v
	}
	return last
}

// maxDepth bounds how deep chains call each other.
const maxDepth = 16

// walk goes through a chain. It reports whether the chain has decided. The verdict is sure
// if no rule that may be for the packet could have decided otherwise.
func (s ruleset) walk(name string, p packet, depth int) (v verdict, decided bool) {
	v.sure = true
	c := s[name]
	if c == nil || depth == 0 {
		return verdict{}, false
	}
	for _, r := range c.rules {
		m := r.matches(p)
		if m == never || r.verdict == "" {
			continue
		}
		switch r.verdict {
		case "accept", "drop":
			if m == always {
				return verdict{drops: r.verdict == "drop", sure: v.sure, rule: r.text}, true
			}
			v.sure = false
		case "return":
			if m == always {
				return v, false
			}
			v.sure = false
		default:
			inner, done := s.walk(r.verdict, p, depth-1)
			if done && m == always {
				inner.sure = inner.sure && v.sure
				return inner, true
			}
			v.sure = v.sure && inner.sure && !done
		}
	}
	return v, false
}
