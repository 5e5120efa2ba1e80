package main

import (
	"path/filepath"

	"github.com/gozre/zre/gen/golang"
	"github.com/gozre/zre/internal/codec"
)

const (
	// ownModule is the module that has package wire already.
	ownModule = "github.com/gozre/zre"
	// wireDir is the directory of package wire, beside those of the codecs.
	wireDir = "wire"
	// wireSource is how the files of package wire name where they come from.
	wireSource = "package wire"
)

// licence stands at the head of the files of package wire, which are not made from the user's
// model but are this project's own.
const licence = "// Copyright (c) The gozre authors. SPDX-License-Identifier: MIT\n\n"

// choosePrimitives returns the import path of package wire, and the output that writes it where
// the module has none.
func choosePrimitives(o options, m module, found bool) (string, *output, error) {
	switch {
	case o.wire != "":
		return o.wire, nil, nil
	case !found:
		return "", nil, errNoModule
	case m.path == ownModule:
		return golang.DefaultWire, nil, nil
	}
	dir := filepath.Join(o.out, wireDir)
	name, err := m.importPath(dir)
	if err != nil {
		return "", nil, err
	}
	sources, err := codec.Primitives()
	if err != nil {
		return "", nil, err
	}
	out := &output{dir: dir, source: wireSource, files: map[string][]byte{}}
	for file, text := range sources {
		head := golang.Generated(wireSource) + "\n" + licence
		out.files[filepath.Join(dir, file)] = append([]byte(head), text...)
	}
	return name, out, nil
}
