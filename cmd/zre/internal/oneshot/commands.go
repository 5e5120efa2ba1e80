package oneshot

import (
	"slices"

	"github.com/spf13/cobra"

	"github.com/gozre/zre/cmd/internal/cli"
)

// The headings of the commands in the help.
const (
	groupWho     = "Who is there"
	groupMessage = "Messages"
	groupFiles   = "Files"
)

// Commands are the commands for scripts.
func Commands() []cli.Program {
	commands := []cli.Program{
		peersCommand(),
		groupsCommand(),
		infoCommand(),
		waitCommand(),
		pingCommand(),
		sendCommand(),
		subCommand(),
		requestCommand(),
		replyCommand(),
		onCommand(),
		putCommand(),
		getCommand(),
	}
	for i := range commands {
		commands[i].Beside = true
	}
	return commands
}

// exactly allows so many arguments. right is what would be right: "zre info PEER".
func exactly(n int, right string) cobra.PositionalArgs { return between(n, n, right) }

// between allows so many arguments, from least to most.
func between(least, most int, right string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			return cli.Usagef("an argument is missing (right: %s)", right)
		case len(args) > most:
			return cli.Usagef("%q is too much (right: %s)", args[most], right)
		}
		return nil
	}
}

// split is the arguments before and behind "--".
type split struct{ before, command []string }

// positional keeps what is before and behind "--".
func (s *split) positional(right string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		dash := cmd.ArgsLenAtDash()
		if dash < 0 || dash == len(args) {
			return cli.Usagef("a command follows after -- (right: %s)", right)
		}
		s.before, s.command = slices.Clone(args[:dash]), slices.Clone(args[dash:])
		return nil
	}
}
