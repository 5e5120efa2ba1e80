package model

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Loader returns the content of a file that a model includes.
type Loader func(path string) ([]byte, error)

// Read reads the model at path, in the format that its extension names.
func Read(path string) (*Protocol, error) {
	data, err := load(path)
	if err != nil {
		return nil, &Error{File: path, Reason: cause(err), Err: err}
	}
	return Parse(path, data, load)
}

// Parse reads a model that is in memory already. The path tells the format and
// is what errors name; includes are found beside it, by the loader.
func Parse(path string, data []byte, load Loader) (*Protocol, error) {
	root, err := parseTree(path, data)
	if err != nil {
		return nil, err
	}
	return build(path, root, load)
}

func parseTree(path string, data []byte) (*element, error) {
	if len(data) > maxFile {
		return nil, &Error{File: path, Line: 1, Reason: fmt.Sprintf("larger than %d octets", maxFile)}
	}
	switch ext := strings.ToLower(filepath.Ext(path)); ext {
	case ".xml":
		return readXML(path, data)
	case ".yaml", ".yml":
		return readYAML(path, data)
	default:
		return nil, &Error{File: path, Line: 1, Reason: fmt.Sprintf("extension %q is not one of .xml, .yaml, .yml", ext)}
	}
}

// hasFormat reports whether the extension of a file names a format.
func hasFormat(path string) bool {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".xml", ".yaml", ".yml":
		return true
	}
	return false
}

// load reads a file, unless it is far too large to be a model.
func load(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	if info.Size() > maxFile {
		return nil, fmt.Errorf("larger than %d octets", maxFile)
	}
	return os.ReadFile(path)
}

// cause leaves the path out of an error: ours names it already.
func cause(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}
