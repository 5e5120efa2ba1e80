package abnf

import (
	"fmt"
	"strings"
)

// Rule is a rule of a grammar.
type Rule struct {
	Name string
	// Extends says that the rule adds an alternative, with "=/".
	Extends bool
	// Refs are the rules that it refers to.
	Refs []Ref
	Line int
}

// Ref is where a rule refers to another one.
type Ref struct {
	Name string
	Line int
}

// Parse reads a rulelist as RFC 5234, section 4, has it, except that a line
// may end with a plain line feed.
func Parse(text string) ([]Rule, error) {
	if !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	p := &parser{text: strings.ReplaceAll(text, "\r\n", "\n"), line: 1}
	var rules []Rule
	for p.at < len(p.text) {
		if p.blank() {
			continue
		}
		if err := p.rule(); err != nil {
			return nil, &Fault{Line: p.line, Reason: err.Error()}
		}
		rules = append(rules, p.current)
	}
	return rules, nil
}

// maxNesting bounds the groups within groups, so that no input takes the stack.
const maxNesting = 100

type parser struct {
	text    string
	at      int
	line    int
	nesting int
	current Rule
}

// peek returns the next octet. The text ends with a line feed, and nothing
// reads past it within a rule, so there is always one.
func (p *parser) peek() byte {
	if p.at == len(p.text) {
		return 0
	}
	return p.text[p.at]
}

// run takes the octets of a class.
func (p *parser) run(in func(byte) bool) string {
	start := p.at
	for in(p.peek()) && p.at < len(p.text) {
		p.at++
	}
	return p.text[start:p.at]
}

func isWSP(c byte) bool   { return c == ' ' || c == '\t' }
func isDigit(c byte) bool { return c >= '0' && c <= '9' }
func isAlpha(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
func isName(c byte) bool  { return isAlpha(c) || isDigit(c) || c == '-' }
func isVchar(c byte) bool { return c >= 0x21 && c <= 0x7e }

// newline takes a c-nl: an end of line, with a comment before it or not.
func (p *parser) newline() bool {
	start := p.at
	if p.peek() == ';' {
		p.run(func(c byte) bool { return isWSP(c) || isVchar(c) })
	}
	if p.peek() != '\n' {
		p.at = start
		return false
	}
	p.at++
	p.line++
	return true
}

// blank takes a line without a rule.
func (p *parser) blank() bool {
	start := p.at
	p.run(isWSP)
	if p.newline() {
		return true
	}
	p.at = start
	return false
}

// space takes *c-wsp: blanks, and ends of lines that a blank follows.
func (p *parser) space() bool {
	start := p.at
	for {
		p.run(isWSP)
		at, line := p.at, p.line
		if !p.newline() {
			break
		}
		if !isWSP(p.peek()) {
			p.at, p.line = at, line
			break
		}
	}
	return p.at > start
}

// rule takes a rule and the end of its line.
func (p *parser) rule() error {
	p.current = Rule{Line: p.line}
	if p.current.Name = p.name(); p.current.Name == "" {
		return fmt.Errorf("want the name of a rule at %q", p.rest())
	}
	p.space()
	if p.peek() != '=' {
		return fmt.Errorf("rule %s: want = at %q", p.current.Name, p.rest())
	}
	p.at++
	if p.peek() == '/' {
		p.current.Extends = true
		p.at++
	}
	p.space()
	if err := p.alternation(); err != nil {
		return fmt.Errorf("rule %s: %w", p.current.Name, err)
	}
	p.space()
	if !p.newline() {
		return fmt.Errorf("rule %s: unexpected %q", p.current.Name, p.rest())
	}
	return nil
}

func (p *parser) name() string {
	if !isAlpha(p.peek()) {
		return ""
	}
	return p.run(isName)
}

// rest quotes some of what follows, for errors.
func (p *parser) rest() string {
	rest, _, _ := strings.Cut(p.text[p.at:], "\n")
	if len(rest) > 20 {
		rest = rest[:20]
	}
	return rest
}

func (p *parser) alternation() error {
	if p.nesting++; p.nesting > maxNesting {
		return fmt.Errorf("nested more than %d deep", maxNesting)
	}
	defer func() { p.nesting-- }()
	for {
		if err := p.concatenation(); err != nil {
			return err
		}
		at, line := p.at, p.line
		p.space()
		if p.peek() != '/' {
			p.at, p.line = at, line
			return nil
		}
		p.at++
		p.space()
	}
}

func (p *parser) concatenation() error {
	for {
		if err := p.repetition(); err != nil {
			return err
		}
		at, line := p.at, p.line
		if !p.space() || !startsElement(p.peek()) {
			p.at, p.line = at, line
			return nil
		}
	}
}

func startsElement(c byte) bool {
	return isAlpha(c) || isDigit(c) || c == '*' || c == '(' || c == '[' || c == '"' || c == '%' || c == '<'
}

func (p *parser) repetition() error {
	p.run(isDigit)
	if p.peek() == '*' {
		p.at++
		p.run(isDigit)
	}
	return p.element()
}

func (p *parser) element() error {
	switch c := p.peek(); {
	case isAlpha(c):
		p.current.Refs = append(p.current.Refs, Ref{Line: p.line, Name: p.name()})
		return nil
	case c == '(':
		return p.bracket(')')
	case c == '[':
		return p.bracket(']')
	case c == '"':
		return p.quoted('"', func(c byte) bool { return c >= 0x20 && c <= 0x7e && c != '"' })
	case c == '<':
		return p.quoted('>', func(c byte) bool { return c >= 0x20 && c <= 0x7e && c != '>' })
	case c == '%':
		return p.numeric()
	}
	return fmt.Errorf("want an element at %q", p.rest())
}

func (p *parser) bracket(end byte) error {
	p.at++
	p.space()
	if err := p.alternation(); err != nil {
		return err
	}
	p.space()
	if p.peek() != end {
		return fmt.Errorf("want %c at %q", end, p.rest())
	}
	p.at++
	return nil
}

func (p *parser) quoted(end byte, in func(byte) bool) error {
	p.at++
	p.run(in)
	if p.peek() != end {
		return fmt.Errorf("want %c at %q", end, p.rest())
	}
	p.at++
	return nil
}

// numeric takes a num-val: %d13.10, %x00-FF, %b1.
func (p *parser) numeric() error {
	p.at++
	digit := isDigit
	switch p.peek() | 0x20 {
	case 'b':
		digit = func(c byte) bool { return c == '0' || c == '1' }
	case 'd':
	case 'x':
		digit = func(c byte) bool { return isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'f' }
	default:
		return fmt.Errorf("want b, d or x at %q", p.rest())
	}
	p.at++
	for separator := byte(0); ; {
		if p.run(digit) == "" {
			return fmt.Errorf("want a digit at %q", p.rest())
		}
		next := p.peek()
		if next != '.' && next != '-' || separator == '-' || separator == '.' && next == '-' {
			return nil
		}
		separator = next
		p.at++
	}
}
