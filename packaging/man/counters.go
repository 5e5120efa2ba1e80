package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/gozre/zre/internal/snake"
)

// countersLine in zre.7.md is replaced by the list of a struct's fields:
// <!-- counters FILE TYPE -->
var countersLine = regexp.MustCompile(`(?m)^<!-- counters (\S+) (\S+) -->$`)

// overviewPage makes zre(7).
func overviewPage(root string) (string, error) {
	data, err := os.ReadFile(filepath.Join(root, "packaging", "man", "zre.7.md"))
	if err != nil {
		return "", err
	}
	var failed error
	text := countersLine.ReplaceAllStringFunc(string(data), func(line string) string {
		m := countersLine.FindStringSubmatch(line)
		list, err := counters(filepath.Join(root, filepath.FromSlash(m[1])), m[2])
		if err != nil {
			failed = err
		}
		return list
	})
	return text, failed
}

// counters lists the fields of a struct as the JSON calls them, each with its comment.
func counters(file, name string) (string, error) {
	set := token.NewFileSet()
	parsed, err := parser.ParseFile(set, file, nil, parser.ParseComments)
	if err != nil {
		return "", err
	}
	for _, decl := range parsed.Decls {
		types, ok := decl.(*ast.GenDecl)
		if !ok || types.Tok != token.TYPE {
			continue
		}
		for _, spec := range types.Specs {
			spec := spec.(*ast.TypeSpec)
			fields, ok := spec.Type.(*ast.StructType)
			if ok && spec.Name.Name == name {
				return fieldList(set, fields)
			}
		}
	}
	return "", fmt.Errorf("there is no struct %s in %s", name, file)
}

func fieldList(set *token.FileSet, fields *ast.StructType) (string, error) {
	var out strings.Builder
	for _, f := range fields.Fields.List {
		if len(f.Names) == 0 {
			continue // an embedded struct, which has a list of its own
		}
		text := strings.TrimSpace(f.Comment.Text())
		if text == "" {
			text = strings.TrimSpace(f.Doc.Text())
		}
		if text == "" {
			return "", fmt.Errorf("%s: no comment says what %s counts",
				set.Position(f.Pos()), f.Names[0].Name)
		}
		var names []string
		for _, n := range f.Names {
			names = append(names, "**"+escape(snake.Case(n.Name))+"**")
		}
		text = escape(strings.Join(strings.Fields(text), " "))
		fmt.Fprintf(&out, "%s\n:   %s\n\n", strings.Join(names, ", "), text)
	}
	return strings.TrimRight(out.String(), "\n"), nil
}
