package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/cmd/internal/layout"
	"github.com/gozre/zre/cmd/internal/visible"
	"github.com/gozre/zre/zre"
)

func main() {
	cli.TuneCollector()
	os.Exit(cli.Main(program()))
}

func program() cli.Program {
	flags, opts := cli.NewNodeFlags(), newOptions()
	return cli.Program{
		Name:  "zrecat",
		Args:  "GROUP",
		Short: "copy standard input to a group of a ZRE network, and the group to standard output",
		Long: `zrecat joins GROUP, shouts what it reads from standard input there, and writes
what is said in the group, or whispered to it, to standard output.

It waits for a first member of the group before it sends (--wait, --no-wait), and until
everybody who is there is reached (--settle). At the end of input it waits until every
member has acknowledged everything, and leaves; if someone did not, it says who, and ends
with status 1. Another zrecat acknowledges a message when it has written it: one whose disk
is full, whose output is closed, or that leaves after --count messages has not acknowledged
the rest.

At the end of its input a zrecat tells the others that this was the end, and how much it
was. One that is interrupted does not. So the receiver of a file (-r -u) knows whether it
has all of it, and ends with status 1 if not. Peers of other kinds are not told.

Where standard input is closed or is /dev/null (as in services and in the
background jobs of scripts) there is nothing to send: zrecat receives, as with
--receive-only, until a signal ends it. --send-only and --shutdown turn that
off.

What is read at once goes out as one message, so that slow input flows; with
--bufbyline each line is a message of its own. Only the boundaries differ: the
octets are the same.

In a pipe or file messages are written byte for byte, with nothing added. On a terminal each
message ends with a newline; a peer's control characters act on it: "zrecat GROUP | cat -v"
shows them instead. --lines, --null, --json-lines and --format are for scripts.`,
		Example: `  zrecat test                                         talk in the group "test"
  cat /etc/os-release | zrecat test                   send a file to it
  zrecat -r -u test > copy                            take a file from it
  ( while true; do uptime; sleep 1; done ) | zrecat uptime
  ZRENAME=zrenode1 zrecat test
  echo ping | zrecat -c 1 -W 3 test                   ask, and wait for one answer
  zrecat -r -F '{time} {name}: {payload}' test        who says what, and when`,
		Manual: []cli.Section{{Title: "Format", Body: layout.Manual}},
		Statuses: `0    every member acknowledged everything; or it only received, and got what it was
     to wait for
1    it failed, a member is not known to have received everything, messages were lost,
     or with --until-leave the transfer is incomplete
2    the command line or zre.conf makes no sense
3    no peer came within --wait-timeout
4    not enough came within --timeout
128  and the number of the signal that came before the input was all sent, or before
     what --count or --until-leave waits for`,
		Node:       flags,
		LogLevel:   slog.LevelWarn,
		Flags:      opts.register,
		Positional: group,
		Run: func(ctx context.Context, env *cli.Env, args []string) error {
			if err := opts.check(env); err != nil {
				return err
			}
			if cli.NoInput(env.Stdin) && !opts.sendOnly && !opts.shutdown {
				opts.receiveOnly = true
			}
			c := &cat{
				group: args[0], options: *opts, layout: opts.layout(cli.IsTerminal(env.Stdout)),
				stdin: env.Stdin, stdout: env.Stdout, interactive: cli.IsTerminal(env.Stdin),
				note: func(format string, args ...any) {
					fmt.Fprintln(env.Stderr, "zrecat: "+visible.String(fmt.Sprintf(format, args...)))
				},
			}
			// The node outlives ctx: saying goodbye takes a moment.
			node, err := flags.StartNodeWith(context.WithoutCancel(ctx), env, c.configure)
			if err != nil {
				return err
			}
			c.node = node
			c.settle = func(ctx context.Context) error { return flags.Settle(ctx, node) }
			if !opts.sendOnly {
				gone := make(chan struct{})
				c.gone = gone
				defer cli.WatchOutput(env.Stdout, func() { close(gone) })()
			}
			return c.run(ctx)
		},
	}
}

// configure sets what the program needs of the node.
func (c *cat) configure(cfg *zre.Config) {
	cfg.Groups = []string{c.group}
	cfg.ManualAck = true
	if cfg.Headers == nil {
		cfg.Headers = make(map[string]string)
	}
	cfg.Headers[transferHeader] = c.announcement()
}

// group checks the one argument.
func group(_ *cobra.Command, args []string) error {
	switch {
	case len(args) == 0:
		return cli.Usagef("which group? (right: zrecat GROUP)")
	case len(args) > 1:
		return cli.Usagef("one group at a time, but there are %d: %s; put a name with blanks into quotes", len(args), strings.Join(args, ", "))
	case args[0] == "" || len(args[0]) > 255:
		return cli.Usagef("a group's name has 1 to 255 octets, this one has %d", len(args[0]))
	}
	return nil
}
