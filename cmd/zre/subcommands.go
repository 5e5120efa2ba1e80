package main

import "github.com/gozre/zre/cmd/internal/cli"

// The headings of the subcommands in the help.
const (
	groupOther = "Without a network"
)

// subcommands are what zre does for scripts: one thing, and then it ends. Each is in a file
// of its own, command_NAME.go.
func subcommands() []cli.Program {
	return []cli.Program{
		keygenCommand(),
		versionCommand(),
	}
}
