package main

import (
	"strings"
	"testing"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/cmd/internal/cli/clitest"
)

func TestExampleConfig(t *testing.T) { clitest.CheckExample(t, program, "../../zre.conf") }

func TestContradictions(t *testing.T) {
	for name, change := range map[string]func(*options){
		"nothing to do":       func(o *options) { o.receiveOnly, o.sendOnly = true, true },
		"count what?":         func(o *options) { o.sendOnly, o.count = true, 1 },
		"whose leave?":        func(o *options) { o.sendOnly, o.untilLeave = true, true },
		"end of which input?": func(o *options) { o.receiveOnly, o.shutdown = true, true },
		"timeout of what?":    func(o *options) { o.sendOnly, o.timeout = true, 1 },
		"timeout or leave?":   func(o *options) { o.shutdown, o.timeout = true, 1 },
		"part of what?":       func(o *options) { o.partialOK = true },
		"which form?":         func(o *options) { o.json, o.lines = true, true },
		"which end?":          func(o *options) { o.null, o.lines = true, true },
		"too much":            func(o *options) { o.bufsize = maxBufsize + 1 },
	} {
		if err := with(change).check(&cli.Env{}); cli.Status(err) != cli.ExitUsage {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := with(nil).check(&cli.Env{}); err != nil {
		t.Errorf("the defaults: %v", err)
	}
}

func TestGroupArgument(t *testing.T) {
	for name, test := range map[string]struct {
		args []string
		ok   bool
	}{
		"one": {[]string{"test"}, true}, "blanks": {[]string{"a b"}, true}, "longest": {[]string{strings.Repeat("x", 255)}, true},
		"none": {nil, false}, "two": {[]string{"a", "b"}, false}, "empty": {[]string{""}, false}, "too long": {[]string{strings.Repeat("x", 256)}, false},
	} {
		if err := group(nil, test.args); (err == nil) != test.ok || !test.ok && cli.Status(err) != cli.ExitUsage {
			t.Errorf("%s: %v", name, err)
		}
	}
}
