package house

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	link  = regexp.MustCompile(`\]\(([^)#:]+)(?:#[^)]*)?\)`)
	file  = regexp.MustCompile(`(?:^|[^/a-z])([a-z_]+(?:/[a-z_0-9]+)+\.(?:go|sh|xml|yaml|abnf|md|conf))\b`)
	goCmd = regexp.MustCompile("(?s)\n```go\n(.*?)```\n")
)

// TestDocumentsNameWhatIsThere finds pages that name a file that is not there.
func TestDocumentsNameWhatIsThere(t *testing.T) {
	root := filepath.Join("..", "..")
	pages, err := filepath.Glob(filepath.Join(root, "*.md"))
	if err != nil || len(pages) == 0 {
		t.Fatalf("no pages at the top of the module: %v", err)
	}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		named := append(file.FindAllStringSubmatch(string(text), -1), link.FindAllStringSubmatch(string(text), -1)...)
		for _, m := range named {
			name := m[1]
			if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(name))); err != nil {
				t.Errorf("%s names %s, which is not there", filepath.Base(page), name)
			}
		}
	}
}

// TestReadmeShowsTheExample holds that the program in README.md is the one that is compiled.
func TestReadmeShowsTheExample(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(filepath.Join("..", "..", "examples", "welcome", "main.go"))
	if err != nil {
		t.Fatal(err)
	}
	shown := goCmd.FindSubmatch(readme)
	if shown == nil {
		t.Fatal("README.md shows no Go program")
	}
	if strings.TrimSpace(string(shown[1])) != strings.TrimSpace(string(program)) {
		t.Error("the Go program in README.md is not examples/welcome/main.go: copy it again")
	}
}
