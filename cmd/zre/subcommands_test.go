package main

import (
	"os"
	"strings"
	"testing"
)

// README.md has a row for each command with a node, and each command says what its statuses mean.
func TestCommandsAreDocumented(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range subcommands() {
		if c.Node != nil && !strings.Contains(string(readme), "\n| `zre "+c.Name+" ") && !strings.Contains(string(readme), "\n| `zre "+c.Name+"` ") {
			t.Errorf("README.md has no row for zre %s", c.Name)
		}
		if c.Statuses == "" || c.Short == "" || c.Group == "" {
			t.Errorf("zre %s does not say all: %q, %q, %q", c.Name, c.Statuses, c.Short, c.Group)
		}
		if c.FlagSet().Lookup("json") == nil {
			t.Errorf("zre %s has no --json", c.Name)
		}
	}
}
