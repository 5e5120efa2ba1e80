package main

import (
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/zre"
)

func TestProblemLines(t *testing.T) {
	kinds := []zre.ProblemKind{zre.ProblemPeer, zre.ProblemStatic, zre.ProblemRefused, zre.ProblemGossip, zre.ProblemBeacon, zre.ProblemInterface, zre.ProblemAlone}
	seen := map[string]bool{}
	var all []zre.Problem
	for _, k := range kinds {
		p := zre.Problem{Kind: k, Where: "10.0.0.1", Cause: "a\x1b", Advice: "b"}
		all = append(all, p)
		text := cli.ProblemLine(p)
		if seen[text] || strings.Contains(text, "\x1b") || !strings.HasSuffix(text, ". What to do: b") {
			t.Errorf("%s: %q", k, text)
		}
		seen[text] = true
	}
	lines := cli.ProblemLines(all)
	if len(lines) != 6 || lines[5] != "and 2 more; zre doctor lists them" {
		t.Errorf("%q", lines)
	}
	if lines := cli.ProblemLines(nil); len(lines) != 0 {
		t.Errorf("of no problem: %q", lines)
	}
}

func TestProblemsCommand(t *testing.T) {
	r := startPipe(t, t.Context(), newFakeNode(), pipeOptions(func(o *options) { o.json, o.patience = true, 1 }), nil)
	go func() {
		io.WriteString(r.input, "/problems\n")
		r.input.Close()
	}()
	lines, err := r.end()
	want := regexp.MustCompile(`^{"event":"PROBLEMS","time":"[^"]+","problems":\[{"kind":"static","where":"10.0.0.9:1","cause":"timed out","advice":"open it","since":"0001-01-01T00:00:00.000Z"}\]}$`)
	if err != nil || !slices.ContainsFunc(lines, want.MatchString) {
		t.Errorf("printed %q, %v", lines, err)
	}
}
