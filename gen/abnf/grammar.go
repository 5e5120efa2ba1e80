package abnf

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gozre/zre/gen/model"
)

// grammar is the model's own grammar of a conversation.
type grammar struct {
	source string  // as the model has it
	text   string  // in ABNF
	places []place // where each line of both stands
	spoken bool    // whether the model says who speaks
	rules  []Rule
	faults []*model.Error
}

// place is a line of a file.
type place struct {
	file string
	line int
}

// Lint reports what is wrong with the model's own grammar, which then is no part of the one that
// is emitted.
func Lint(p *model.Protocol) []*model.Error { return newNames(p).grammar.faults }

// readGrammar reads the model's grammar. The names are those of the messages, and taken those of
// all rules that the emitted grammar has besides.
func readGrammar(p *model.Protocol, messages []string, taken map[string]bool) *grammar {
	g := &grammar{}
	var source, text strings.Builder
	for _, part := range p.Grammar {
		g.add(part, &source, &text)
	}
	g.source, g.text = source.String(), text.String()
	var err error
	if g.rules, err = Parse(g.text); err != nil {
		var fault *Fault
		if errors.As(err, &fault) {
			g.fault(fault.Line, "%s", fault.Reason)
		}
		return g
	}
	for _, f := range check(g.rules, messages) {
		g.fault(f.Line, "%s", f.Reason)
	}
	for _, r := range g.rules {
		switch name := strings.ToLower(r.Name); {
		case r.Extends:
		case slices.Contains(messages, name):
			g.fault(r.Line, "rule %s has the name of a message", r.Name)
		case taken[name]:
			g.fault(r.Line, "rule %s has the name of a rule that each grammar has", r.Name)
		}
	}
	return g
}

// fault records what is wrong in a line of the text.
func (g *grammar) fault(line int, format string, args ...any) {
	at := place{line: 1}
	if len(g.places) > 0 {
		at = g.places[min(max(line, 1), len(g.places))-1]
	}
	reason := "grammar: " + fmt.Sprintf(format, args...)
	g.faults = append(g.faults, &model.Error{File: at.file, Line: at.line, Reason: reason})
}

// sound reports whether there is a grammar with rules and without faults.
func (g *grammar) sound() bool { return len(g.rules) > 0 && len(g.faults) == 0 }

// add adds one grammar element of the model.
func (g *grammar) add(part model.Text, source, text *strings.Builder) {
	lines := strings.Split(strings.ReplaceAll(part.Text, "\r\n", "\n"), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " \t")
	}
	first, end := 0, len(lines)
	for first < end && lines[first] == "" {
		first++
	}
	for end > first && lines[end-1] == "" {
		end--
	}
	kept := lines[first:end]
	// Text that starts behind its tag has its first line at the margin, whatever the others
	// have. So has one whose first line the others continue. Which of them it is shows when
	// it is read.
	dedented := dedent(kept)
	if len(kept) > 1 && first == 0 {
		if other := append([]string{kept[0]}, dedent(kept[1:])...); !parses(dedented) && parses(other) {
			dedented = other
		}
	}
	for i, line := range dedented {
		source.WriteString(line + "\n")
		text.WriteString(g.translate(line) + "\n")
		g.places = append(g.places, place{file: part.File, line: part.Line + first + i})
	}
}

func parses(lines []string) bool {
	var g grammar
	var b strings.Builder
	for _, line := range lines {
		b.WriteString(g.translate(line) + "\n")
	}
	_, err := Parse(b.String())
	return err == nil
}

// dedent takes away the blanks that all lines start with: within a model a grammar is indented.
func dedent(lines []string) []string {
	margin := -1
	for _, line := range lines {
		indent := len(line) - len(strings.TrimLeft(line, " \t"))
		if line != "" && (margin < 0 || indent < margin) {
			margin = indent
		}
	}
	out := slices.Clone(lines)
	for i, line := range out {
		if line != "" {
			out[i] = line[margin:]
		}
	}
	return out
}

// speakers are what stands before a colon and the name of a message.
var speakers = []string{"C", "S"}

// translate makes ABNF of a line in the dialect that models have: C: and S: before a name say
// that the client or the server speaks, | stands between alternatives, and names have low lines.
func (g *grammar) translate(line string) string {
	var b strings.Builder
	for at := 0; at < len(line); {
		c := line[at]
		switch {
		case c == ';':
			b.WriteString(ascii(line[at:]))
			return b.String()
		case c == '"' || c == '<':
			end := strings.IndexByte(line[at+1:], map[byte]byte{'"': '"', '<': '>'}[c])
			if end < 0 {
				end = len(line) - at - 2
			}
			b.WriteString(line[at : at+end+2])
			at += end + 2
		case c == '|':
			b.WriteByte('/')
			at++
		case isAlpha(c):
			end := at
			for end < len(line) && (isName(line[end]) || line[end] == '_') {
				end++
			}
			name := line[at:end]
			if end+1 < len(line) && line[end] == ':' && isAlpha(line[end+1]) && foldIn(speakers, name) {
				g.spoken = true
				end++
			} else {
				b.WriteString(strings.ReplaceAll(name, "_", "-"))
			}
			at = end
		default:
			b.WriteByte(c)
			at++
		}
	}
	return b.String()
}
