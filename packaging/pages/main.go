package main

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
)

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: go run ./packaging/pages DIRECTORY VERSION COMMIT")
		os.Exit(2)
	}
	if err := write(".", os.Args[1], revision(os.Args[2], os.Args[3])); err != nil {
		fmt.Fprintln(os.Stderr, "pages:", err)
		os.Exit(1)
	}
}

// repository is where the files are that are not installed.
const repository = "https://github.com/gozre/zre/blob/"

var (
	tag     = regexp.MustCompile(`^v\d+\.\d+\.\d+(-(alpha|beta|rc)\.?\d+)?$`)
	commits = regexp.MustCompile(`^[0-9a-f]{12}$`)
	after   = regexp.MustCompile(`-g?([0-9a-f]{12})$`)
)

// revision is what the repository calls a version, as far as that is known.
func revision(version, commit string) string {
	switch {
	case tag.MatchString(version):
		return version
	case commits.MatchString(commit):
		return commit
	}
	if m := after.FindStringSubmatch(version); m != nil {
		return m[1]
	}
	return "HEAD"
}

// installed lists the files that are installed, relative to root and with slashes.
func installed(root string) ([]string, error) {
	files := []string{"README.md", "CHANGELOG.md", "SECURITY.md", "BENCHMARKS.md", "BENCHMARKS.svg", "LICENSE", "zre.conf"}
	for _, pattern := range []string{"*.md", "*.svg", "*.png"} {
		found, err := filepath.Glob(filepath.Join(root, "docs", pattern))
		if err != nil {
			return nil, err
		}
		for _, file := range found {
			files = append(files, "docs/"+filepath.Base(file))
		}
	}
	return files, nil
}

// write writes the files of the module at root into a directory.
func write(root, dir, revision string) error {
	files, err := installed(root)
	if err != nil {
		return err
	}
	there := make(map[string]bool)
	for _, file := range files {
		there[file] = true
	}
	if err := os.MkdirAll(filepath.Join(dir, "docs"), 0o755); err != nil {
		return err
	}
	for _, file := range files {
		text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(file)))
		if err != nil {
			return err
		}
		if path.Ext(file) == ".md" {
			text = []byte(page(string(text), path.Dir(file), there, revision))
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.FromSlash(file)), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

var (
	link = regexp.MustCompile(`\]\(([^)#:\s]+)(#[^)]*)?\)`)
	// comments are for the tests that run the blocks of pages.
	comments = regexp.MustCompile(`(?s)\n<!-- (?:before|not run|needs):.*?-->`)
)

// page is a page in the directory dir, as it is installed.
func page(text, dir string, there map[string]bool, revision string) string {
	text = comments.ReplaceAllString(text, "")
	return link.ReplaceAllStringFunc(text, func(found string) string {
		m := link.FindStringSubmatch(found)
		target := path.Join(dir, m[1])
		if there[target] || strings.HasPrefix(target, "..") {
			return found
		}
		return "](" + repository + revision + "/" + target + m[2] + ")"
	})
}
