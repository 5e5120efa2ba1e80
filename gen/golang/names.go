package golang

import (
	"go/token"
	"go/types"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gozre/zre/gen/model"
)

// names holds the Go names of all that a protocol names.
type names struct {
	pkg      string
	messages []messageNames    // in the order of the protocol
	fields   map[string]string // by model.Key
	defines  []string          // in the order of the protocol
	topic    string            // the field of a publish-subscribe topic
	header   []accessorNames   // in the order of accessors
}

// accessorNames are the methods that get and set a field that all messages have.
type accessorNames struct{ get, set string }

type messageNames struct {
	typ    string // the struct
	id     string // the constant of its id
	member string // the field of the Decoder that holds one
	file   string
}

// newNames chooses the names. A scope gives each name once, first to what the
// codec always has, then to the messages, their ids and the defines.
func newNames(p *model.Protocol, pkg string) *names {
	n := &names{pkg: pkg, fields: map[string]string{}}
	if pkg == "" {
		n.pkg = PackageName(p.Name)
	}
	top := newScope("ID", "Message", "Header", "Decoder", "Decode", "DecodeHeader", "DecodeFrames", "Encode")
	files := newScope("doc.go", "message_gen.go", "decoder_gen.go", "frames_gen.go")
	members := newScope("strings")
	for _, m := range p.Messages {
		n.messages = append(n.messages, messageNames{
			typ:    top.take(goName(m.Name, "Msg"), "Msg", ""),
			member: members.take(unexported(m.Name), "Msg", ""),
			file:   files.take(fileName(m.Name), "_msg", "_gen.go"),
		})
	}
	for i, m := range p.Messages {
		n.messages[i].id = top.take("ID"+strings.TrimPrefix(goName(m.Name, "Msg"), "Msg"), "Msg", "")
	}
	for _, d := range p.Defines {
		n.defines = append(n.defines, top.take(goName(d.Name, "Const"), "Const", ""))
	}
	fields := newScope("ID", "AppendTo", "Decode", "Size", "Equal", "String",
		"AppendFrames", "DecodeFrames", "AppendBinary", "MarshalBinary", "UnmarshalBinary")
	if p.PubSub {
		n.topic = fields.take("Topic", "", "")
		n.header = append(n.header, takeAccessors(fields, n.topic))
	}
	for i := range p.Header {
		if f := &p.Header[i]; f.Constant == nil {
			n.header = append(n.header, takeAccessors(fields, goName(f.Name, "Field")))
		}
	}
	for _, m := range p.Messages {
		for _, f := range m.Fields {
			if key := model.Key(f.Name); n.fields[key] == "" && f.Constant == nil {
				n.fields[key] = fields.take(goName(f.Name, "Field"), "Field", "")
			}
		}
	}
	return n
}

// takeAccessors returns the names of the accessors of a header field.
func takeAccessors(s scope, name string) accessorNames {
	return accessorNames{
		get: s.take("Header"+name, "Field", ""),
		set: s.take("SetHeader"+name, "Field", ""),
	}
}

// field returns the Go name of a field.
func (n *names) field(f *model.Field) string { return n.fields[model.Key(f.Name)] }

// scope gives each name once.
type scope map[string]bool

func newScope(taken ...string) scope {
	s := scope{}
	for _, name := range taken {
		s[name] = true
	}
	return s
}

// take returns base and end, with the suffix between them when that is taken,
// and with a number when that is taken too.
func (s scope) take(base, suffix, end string) string {
	name := base + end
	for i := 1; s[name]; i++ {
		name = base + suffix + end
		if i > 1 {
			name = base + suffix + strconv.Itoa(i) + end
		}
	}
	s[name] = true
	return name
}

// initialisms are the words that Go writes in one case.
var initialisms = map[string]bool{
	"ACL": true, "API": true, "CPU": true, "DNS": true, "HTTP": true, "HTTPS": true, "ID": true, "IP": true,
	"JSON": true, "OK": true, "RPC": true, "TCP": true, "TLS": true, "TTL": true, "UDP": true, "URI": true,
	"URL": true, "UTF8": true, "UUID": true, "XML": true,
}

// goName makes an exported identifier of a name. One that does not start with
// a letter that has an upper case gets the prefix.
func goName(name, prefix string) string {
	var b strings.Builder
	for _, word := range model.Words(name) {
		upper := strings.ToUpper(word)
		switch {
		case initialisms[upper]:
			word = upper
		case word == upper:
			word = strings.ToLower(word)
		}
		first, size := utf8.DecodeRuneInString(word)
		b.WriteRune(unicode.ToUpper(first))
		b.WriteString(word[size:])
	}
	s := b.String()
	if first, _ := utf8.DecodeRuneInString(s); !unicode.IsUpper(first) {
		return prefix + s
	}
	return s
}

// unexported makes an identifier for use within the package.
func unexported(name string) string {
	words := model.Words(name)
	s := goName(strings.Join(words[1:], " "), "")
	s = strings.ToLower(words[0]) + s
	if first, _ := utf8.DecodeRuneInString(s); !unicode.IsLetter(first) || token.IsKeyword(s) || unicode.IsUpper(first) {
		s = "msg" + s
	}
	return s
}

// longestFile is how long the start of a file name may be. File systems end at
// 255 octets.
const longestFile = 100

// fileName makes the start of a file name, in ASCII and of a length that every
// file system takes.
func fileName(name string) string {
	var b strings.Builder
	for _, r := range model.Key(name) {
		if r < utf8.RuneSelf {
			b.WriteRune(r)
		} else {
			b.WriteString("u" + strconv.FormatInt(int64(r), 16))
		}
	}
	s := b.String()
	return s[:min(len(s), longestFile)]
}

// PackageName returns the name of the Go package for a protocol: the letters
// and digits of its class name.
func PackageName(class string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(class) {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			b.WriteRune(r)
		}
	}
	s := b.String()
	if s == "" || s[0] <= '9' {
		s = "proto" + s
	}
	// A package may not be called by a keyword, should not be called by a name
	// that Go or the codec itself uses, and main would be a program.
	switch s {
	case "main", "wire", "strconv", "internal", "vendor", "testdata":
		return s + "msg"
	}
	if token.IsKeyword(s) || types.Universe.Lookup(s) != nil {
		return s + "msg"
	}
	return s
}
