package main

import (
	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/cmd/zre/internal/oneshot"
)

// The headings of the subcommands in the help.
const (
	groupTrouble = "Troubleshooting"
	groupOther   = "Without a network"
)

// subcommands are what zre does for scripts: one thing, and then it ends. Those with a node are
// in package oneshot, the others each in a file of its own, command_NAME.go.
func subcommands() []cli.Program {
	return append(oneshot.Commands(), doctorCommand(), keygenCommand(), versionCommand())
}
