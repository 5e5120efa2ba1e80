package main

import (
	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/cmd/zre/internal/oneshot"
	"github.com/gozre/zre/cmd/zre/internal/top"
	"github.com/gozre/zre/cmd/zre/internal/webmap"
)

// The headings of the subcommands in the help.
const (
	groupWatch   = "Watching"
	groupTrouble = "Troubleshooting"
	groupOther   = "Without a network"
)

// subcommands are what zre does for scripts: one thing, and then it ends. Those with a node are
// in package oneshot, those that show the network in packages of their own, and the others each
// in a file of its own, command_NAME.go.
func subcommands() []cli.Program {
	return append(oneshot.Commands(),
		top.Command(groupWatch), webmap.Command(groupWatch),
		doctorCommand(), keygenCommand(), versionCommand())
}
