package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/gozre/zre/gen/abnf"
	"github.com/gozre/zre/gen/golang"
	"github.com/gozre/zre/gen/model"
)

// output is what one model gives.
type output struct {
	dir   string            // the directory of the package
	files map[string][]byte // by path
}

// produce reads the models and makes all output in memory.
func produce(o options) ([]output, []*model.Error, error) {
	var outputs []output
	var warnings []*model.Error
	var faults []error
	from := map[string]string{} // the model of each path
	for _, path := range o.models {
		p, err := model.Read(path)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		warnings = append(warnings, p.Warnings...)
		out, err := produceOne(o, p)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", path, err))
			continue
		}
		for _, target := range []string{out.dir, grammarPath(path)} {
			if first, taken := from[target]; taken {
				faults = append(faults, fmt.Errorf("%s: %s is written for %s already", path, target, first))
				break
			}
			from[target] = path
		}
		outputs = append(outputs, out)
	}
	return outputs, warnings, errors.Join(faults...)
}

func produceOne(o options, p *model.Protocol) (output, error) {
	pkg := o.pkg
	if pkg == "" {
		pkg = golang.PackageName(p.Name)
	}
	out := output{dir: filepath.Join(o.out, pkg), files: map[string][]byte{}}
	files, err := golang.Emit(p, golang.Options{Package: pkg, Wire: o.wire})
	if err != nil {
		return out, err
	}
	for _, f := range files {
		out.files[filepath.Join(out.dir, f.Name)] = f.Content
	}
	if !o.noABNF {
		out.files[grammarPath(p.Source)] = abnf.Emit(p)
	}
	return out, nil
}

// grammarPath returns the path of the grammar of a model.
func grammarPath(path string) string {
	return strings.TrimSuffix(path, filepath.Ext(path)) + ".abnf"
}

// stale returns the generated files in the directory that are wanted no more.
// A file that a hand wrote is not one of them.
func (o output) stale() ([]string, error) {
	present, err := filepath.Glob(filepath.Join(escape(o.dir), "*.go"))
	if err != nil {
		return nil, err
	}
	var list []string
	for _, path := range present {
		if _, wanted := o.files[path]; wanted {
			continue
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		if bytes.HasPrefix(content, []byte(golang.GeneratedPrefix)) {
			list = append(list, path)
		}
	}
	return list, nil
}

// escape makes a path stand for itself in a pattern.
func escape(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

// checkAll compares what is there with what would be written.
func checkAll(outputs []output) error {
	var faults []error
	for _, o := range outputs {
		stale, err := o.stale()
		if err != nil {
			return err
		}
		for _, path := range stale {
			faults = append(faults, fmt.Errorf("%s: no longer generated", path))
		}
		for path, content := range o.files {
			present, err := os.ReadFile(path)
			if err != nil || !bytes.Equal(present, content) {
				faults = append(faults, fmt.Errorf("%s: not up to date; run go generate", path))
			}
		}
	}
	return errors.Join(faults...)
}

// writeAll writes all files. One that is up to date is left alone.
func writeAll(outputs []output) error {
	for _, o := range outputs {
		if err := os.MkdirAll(o.dir, 0o755); err != nil {
			return err
		}
		stale, err := o.stale()
		if err != nil {
			return err
		}
		for path, content := range o.files {
			if err := writeFile(path, content); err != nil {
				return err
			}
		}
		for _, path := range stale {
			if err := os.Remove(path); err != nil {
				return err
			}
		}
	}
	return nil
}

// writeFile replaces a file by way of another one beside it, so that a full
// disk or an interrupt leaves no half of a file.
func writeFile(path string, content []byte) error {
	if present, err := os.ReadFile(path); err == nil && bytes.Equal(present, content) {
		return nil
	}
	temp, err := os.CreateTemp(filepath.Dir(path), ".gen-*")
	if err != nil {
		return err
	}
	_, err = temp.Write(content)
	if err == nil {
		err = temp.Chmod(0o644)
	}
	err = errors.Join(err, temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temp.Name()))
	}
	return nil
}
