package abnf

import (
	"fmt"
	"slices"
	"strings"
)

// core are the rules that RFC 5234 defines, in appendix B.1.
var core = []string{
	"ALPHA", "BIT", "CHAR", "CR", "CRLF", "CTL", "DIGIT", "DQUOTE", "HEXDIG", "HTAB", "LF", "LWSP", "OCTET", "SP",
	"VCHAR", "WSP",
}

// Check reads a grammar and tells whether it is sound: whether each rule is
// defined once, extended only after that, and refers to rules that the grammar,
// RFC 5234 or the names given define. It returns the names of its rules.
func Check(text string, others ...string) ([]string, error) {
	rules, err := Parse(text)
	if err != nil {
		return nil, err
	}
	var names []string
	known := map[string]bool{}
	for _, name := range slices.Concat(core, others) {
		known[strings.ToLower(name)] = true
	}
	for _, r := range rules {
		name := strings.ToLower(r.Name)
		switch {
		case r.Extends && !slices.Contains(names, name):
			return nil, fmt.Errorf("line %d: rule %s is extended before it is defined", r.Line, r.Name)
		case r.Extends:
			continue
		case known[name]:
			return nil, fmt.Errorf("line %d: rule %s is defined already", r.Line, r.Name)
		}
		known[name] = true
		names = append(names, name)
	}
	for _, r := range rules {
		for _, ref := range r.Refs {
			if !known[strings.ToLower(ref)] {
				return nil, fmt.Errorf("line %d: rule %s refers to %s, which is not defined", r.Line, r.Name, ref)
			}
		}
	}
	return names, nil
}
