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
	for _, dir := range []string{root, filepath.Join(root, "docs")} {
		pages, err := filepath.Glob(filepath.Join(dir, "*.md"))
		if err != nil || len(pages) == 0 {
			t.Fatalf("no pages in %s: %v", dir, err)
		}
		for _, page := range pages {
			text, err := os.ReadFile(page)
			if err != nil {
				t.Fatal(err)
			}
			there := func(from, name string) {
				if _, err := os.Stat(filepath.Join(from, filepath.FromSlash(name))); err != nil {
					t.Errorf("%s names %s, which is not there", filepath.Base(page), name)
				}
			}
			for _, m := range file.FindAllStringSubmatch(string(text), -1) {
				there(root, m[1])
			}
			for _, m := range link.FindAllStringSubmatch(string(text), -1) {
				there(dir, m[1]) // A link is relative to its page.
			}
		}
	}
}

// TestPagesShowTheExamples holds that the programs on pages are those that are compiled.
func TestPagesShowTheExamples(t *testing.T) {
	root := filepath.Join("..", "..")
	for page, example := range map[string]string{
		"README.md":   "examples/welcome/main.go",
		"docs/api.md": "examples/announce/main_test.go",
	} {
		text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(page)))
		if err != nil {
			t.Fatal(err)
		}
		program, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(example)))
		if err != nil {
			t.Fatal(err)
		}
		shown := goCmd.FindSubmatch(text)
		if shown == nil {
			t.Fatalf("%s shows no Go program", page)
		}
		if strings.TrimSpace(string(shown[1])) != strings.TrimSpace(string(program)) {
			t.Errorf("the Go program in %s is not %s: copy it again", page, example)
		}
	}
}
