package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var root = filepath.Join("..", "..")

// TestLinksLeadSomewhere follows each link of the installed pages: to a file beside them, or to
// one that is in the repository.
func TestLinksLeadSomewhere(t *testing.T) {
	dir := t.TempDir()
	if err := write(root, dir, "v1.2.3"); err != nil {
		t.Fatal(err)
	}
	links := regexp.MustCompile(`\]\(([^)#\s]+)`)
	local, remote := 0, 0
	err := filepath.WalkDir(dir, func(file string, entry os.DirEntry, err error) error {
		if err != nil || filepath.Ext(file) != ".md" {
			return err
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		for _, m := range links.FindAllStringSubmatch(string(text), -1) {
			at := filepath.Join(filepath.Dir(file), filepath.FromSlash(m[1]))
			if inside, ok := strings.CutPrefix(m[1], repository+"v1.2.3/"); ok {
				at = filepath.Join(root, filepath.FromSlash(inside))
				remote++
			} else if strings.Contains(m[1], "://") {
				continue
			} else {
				local++
			}
			if _, err := os.Stat(at); err != nil {
				t.Errorf("%s leads to %s, which is not there", entry.Name(), m[1])
			}
		}
		if strings.Contains(string(text), "\n<!-- before") || strings.Contains(string(text), "\n<!-- not run: it") {
			t.Errorf("%s has a comment for tests", entry.Name())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if local < 20 || remote < 20 {
		t.Errorf("only %d links to installed files, and %d to others", local, remote)
	}
}

func TestRevision(t *testing.T) {
	for _, c := range [][3]string{
		{"v1.2.3", "0123456789ab", "v1.2.3"},
		{"v1.2.3-rc.1", "-", "v1.2.3-rc.1"},
		{"v1.2.3-5-g0123456789ab", "-", "0123456789ab"},
		{"v0.0.0-20261128130313-6e7d32090eb2", "6e7d32090eb2", "6e7d32090eb2"},
		{"v0.0.0-20261128130313-6e7d32090eb2", "6e7d32090eb2+changes", "6e7d32090eb2"},
		{"v0.0.0-unknown", "-", "HEAD"},
	} {
		if got := revision(c[0], c[1]); got != c[2] {
			t.Errorf("%s %s: %s, want %s", c[0], c[1], got, c[2])
		}
	}
}

func TestPage(t *testing.T) {
	there := map[string]bool{"docs/guide.md": true, "README.md": true}
	for text, want := range map[string]string{
		"[a](guide.md#top)":                        "[a](guide.md#top)",
		"[a](../README.md)":                        "[a](../README.md)",
		"[a](../zre/doc.go)":                       "[a](" + repository + "R/zre/doc.go)",
		"![p](map.png)":                            "![p](" + repository + "R/docs/map.png)",
		"[a](https://example.org/x.md)":            "[a](https://example.org/x.md)",
		"text\n<!-- before:\nx\n-->\n```console\n": "text\n```console\n",
	} {
		if got := page(text, "docs", there, "R"); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
