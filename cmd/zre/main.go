package main

import (
	"context"
	"log/slog"
	"os"
	"time"

	"github.com/spf13/pflag"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/zre"
)

func main() {
	cli.TuneCollector()
	os.Exit(cli.Main(program()))
}

// slowPeer is how long the shell waits for a peer that does not read: a person who talks to
// several others does not want to wait for one of them.
const slowPeer = 10 * time.Second

func program() cli.Program {
	flags, opts := cli.NewNodeFlags(), newOptions()
	flags.LeaveOutSlow(slowPeer)
	return cli.Program{
		Name:  "zre",
		Short: "a shell on a ZRE network",
		Long: `zre joins the ZRE network around it, prints what happens there, and runs the
commands that are typed. Peers on the same network find each other by
themselves; elsewhere --gossip or --peer says where to begin.

On a terminal it keeps the line being typed below what it prints, with the time
in front of each event. Peers are shown by their names, and where two have the
same name with the beginning of their UUIDs (--long: all of it). Tab completes
commands, groups, peers and files; the arrow keys and Ctrl-R bring earlier lines
back. Ctrl-C clears the line; on an empty line Ctrl-C, Ctrl-D and /quit leave.

Where standard input or output is not a terminal, commands are read from
standard input line by line, and plain lines are printed; --json prints one JSON
object for each event. At the end of input zre waits until the peers have
acknowledged everything that was sent, and leaves; with --stay, or when
standard input is closed or /dev/null, it goes on printing until a signal ends
it. At the start no peer is known yet. So the first command from a pipe that sends or
lists waits until everybody who is there is known and reached (about a second;
--settle bounds it). Who was not reached is named, and the status is 1. After that a
command waits a moment (--patience) for the group or the peer that it names.`,
		Example: `  zre
  zre -g 192.0.2.1:31337                              by way of a gossip server
  echo '/shout time test!' | zre                      say something and leave
  zre --keygen lab && zre --key lab_secret            encrypted, among those who have the key
  echo /peers | zre --json                            who is there?
  zre --json --join time < /dev/null | jq .           what is said in a group, until Ctrl-C`,
		Manual: []cli.Section{{Title: "In the shell", Body: manual()}, {Title: "Keys in the shell", Body: keyManual()}},
		Statuses: `0  all went well
1  it failed, a command from a pipe failed, a peer is not known to have received
   everything, or one that is there was not reached before commands sent
2  the command line or zre.conf makes no sense
3  a peer, or a member of a group, that a command from a pipe named did not come`,
		Node:     flags,
		Commands: subcommands(),
		LogLevel: slog.LevelWarn,
		Flags:    opts.register,
		Run: func(ctx context.Context, env *cli.Env, _ []string) error {
			if env.Typed("keygen") {
				return cli.NewKey(env, opts.keygen, opts.json)
			}
			terminal := !opts.json && cli.IsTerminal(env.Stdin) && cli.IsTerminal(env.Stdout) && os.Getenv("TERM") != "dumb"
			env.Logs.Words(terminal)
			// The node outlives ctx: saying goodbye takes a moment.
			node, err := flags.StartNodeWith(context.WithoutCancel(ctx), env, func(cfg *zre.Config) {
				cfg.Groups = opts.join
				cfg.ManualAck = !terminal // see pipe.acknowledge
			})
			if err != nil {
				return err
			}
			s := newShell(node, env, *opts)
			s.settle = func(ctx context.Context) error { return flags.Settle(ctx, node) }
			if terminal {
				return s.runScreen(ctx)
			}
			return s.runPipe(ctx)
		},
	}
}

// options are the flags of zre alone; package cli lists them as keys of
// section [zre] that other programs skip.
type options struct {
	json     bool
	stay     bool
	all      bool
	long     bool
	color    colorMode
	join     []string
	patience cli.Seconds
	keygen   string
}

func newOptions() *options { return &options{patience: defaultPatience, color: colorAuto} }

func (o *options) register(fs *pflag.FlagSet) {
	fs.BoolVar(&o.json, "json", false, "print events as JSON, one object a line")
	fs.StringArrayVar(&o.join, "join", nil, "be in this `GROUP` from the start; may be repeated")
	fs.BoolVar(&o.stay, "stay", false, "at the end of input go on until a signal")
	fs.BoolVar(&o.all, "all", false, "show also the nodes of commands such as zre send as they come and go (--json: always)")
	fs.Var(&o.patience, "patience", "how long after the start a command from a pipe waits for the group or peer it names")
	fs.BoolVar(&o.long, "long", false, "on a terminal show UUIDs and all headers")
	fs.Var(&o.color, "color", "colours on a terminal: auto (unless NO_COLOR is set), always or never")
	fs.StringVar(&o.keygen, "keygen", "", "make a key for a secure network in FILE and `FILE`_secret, and leave")
	cli.CommandLineOnly(fs, "keygen")
}
