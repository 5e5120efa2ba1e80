package codec

import (
	"embed"
	"path"
	"strings"
)

//go:embed wire/*.go
var sources embed.FS

// Primitives returns the source files of package wire, by name, without its tests. The generator
// gives them to modules that may not import this one's.
func Primitives() (map[string][]byte, error) {
	const dir = "wire"
	entries, err := sources.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, entry := range entries {
		if strings.HasSuffix(entry.Name(), "_test.go") {
			continue
		}
		text, err := sources.ReadFile(path.Join(dir, entry.Name()))
		if err != nil {
			return nil, err
		}
		files[entry.Name()] = text
	}
	return files, nil
}
