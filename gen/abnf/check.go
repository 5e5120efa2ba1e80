package abnf

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gozre/zre/gen/model"
)

// Fault is what is wrong in a line of a grammar.
type Fault struct {
	Line   int // from 1
	Reason string
}

// Error gives line and reason.
func (f *Fault) Error() string { return fmt.Sprintf("line %d: %s", f.Line, f.Reason) }

// core are the rules that RFC 5234 defines, in appendix B.1.
var core = []string{
	"ALPHA", "BIT", "CHAR", "CR", "CRLF", "CTL", "DIGIT", "DQUOTE", "HEXDIG", "HTAB", "LF", "LWSP", "OCTET", "SP",
	"VCHAR", "WSP",
}

// Check reads a grammar and reports whether it is sound: whether each rule is
// defined once, extended only after that, and refers to rules that the grammar,
// RFC 5234 or the names given define. It returns the names of its rules.
func Check(text string, others ...string) ([]string, error) {
	rules, err := Parse(text)
	if err != nil {
		return nil, err
	}
	if faults := check(rules, others); len(faults) > 0 {
		return nil, faults[0]
	}
	var names []string
	for _, r := range rules {
		if !r.Extends {
			names = append(names, strings.ToLower(r.Name))
		}
	}
	return names, nil
}

// check returns all that is wrong with rules that are read.
func check(rules []Rule, others []string) []*Fault {
	var faults []*Fault
	add := func(line int, format string, args ...any) {
		faults = append(faults, &Fault{Line: line, Reason: fmt.Sprintf(format, args...)})
	}
	var names []string
	for _, r := range rules {
		name := strings.ToLower(r.Name)
		known := slices.Contains(names, name)
		switch {
		case r.Extends && !known:
			add(r.Line, "rule %s is extended before it is defined", r.Name)
		case !r.Extends && (known || foldIn(core, name)):
			add(r.Line, "rule %s is defined already", r.Name)
		case !known:
			names = append(names, name)
		}
	}
	all := slices.Concat(names, others)
	for _, r := range rules {
		for _, ref := range r.Refs {
			if foldIn(all, ref.Name) || foldIn(core, ref.Name) {
				continue
			}
			hint := ""
			if near := model.Closest(strings.ToLower(ref.Name), all); near != "" {
				hint = fmt.Sprintf("; did you mean %s?", near)
			}
			add(ref.Line, "rule %s refers to %s, which is not defined%s", r.Name, ref.Name, hint)
		}
	}
	return faults
}

// foldIn reports whether a name is in a list, without regard to case.
func foldIn(list []string, name string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return strings.EqualFold(s, name) })
}
