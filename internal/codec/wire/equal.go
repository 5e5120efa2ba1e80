package wire

import (
	"bytes"
	"maps"
	"slices"
)

// EqualOctets reports whether two chunks or frames are equal. An empty one equals none at all: they
// are the same on the wire. That holds for the other functions of this kind, too.
func EqualOctets(a, b []byte) bool { return bytes.Equal(a, b) }

// EqualStrings reports whether two lists are equal.
func EqualStrings(a, b []string) bool { return slices.Equal(a, b) }

// EqualHash reports whether two maps are equal.
func EqualHash(a, b map[string]string) bool { return maps.Equal(a, b) }

// EqualFrames reports whether two lists of frames are equal.
func EqualFrames(a, b [][]byte) bool { return slices.EqualFunc(a, b, bytes.Equal) }
