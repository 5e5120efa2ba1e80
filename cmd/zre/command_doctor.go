package main

import (
	"context"
	"errors"
	"log/slog"

	"github.com/spf13/pflag"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/cmd/internal/doctor"
)

// doctorCommand is zre doctor.
func doctorCommand() cli.Program {
	flags := cli.NewNodeFlags()
	asJSON := false
	return cli.Program{
		Name:  "doctor",
		Short: "say why nodes do not meet, and what to do",
		Group: groupTrouble,
		Long: `zre doctor looks at this host and the network around it for about 8 seconds, and
says what is wrong, what that means, and what to type. It changes nothing.

It lists the interfaces, and what each sends and hears; who has the UDP port of the
beacons; whether multicast, broadcast and loopback work; free TCP ports; rules of the
firewall that drop what nodes need, where they can be read (root can); nodes that
are heard and not reached; each gossip server; key files; and limits.

Give it the flags that the node is to be started with. For the time it runs, it is a
node of its own, with the name "zre doctor", which other nodes see.`,
		Example: `  zre doctor
  zre doctor -g gossip.example.org --key lab_secret
  zre doctor --json | jq .findings`,
		Statuses: `0  nothing is wrong, as far as can be seen
1  something is wrong
2  the command line or zre.conf makes no sense
128 and the number of the signal that ended it before`,
		Node:     flags,
		LogLevel: slog.LevelError,
		Flags: func(fs *pflag.FlagSet) {
			fs.BoolVar(&asJSON, "json", false, "print the report as one JSON object")
			cli.CommandLineOnly(fs, "json")
		},
		Run: func(ctx context.Context, env *cli.Env, _ []string) error {
			node, keyErr := flags.Config(env)
			key, trust := flags.KeyFiles()
			report := doctor.Run(ctx, doctor.Config{
				Node: node, KeyErr: keyErr, Key: key, Trust: trust,
				Listen: doctor.ListenTime, Observe: doctor.ObserveTime,
			})
			if sig, ok := errors.AsType[*cli.SignalError](context.Cause(ctx)); ok {
				return &cli.ExitError{Status: sig.Status(), Err: sig}
			}
			write := report.WriteText
			if asJSON {
				write = report.WriteJSON
			}
			if err := write(env.Stdout); err != nil {
				return err
			}
			if !report.OK {
				return &cli.ExitError{Status: cli.ExitFailure}
			}
			return nil
		},
	}
}
