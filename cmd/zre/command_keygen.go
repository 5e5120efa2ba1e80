package main

import (
	"context"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gozre/zre/cmd/internal/cli"
)

// keygenCommand is "zre keygen FILE"; the flag --keygen does the same.
func keygenCommand() cli.Program {
	var asJSON bool
	return cli.Program{
		Name: "keygen", Args: "FILE", Group: groupOther, NoConfig: true,
		Short: "make a key for a secure network",
		Long: `zre keygen makes a new CURVE key: FILE_secret has both halves, FILE has the
public one. Files that exist are not overwritten.`,
		Example: `  zre keygen lab && zre --key lab_secret`,
		Positional: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return cli.Usagef("one FILE for the key, not %d (right: zre keygen FILE)", len(args))
			}
			return nil
		},
		Flags: func(fs *pflag.FlagSet) {
			fs.BoolVar(&asJSON, "json", false, "print a JSON object; zre(7) describes it")
		},
		Statuses: "0  the key is in its files\n1  it could not be written\n2  the command line makes no sense",
		Run: func(_ context.Context, env *cli.Env, args []string) error {
			return cli.NewKey(env, args[0], asJSON)
		},
	}
}
