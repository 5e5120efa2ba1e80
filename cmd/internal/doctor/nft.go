package doctor

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// nftObject is one element of what nft -j list ruleset prints.
type nftObject struct {
	Chain *struct {
		Family, Table, Name, Hook, Policy, Type string
	}
	Rule *struct {
		Family, Table, Chain string
		Expr                 []map[string]json.RawMessage
	}
}

// readNft reads what nft -j list ruleset prints.
func readNft(text string) (ruleset, error) {
	var list struct{ Nftables []nftObject }
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		return nil, fmt.Errorf("it is not JSON: %w", err)
	}
	rules := ruleset{}
	for _, o := range list.Nftables {
		if c := o.Chain; c != nil {
			rules[nftName(c.Family, c.Table, c.Name)] = &chain{
				base:   c.Hook == "input" && c.Type == "filter" && slices.Contains([]string{"ip", "inet"}, c.Family),
				policy: c.Policy,
			}
		}
		if r := o.Rule; r != nil {
			if c := rules[nftName(r.Family, r.Table, r.Chain)]; c != nil {
				c.rules = append(c.rules, nftRule(r.Family, r.Table, r.Chain, r.Expr))
			}
		}
	}
	return rules, nil
}

func nftName(family, table, chain string) string { return family + " " + table + " " + chain }

// nftRule reads the expressions of a rule.
func nftRule(family, table, in string, exprs []map[string]json.RawMessage) rule {
	var r rule
	var conditions []func(packet) match
	var words []string
	for _, e := range exprs {
		for kind, value := range e {
			switch kind {
			case "accept", "drop", "return":
				r.verdict = kind
			case "reject":
				r.verdict = "drop"
			case "jump", "goto":
				var to struct{ Target string }
				if json.Unmarshal(value, &to) == nil {
					r.verdict = nftName(family, table, to.Target)
				}
			case "match":
				conditions = append(conditions, nftMatch(value))
			case "counter", "log", "limit", "comment":
				if kind == "limit" {
					conditions = append(conditions, func(packet) match { return maybe })
				}
				continue
			default:
				conditions = append(conditions, func(packet) match { return maybe })
			}
			words = append(words, kind+" "+string(value))
		}
	}
	r.text = fmt.Sprintf("a rule in %s: %s", nftName(family, table, in), strings.Join(words, ", "))
	r.matches = all(conditions)
	return r
}

// nftMatch reads one condition. What is not known here may hold.
func nftMatch(value json.RawMessage) func(packet) match {
	var m struct {
		Op   string
		Left struct {
			Payload *struct{ Protocol, Field string }
			Meta    *struct{ Key string }
			Ct      *struct{ Key string }
		}
		Right json.RawMessage
	}
	unknown := func(packet) match { return maybe }
	if json.Unmarshal(value, &m) != nil || m.Op != "==" && m.Op != "in" {
		return unknown
	}
	right := strings.Trim(string(m.Right), `"`)
	switch {
	case m.Left.Payload != nil && m.Left.Payload.Field == "dport":
		return all([]func(packet) match{protocolIsIn(m.Left.Payload.Protocol), nftPorts(m.Right)})
	case m.Left.Payload != nil && m.Left.Payload.Field == "protocol", m.Left.Meta != nil && m.Left.Meta.Key == "l4proto":
		return func(p packet) match {
			if strings.Contains(string(m.Right), `"`+p.protocol+`"`) {
				return always
			}
			return never
		}
	case m.Left.Meta != nil && (m.Left.Meta.Key == "iif" || m.Left.Meta.Key == "iifname") && right == "lo":
		return func(packet) match { return never }
	case m.Left.Ct != nil && m.Left.Ct.Key == "state":
		if strings.Contains(string(m.Right), `"new"`) {
			return func(packet) match { return always }
		}
		return func(packet) match { return never }
	}
	return unknown
}

// protocolIsIn is protocolIs, with th for both.
func protocolIsIn(name string) func(packet) match {
	if name == "th" {
		name = "all"
	}
	return protocolIs(name)
}

// nftPorts reads the right side of a condition about ports: 80, {"range": [1, 2]}, or a set
// of these.
func nftPorts(value json.RawMessage) func(packet) match {
	var one int
	var span struct{ Range []int }
	var set struct{ Set []json.RawMessage }
	switch {
	case json.Unmarshal(value, &one) == nil:
		return func(p packet) match { return inRange(p, one, one) }
	case json.Unmarshal(value, &set) == nil && len(set.Set) > 0:
		return func(p packet) match {
			m := never
			for _, v := range set.Set {
				m = max(m, nftPorts(v)(p))
			}
			return m
		}
	case json.Unmarshal(value, &span) == nil && len(span.Range) == 2:
		return func(p packet) match { return inRange(p, span.Range[0], span.Range[1]) }
	}
	return func(packet) match { return maybe }
}
