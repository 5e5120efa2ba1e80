package golang

import (
	"bytes"
	_ "embed"
	"fmt"
	"go/format"
	"strings"
	"text/template"

	"github.com/dave/jennifer/jen"
)

// roundTripFile is the name of the generated test. No message takes it: theirs end in _gen.go.
const roundTripFile = "roundtrip_gen_test.go"

// roundTripText is the test. It is a template, because nearly all of it is the same for each
// protocol.
//
//go:embed roundtrip.go.tmpl
var roundTripText string

// roundTripCase is what the template needs to know of a message.
type roundTripCase struct {
	Type   string
	Values string // the fields of a struct
	Frames string // the elements of a list of strings
}

// roundTrip writes the test that encodes and decodes each message.
func (e *emitter) roundTrip() {
	if e.err != nil {
		return
	}
	data := struct {
		Generated, Package, Wire string
		Cases                    []roundTripCase
	}{Generated: Generated(e.source), Package: e.names.pkg, Wire: e.wire}
	for i := range e.p.Messages {
		data.Cases = append(data.Cases, e.roundTripCase(i))
	}
	var b bytes.Buffer
	text, err := template.New(roundTripFile).Parse(roundTripText)
	if err == nil {
		err = text.Execute(&b, data)
	}
	var content []byte
	if err == nil {
		content, err = format.Source(b.Bytes())
	}
	if err != nil {
		e.err = fmt.Errorf("%s: %w", roundTripFile, err)
		return
	}
	e.files = append(e.files, File{Name: roundTripFile, Content: content})
}

func (e *emitter) roundTripCase(i int) roundTripCase {
	m := &e.p.Messages[i]
	var values, frames []string
	field := func(name string, code jen.Code) {
		values = append(values, fmt.Sprintf("%s: %#v,", name, jen.Add(code)))
	}
	if e.names.topic != "" {
		field(e.names.topic, jen.Lit(sampleTopic))
	}
	for j := range m.Fields {
		if f := &m.Fields[j]; f.Constant == nil {
			field(e.names.field(f), sampleCode(f))
		}
	}
	for _, frame := range e.sampleFrames(m) {
		frames = append(frames, fmt.Sprintf("%q,", frame))
	}
	return roundTripCase{Type: e.names.messages[i].typ, Values: lines(values), Frames: lines(frames)}
}

// lines puts the elements of a composite literal on lines of their own.
func lines(elements []string) string {
	if len(elements) == 0 {
		return ""
	}
	return "\n" + strings.Join(elements, "\n") + "\n"
}
