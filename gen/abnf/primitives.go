package abnf

// primitive is a type of zproto: a rule, and the primitives that it needs.
type primitive struct {
	name  string
	doc   string
	needs []string
	rule  []string
}

// primitives are all types. One comes before those that it needs. Types with
// the same doc stand together.
var primitives = []primitive{
	{"strings", "A list: the number of entries, then each of them.", []string{"number-4", "longstr"}, []string{"number-4", "*longstr"}},
	{"hash", "A map: the number of entries, then key and value of each.", []string{"number-4", "string", "longstr"}, []string{"number-4", "*( string longstr )"}},
	{"chunk", "Octets: how many, then those.", []string{"number-4"}, []string{"number-4", "*OCTET"}},
	{"uuid", "A UUID.", nil, []string{"16OCTET"}},
	{"msg", framed, []string{"frame"}, []string{"*frame"}},
	{"frame", framed, nil, []string{"*OCTET"}},
	{"string", text, []string{"number-1"}, []string{"number-1", "*OCTET"}},
	{"longstr", text, []string{"number-4"}, []string{"number-4", "*OCTET"}},
	{"number-1", numbers, nil, []string{"1OCTET"}},
	{"number-2", numbers, nil, []string{"2OCTET"}},
	{"number-4", numbers, nil, []string{"4OCTET"}},
	{"number-8", numbers, nil, []string{"8OCTET"}},
}

const (
	framed  = "Frames of their own, after the one that has the other fields."
	text    = "Text: how many octets, then those."
	numbers = "Numbers are unsigned and in network byte order."
)

// primitives writes the rules of the types that the fields refer to, and of
// those that these need in turn.
func (e *emitter) primitives() {
	section := ""
	for _, p := range primitives {
		if !e.uses[p.name] {
			continue
		}
		for _, needed := range p.needs {
			e.uses[needed] = true
		}
		if p.doc != section {
			e.section()
			e.comment(p.doc)
			section = p.doc
		}
		e.rule(p.name, p.rule...)
	}
}
