package abnf

import (
	"maps"
	"strconv"
	"strings"

	"github.com/gozre/zre/gen/model"
)

// names holds the names of the rules.
type names struct {
	p        *model.Protocol
	class    string   // the rule for any message at any time, if the model has no grammar
	grammar  *grammar // the model's own
	messages []string
	fields   map[fieldKey]string
}

// fieldKey tells the rules of fields apart: fields of one name have one rule
// if they have the same type, size and value, too.
type fieldKey struct {
	name, constant string
	kind           model.Kind
	size           int
}

func keyOf(f *model.Field) fieldKey {
	k := fieldKey{name: model.Key(f.Name), kind: f.Kind, size: f.Size}
	if f.Constant != nil {
		k.constant = string(f.ConstantOctets())
	}
	return k
}

func (n *names) field(message, field int) string {
	return n.fields[keyOf(&n.p.Messages[message].Fields[field])]
}

// newNames gives each rule a name of its own: first the messages, which the
// model's grammar refers to, then the rules of that grammar, then the fields.
func newNames(p *model.Protocol) *names {
	n := &names{p: p, fields: map[fieldKey]string{}}
	taken := map[string]bool{"signature": !p.PubSub, "topic": p.PubSub}
	for _, name := range core {
		taken[strings.ToLower(name)] = true
	}
	for _, prim := range primitives {
		taken[prim.name] = true
	}
	others := maps.Clone(taken)
	for _, m := range p.Messages {
		n.messages = append(n.messages, take(taken, ruleName(m.Name, "message"), "-message"))
	}
	n.grammar = readGrammar(p, n.messages, others)
	switch {
	case n.grammar.sound():
		for _, r := range n.grammar.rules {
			taken[strings.ToLower(r.Name)] = true
		}
	case len(n.grammar.faults) == 0:
		n.class = take(taken, ruleName(p.Name, "protocol"), "-protocol")
	}
	for i := range p.Messages {
		for j := range p.Messages[i].Fields {
			f := &p.Messages[i].Fields[j]
			if k := keyOf(f); n.fields[k] == "" {
				n.fields[k] = take(taken, ruleName(f.Name, "field"), "-field")
			}
		}
	}
	return n
}

// take returns the name, with the suffix and a number where it is taken.
func take(taken map[string]bool, name, suffix string) string {
	unique := name
	for i := 1; taken[unique]; i++ {
		unique = name + suffix
		if i > 1 {
			unique += "-" + strconv.Itoa(i)
		}
	}
	taken[unique] = true
	return unique
}

// ruleName makes a name for a rule: ASCII letters and digits, with dashes
// between words. One that does not start with a letter gets the prefix.
func ruleName(name, prefix string) string {
	var words []string
	for _, word := range model.Words(strings.ToLower(name)) {
		var b strings.Builder
		for _, r := range word {
			if r < 0x80 {
				b.WriteRune(r)
			} else {
				b.WriteString("u" + strconv.FormatInt(int64(r), 16))
			}
		}
		words = append(words, b.String())
	}
	s := strings.Join(words, "-")
	if !isAlpha(s[0]) {
		s = prefix + "-" + s
	}
	return s
}
