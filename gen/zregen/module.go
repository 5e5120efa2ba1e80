package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// module is the Go module that a directory is in.
type module struct {
	root string // its directory, absolute
	path string // what its packages' import paths start with
}

// findModule returns the module of a directory, which may not be there yet, or none.
func findModule(dir string) (module, bool, error) {
	at, err := filepath.Abs(dir)
	if err != nil {
		return module{}, false, err
	}
	for {
		file := filepath.Join(at, "go.mod")
		text, err := os.ReadFile(file)
		switch {
		case err == nil:
			name, ok := modulePath(string(text))
			if !ok {
				return module{}, false, fmt.Errorf("%s: no module line", file)
			}
			return module{root: at, path: name}, true, nil
		case !errors.Is(err, fs.ErrNotExist) && !notDirectory(err):
			return module{}, false, named(file, err)
		}
		parent := filepath.Dir(at)
		if parent == at {
			return module{}, false, nil
		}
		at = parent
	}
}

// modulePath returns what the module line of a go.mod says.
func modulePath(text string) (string, bool) {
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "//")
		fields := strings.Fields(line)
		if len(fields) != 2 || fields[0] != "module" {
			continue
		}
		name := fields[1]
		if unquoted, err := strconv.Unquote(name); err == nil {
			name = unquoted
		}
		return name, name != ""
	}
	return "", false
}

// importPath returns the import path of the package in a directory of the module.
func (m module) importPath(dir string) (string, error) {
	rel, err := m.relative(dir)
	if err != nil {
		return "", err
	}
	return path.Join(m.path, rel), nil
}

// relative returns a path from the root of the module, with slashes.
func (m module) relative(file string) (string, error) {
	abs, err := filepath.Abs(file)
	if err != nil {
		return "", err
	}
	rel, err := filepath.Rel(m.root, abs)
	return filepath.ToSlash(rel), err
}
