package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/gozre/zre/gen/abnf"
	"github.com/gozre/zre/gen/golang"
	"github.com/gozre/zre/gen/model"
)

// errNoModule says that package wire cannot be named.
var errNoModule = errors.New("no go.mod above it, so the import path of package wire is " +
	"not known; name one with -wire")

// output is what one model gives, or package wire.
type output struct {
	dir     string            // the directory of the package
	source  string            // how the files name the model
	files   map[string][]byte // of the package, by path
	grammar string            // the path of the grammar, or empty
	text    []byte            // the grammar
}

// produce reads the models and makes all output in memory.
func produce(o options) ([]output, []*model.Error, error) {
	m, found, err := findModule(o.out)
	if err != nil {
		return nil, nil, err
	}
	wire, primitives, err := choosePrimitives(o, m, found)
	if err != nil {
		return nil, nil, named(o.out, err)
	}
	p := producer{
		options: o, module: m, found: found, wire: wire,
		packages: map[string]*model.Protocol{}, grammars: map[string]string{},
	}
	for _, path := range o.models {
		if err := p.model(path); err != nil {
			p.faults = append(p.faults, err)
		}
	}
	if primitives != nil {
		p.outputs = append(p.outputs, *primitives)
	}
	if o.strict && len(p.faults) == 0 && len(p.warnings) > 0 {
		p.faults = append(p.faults, errors.New("zregen: -strict takes warnings for faults"))
	}
	return p.outputs, p.warnings, errors.Join(p.faults...)
}

// producer gathers the output of all models.
type producer struct {
	options
	module   module
	found    bool   // whether there is a module
	wire     string // the import path of package wire
	outputs  []output
	warnings []*model.Error
	faults   []error
	packages map[string]*model.Protocol // by directory
	grammars map[string]string          // the model of each grammar
}

// model makes the output of one model.
func (p *producer) model(path string) error {
	m, err := model.Read(path)
	if err != nil {
		return err
	}
	p.warnings = append(append(p.warnings, m.Warnings...), abnf.Lint(m)...)
	pkg := p.pkg
	if pkg == "" {
		pkg = golang.PackageName(m.Name)
	}
	out := output{
		dir: filepath.Join(p.out, pkg), source: p.sourceName(path), files: map[string][]byte{},
	}
	if first, taken := p.packages[out.dir]; taken {
		return fmt.Errorf("%s: class %s gives package %s, as class %s of %s does; "+
			"choose another name with -package", path, m.Name, pkg, first.Name, first.Source)
	}
	p.packages[out.dir] = m
	files, err := golang.Emit(m, golang.Options{
		Package: pkg, Wire: p.wire, Source: out.source, NoTest: p.noTest,
	})
	if err != nil {
		return named(path, err)
	}
	for _, f := range files {
		out.files[filepath.Join(out.dir, f.Name)] = f.Content
	}
	if !p.noABNF {
		out.grammar, out.text = grammarPath(path), abnf.Emit(m)
		if first, taken := p.grammars[out.grammar]; taken {
			return fmt.Errorf("%s: its grammar %s is that of %s already", path, out.grammar, first)
		}
		p.grammars[out.grammar] = path
	}
	p.outputs = append(p.outputs, out)
	return nil
}

// sourceName returns how files name a model: by its path within the module, so that it is the
// same wherever the module is, or by its file name alone.
func (p *producer) sourceName(path string) string {
	if p.found {
		if name, err := p.module.relative(path); err == nil {
			return name
		}
	}
	return filepath.Base(path)
}

// grammarPath returns the path of the grammar of a model.
func grammarPath(path string) string {
	return strings.TrimSuffix(path, filepath.Ext(path)) + ".abnf"
}
