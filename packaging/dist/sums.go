package main

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// sumsFile is what sha256sum -c reads.
const sumsFile = "SHA256SUMS"

// writeSums writes the checksums of all files of a directory, sorted by name, and returns how
// many there are.
func writeSums(dir string) (int, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0, err
	}
	var list strings.Builder
	for _, e := range entries {
		sum := sha256.New()
		if err := copyFile(sum, filepath.Join(dir, e.Name())); err != nil {
			return 0, err
		}
		fmt.Fprintf(&list, "%x  %s\n", sum.Sum(nil), e.Name())
	}
	return len(entries), os.WriteFile(filepath.Join(dir, sumsFile), []byte(list.String()), 0o644)
}
