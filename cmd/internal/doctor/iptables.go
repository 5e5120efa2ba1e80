package doctor

import (
	"errors"
	"strconv"
	"strings"
)

// readIptables reads what iptables -S prints.
func readIptables(text string) (ruleset, error) {
	rules := ruleset{}
	at := func(name string) *chain {
		if rules[name] == nil {
			rules[name] = &chain{base: name == "INPUT"}
		}
		return rules[name]
	}
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		switch {
		case len(f) >= 3 && f[0] == "-P":
			at(f[1]).policy = strings.ToLower(f[2])
		case len(f) >= 2 && f[0] == "-N":
			at(f[1])
		case len(f) >= 2 && f[0] == "-A":
			c := at(f[1])
			c.rules = append(c.rules, iptablesRule(strings.TrimSpace(line), f[2:]))
		}
	}
	if rules["INPUT"] == nil {
		return nil, errors.New("it has no chain INPUT")
	}
	return rules, nil
}

// iptablesRule reads the conditions and the target of a rule.
func iptablesRule(text string, f []string) rule {
	r := rule{text: text}
	var conditions []func(packet) match
	add := func(c func(packet) match) { conditions = append(conditions, c) }
	fixed := func(m match) { add(func(packet) match { return m }) }
	for i := 0; i < len(f); i++ {
		value := ""
		if i+1 < len(f) {
			value = f[i+1]
		}
		switch f[i] {
		case "-j", "-g":
			r.verdict = target(value)
		case "-p":
			add(protocolIs(value))
		case "--dport", "--dports":
			add(portsAre(value))
		case "-i":
			if value == "lo" {
				fixed(never) // It is about packets from other hosts.
			} else {
				fixed(maybe)
			}
		case "--ctstate", "--state":
			if !strings.Contains(value, "NEW") {
				fixed(never)
			}
		case "-m", "--comment", "--reject-with", "--log-prefix", "--log-level":
		case "!":
			fixed(maybe)
			continue
		default:
			if strings.HasPrefix(f[i], "-") {
				fixed(maybe)
			}
			continue
		}
		i++
	}
	r.matches = all(conditions)
	return r
}

// target returns the verdict of a target. A chain is its own name.
func target(name string) string {
	switch name {
	case "ACCEPT":
		return "accept"
	case "DROP", "REJECT":
		return "drop"
	case "RETURN":
		return "return"
	case "LOG", "NFLOG", "MARK", "CONNMARK", "AUDIT", "TRACE":
		return ""
	}
	return name
}

func all(conditions []func(packet) match) func(packet) match {
	return func(p packet) match {
		m := always
		for _, c := range conditions {
			m = m.and(c(p))
		}
		return m
	}
}

func protocolIs(name string) func(packet) match {
	return func(p packet) match {
		if name == p.protocol || name == "all" {
			return always
		}
		return never
	}
}

// portsAre reads ports as iptables writes them: 80, 41000:41100, 80,443.
func portsAre(text string) func(packet) match {
	return func(p packet) match {
		m := never
		for part := range strings.SplitSeq(text, ",") {
			from, to, _ := strings.Cut(part, ":")
			first, err := strconv.Atoi(from)
			last := first
			if to != "" && err == nil {
				last, err = strconv.Atoi(to)
			}
			if err != nil {
				return maybe
			}
			m = max(m, inRange(p, first, last))
		}
		return m
	}
}

// inRange reports whether all ports of a packet are in a range, or some.
func inRange(p packet, first, last int) match {
	switch {
	case first <= p.first && p.last <= last:
		return always
	case last < p.first || p.last < first:
		return never
	}
	return maybe
}
