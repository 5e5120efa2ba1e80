package model

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// textKey is the key in YAML for what is prose between tags in XML.
const textKey = "text"

// yamlPlural are the keys that name a list of elements by their plural.
var yamlPlural = map[string]string{
	"includes": "include", "defines": "define", "types": "type",
	"messages": "message", "fields": "field", "tests": "test",
}

// yamlShort are the elements that YAML may write as a bare text, and the
// attribute that the text stands for. Without one it is the element's text.
var yamlShort = map[string]string{"grammar": "", "include": "filename", "test": "", "license": ""}

// yamlElements are the keys that name elements and not attributes. Those in the plural do, too.
// Key type is an attribute of a field.
var yamlElements = map[string]bool{
	"include": true, "define": true, "message": true, "field": true, "test": true, "header": true,
	"grammar": true, "license": true,
}

// readYAML reads the element tree of a YAML model. Its document is the class;
// a key with a plain value is an attribute, or the text when it is called so;
// a key with a mapping, or with a list of mappings, is a child element or a
// list of them.
func readYAML(file string, data []byte) (*element, error) {
	y := &yamlReader{file: file}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document, more yaml.Node
	if err := decoder.Decode(&document); err != nil {
		if errors.Is(err, io.EOF) {
			err = errors.New("no document found")
		}
		return nil, y.broken(err)
	}
	if err := decoder.Decode(&more); !errors.Is(err, io.EOF) {
		if err != nil {
			return nil, y.broken(err)
		}
		return nil, y.fault(&more, "a second document")
	}
	return y.element("class", &document, 0)
}

type yamlReader struct {
	file  string
	nodes int
}

func (y *yamlReader) fault(node *yaml.Node, format string, args ...any) error {
	return &Error{File: y.file, Line: max(node.Line, 1), Reason: fmt.Sprintf(format, args...)}
}

// yamlLine finds the line that the YAML library names in its message.
var yamlLine = regexp.MustCompile(`\bline (\d+): `)

// broken gives an error of the YAML library its file and line.
func (y *yamlReader) broken(err error) error {
	reason, line := strings.TrimPrefix(err.Error(), "yaml: "), 1
	if at := yamlLine.FindStringSubmatchIndex(reason); at != nil {
		if n, err := strconv.Atoi(reason[at[2]:at[3]]); err == nil && n > 0 {
			line = n
		}
		reason = reason[:at[0]] + reason[at[1]:]
	}
	return &Error{File: y.file, Line: line, Reason: "broken YAML: " + reason, Err: err}
}

// resolve follows an alias to what it stands for.
func (y *yamlReader) resolve(node *yaml.Node, depth int) (*yaml.Node, error) {
	y.nodes++
	if y.nodes > maxElements {
		return nil, y.fault(node, "more than %d elements", maxElements)
	}
	if depth > maxDepth {
		return nil, y.fault(node, "elements nested more than %d deep", maxDepth)
	}
	if node.Kind == yaml.AliasNode {
		return node.Alias, nil
	}
	return node, nil
}

// element reads a mapping as an element.
func (y *yamlReader) element(name string, node *yaml.Node, depth int) (*element, error) {
	node, err := y.resolve(node, depth)
	if err != nil {
		return nil, err
	}
	if node.Kind == yaml.DocumentNode && len(node.Content) == 1 {
		return y.element(name, node.Content[0], depth+1)
	}
	e := &element{name: name, file: y.file, line: max(node.Line, 1)}
	if node.Kind == yaml.ScalarNode {
		return e, y.short(e, node)
	}
	if node.Kind != yaml.MappingNode {
		return nil, y.fault(node, "%s is not a mapping", name)
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if key.Kind != yaml.ScalarNode {
			return nil, y.fault(key, "a key of %s is not a plain text", name)
		}
		if seen[key.Value] {
			return nil, y.fault(key, "%s has key %q twice", name, key.Value)
		}
		seen[key.Value] = true
		if err := y.entry(e, key, value, depth+1); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// entry reads one key of a mapping.
func (y *yamlReader) entry(e *element, key, value *yaml.Node, depth int) error {
	value, err := y.resolve(value, depth)
	if err != nil {
		return err
	}
	name := key.Value
	child, isElement := name, yamlElements[name]
	if singular, ok := yamlPlural[name]; ok {
		child, isElement = singular, true
	}
	_, short := yamlShort[child]
	items := []*yaml.Node{value}
	switch {
	case value.Tag == "!!null" && (isElement || name == textKey):
		return nil // a list of none
	case value.Tag == "!!null":
		return y.fault(key, "key %q of %s has no value", name, e.name)
	case value.Kind == yaml.ScalarNode && name == textKey:
		e.prose(value.Value, textLine(value))
		return nil
	case value.Kind == yaml.ScalarNode && !short && isElement:
		return y.fault(value, "%s is a plain value where a mapping or a list is due", name)
	case value.Kind == yaml.ScalarNode && !short:
		e.attrs = append(e.attrs, attr{name: name, value: value.Value, line: key.Line})
		return nil
	case value.Kind == yaml.SequenceNode:
		items = value.Content
	}
	for _, item := range items {
		c, err := y.element(child, item, depth+1)
		if err != nil {
			return err
		}
		e.children = append(e.children, c)
	}
	return nil
}

// short reads an element that is written as a bare text.
func (y *yamlReader) short(e *element, node *yaml.Node) error {
	attribute, ok := yamlShort[e.name]
	switch {
	case !ok:
		return y.fault(node, "%s is a plain value where a mapping is due", e.name)
	case attribute == "":
		e.prose(node.Value, textLine(node))
	default:
		e.attrs = append(e.attrs, attr{name: attribute, value: node.Value, line: node.Line})
	}
	return nil
}

// textLine returns the line that a text starts in: that of a block is below its mark.
func textLine(node *yaml.Node) int {
	if node.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		return node.Line + 1
	}
	return node.Line
}
