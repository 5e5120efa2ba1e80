//go:build unix

package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// block is what a page shows between two fences.
type block struct {
	page   string // relative to the module
	line   int    // of its first line
	kind   string // the word behind the fence
	before string // a script that runs before it, and that the page does not show
	needs  string // a program that it needs, and that is not everywhere
	why    string // why it is not run; "" if it is
	lines  []string
}

// The comments in front of a block that say how it is run.
var (
	beforeComment = regexp.MustCompile(`(?s)<!-- before:\s(.*?)-->`)
	needsComment  = regexp.MustCompile(`<!-- needs: (\S+) -->`)
	notRunComment = regexp.MustCompile(`(?s)<!-- not run:\s(.*?)-->`)
)

// goesOn is the line before what a terminal prints later.
var goesOn = regexp.MustCompile(`^\[([a-z]+)\]$`)

// prompt is a line that is typed to a shell: "$ ", or "bob$ " for a terminal with a name.
var prompt = regexp.MustCompile(`^([a-z]*)\$ (.*)$`)

// pages are those that show commands.
func pages(t *testing.T) []string {
	t.Helper()
	root := filepath.Join("..", "..")
	all := []string{"README.md", "CONTRIBUTING.md"}
	more, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil || len(more) == 0 {
		t.Fatalf("no pages in docs/: %v", err)
	}
	for _, name := range more {
		all = append(all, filepath.Join("docs", filepath.Base(name)))
	}
	return all
}

// blocks reads a page.
func blocks(t *testing.T, page string) (found []block) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", page))
	if err != nil {
		t.Fatal(err)
	}
	var b *block
	comments := ""
	for i, line := range strings.Split(string(text), "\n") {
		fence, isFence := strings.CutPrefix(strings.TrimLeft(line, " "), "```")
		switch {
		case isFence && b == nil:
			b = &block{page: page, line: i + 2, kind: fence}
			if m := beforeComment.FindStringSubmatch(comments); m != nil {
				b.before = m[1]
			}
			if m := needsComment.FindStringSubmatch(comments); m != nil {
				b.needs = m[1]
			}
			if m := notRunComment.FindStringSubmatch(comments); m != nil {
				b.why = strings.Join(strings.Fields(m[1]), " ")
			}
			comments = ""
		case isFence:
			found = append(found, *b)
			b = nil
		case b != nil:
			b.lines = append(b.lines, line)
		case comments != "" && !strings.Contains(comments, "-->") || strings.HasPrefix(line, "<!--"):
			comments += line + "\n"
		case strings.TrimSpace(line) != "":
			comments = ""
		}
	}
	if b != nil {
		t.Fatalf("%s:%d: a block has no end", page, b.line)
	}
	return found
}

// shows reports whether the block shows a command.
func (b block) shows() bool {
	for _, line := range b.lines {
		if prompt.MatchString(line) {
			return true
		}
	}
	return false
}

// mask is what is another one each time, and what the test sees in place of it.
var masks = []struct {
	is *regexp.Regexp
	as string
}{
	{regexp.MustCompile(`\x1b\[[0-9;?]*[a-zA-Z]`), ""},
	{regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`), "UUID"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT[0-9:.]+(Z|[+-]\d\d:\d\d)`), "TIME"},
	{regexp.MustCompile(`\b\d\d:\d\d(:\d\d)?\b`), "TIME"},
	{regexp.MustCompile(`\b\d+\.\d+\.\d+\.\d+(:\d+)?\b`), "ADDRESS"},
	{regexp.MustCompile(`public-key = "[^"]*"`), "public-key = KEY"},
	{regexp.MustCompile(`token=[0-9a-f]{32}\b`), "token=TOKEN"},
	{regexp.MustCompile(`\b[0-9a-f]{8}\b`), "ID"},
	{regexp.MustCompile(`\b(\d+m)?\d+(\.\d+)? ?(µs|ms|s)\b`), "PERIOD"},
	{regexp.MustCompile(`\b[0-9a-f]{6}\b`), "NAME"},
	{regexp.MustCompile(`\b\d+\.\d+\b`), "N"},
	{regexp.MustCompile(`_ms":\d+\b`), `_ms":N`},
	{regexp.MustCompile(`\s+`), " "},
}

// masked is a line without what is another one each time.
func masked(line string) string {
	for _, m := range masks {
		line = m.is.ReplaceAllString(line, m.as)
	}
	return strings.TrimSpace(line)
}

// same reports whether a line is what a page shows. "…" in the page stands for anything.
func same(shown, line string) bool {
	shown, line = masked(shown), masked(line)
	if !strings.Contains(shown, "…") {
		return shown == line
	}
	parts := strings.Split(shown, "…")
	for i, p := range parts {
		parts[i] = regexp.QuoteMeta(p)
	}
	is, err := regexp.MatchString("^"+strings.Join(parts, ".*")+"$", line)
	return err == nil && is
}

// match reports whether lines are what a page shows: all of them, or with begin, the first
// ones. A line that is only "…" stands for any number of lines.
func match(shown, lines []string, begin bool) bool {
	switch {
	case len(shown) == 0:
		return begin || len(lines) == 0
	case strings.TrimSpace(shown[0]) == "…":
		return match(shown[1:], lines, begin) || len(lines) > 0 && match(shown, lines[1:], begin)
	}
	return len(lines) > 0 && same(shown[0], lines[0]) && match(shown[1:], lines[1:], begin)
}

func TestMasks(t *testing.T) {
	parallel(t)
	for _, c := range []struct {
		shown, line string
		want        bool
	}{
		{"bob 5ed8d6bf 127.0.0.1:41031 0.327 ms 1s chat", "bob  00d8d6bf  192.168.1.2:4  1.2 ms  12s  chat", true},
		{"{\"rtt_ms\":0.3}", "{\"rtt_ms\":17}", true},
		{"bob: hello", "alice: hello", false},
		{"2 peers", "3 peers", false},
		{"bob: … end", "bob: and so on, to the end", true},
	} {
		if same(c.shown, c.line) != c.want {
			t.Errorf("%q is %q: want %v; they are seen as %q and %q", c.line, c.shown, c.want, masked(c.shown), masked(c.line))
		}
	}
	if !match([]string{"a", "…", "c"}, []string{"a", "b", "b", "c"}, false) || match([]string{"a"}, []string{"a", "b"}, false) {
		t.Error("lines are matched wrongly")
	}
}
