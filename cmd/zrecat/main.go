package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/cmd/internal/visible"
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
what is said in the group, or whispered to it, to standard output: byte for
byte, nothing added.

It waits for a first member of the group before it sends (--wait, --no-wait).
At the end of input it waits until every member has acknowledged everything, and
leaves; if someone did not, it says who, and ends with status 1.

Where standard input is closed or is /dev/null (as in services and in the
background jobs of scripts) there is nothing to send: zrecat receives, as with
--receive-only, until a signal ends it. --send-only and --shutdown turn that
off.

What is read at once goes out as one message, so that slow input flows; with
--bufbyline each line is a message of its own. Only the boundaries differ: the
octets are the same. On a terminal that means that a peer's control characters
act on it: "zrecat GROUP | cat -v" shows them instead.`,
		Example: `  zrecat test                                         talk in the group "test"
  cat /etc/os-release | zrecat test                   send a file to it
  zrecat -r -u test > copy                            take a file from it
  ( while true; do uptime; sleep 1; done ) | zrecat uptime
  ZRENAME=zrenode1 zrecat test
  echo ping | zrecat -c 1 test                        ask, and wait for one answer`,
		Statuses: `0  every member acknowledged everything; or it only received
1  it failed, a member is not known to have received everything, or messages
   were lost
2  the command line or zre.conf makes no sense
3  no peer came within --wait-timeout
128 and the number of the signal that came before the input was all sent`,
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
			// The node outlives ctx: saying goodbye takes a moment.
			node, err := flags.StartNode(context.WithoutCancel(ctx), env)
			if err != nil {
				return err
			}
			c := &cat{
				node: node, group: args[0], options: *opts,
				stdin: env.Stdin, stdout: env.Stdout, interactive: cli.IsTerminal(env.Stdin),
				note: func(format string, args ...any) {
					fmt.Fprintln(env.Stderr, "zrecat: "+visible.String(fmt.Sprintf(format, args...)))
				},
			}
			if !opts.sendOnly {
				gone := make(chan struct{})
				c.gone = gone
				defer cli.WatchOutput(env.Stdout, func() { close(gone) })()
			}
			return c.run(ctx)
		},
	}
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

// options are the flags of zrecat alone.
type options struct {
	receiveOnly, sendOnly, byLine, shutdown, untilLeave, noWait bool

	bufsize     cli.Size
	count       count
	wait        count
	waitTimeout cli.Seconds // 0: for ever
}

func newOptions() *options { return &options{bufsize: 64 << 10, wait: 1} }

// maxBufsize bounds a message: a receiver holds it whole in memory.
const maxBufsize = 16 << 20

func (o *options) register(fs *pflag.FlagSet) {
	fs.BoolVarP(&o.receiveOnly, "receive-only", "r", false, "do not read standard input; go on until a signal, -c or -u")
	fs.BoolVarP(&o.sendOnly, "send-only", "s", false, "do not write what is said in the group")
	fs.BoolVarP(&o.byLine, "bufbyline", "l", false, "send each line as one message (a line above --bufsize in pieces)")
	fs.VarP(&o.bufsize, "bufsize", "O", "read up to this much at once, and send it as one message (at most 16M)")
	fs.BoolVarP(&o.shutdown, "shutdown", "N", false, "leave at the end of input, also if that is /dev/null, or with -c before enough came")
	fs.VarP(&o.count, "count", "c", "leave when this many messages have come, and the input is sent")
	fs.BoolVarP(&o.untilLeave, "until-leave", "u", false, "leave when the first member that sent something leaves")
	fs.Var(&o.wait, "wait", "wait for this many members before sending")
	fs.Var(&o.waitTimeout, "wait-timeout", "wait no longer than this, then leave with status 3 (default: for ever)")
	fs.BoolVar(&o.noWait, "no-wait", false, "send immediately, also if no member is there")
}

// check finds flags that contradict each other.
func (o *options) check(env *cli.Env) error {
	switch {
	case o.receiveOnly && o.sendOnly:
		return cli.Usagef("--receive-only and --send-only leave nothing to do")
	case o.sendOnly && o.count > 0:
		return cli.Usagef("--count counts what is received, and --send-only receives nothing")
	case o.sendOnly && o.untilLeave:
		return cli.Usagef("--until-leave waits for a sender, and --send-only receives nothing")
	case o.receiveOnly && o.shutdown:
		return cli.Usagef("--shutdown is about the end of input, and --receive-only reads none")
	case o.bufsize > maxBufsize:
		return env.Refuse("bufsize", &o.bufsize, "at most 16M")
	case o.noWait && env.Typed("wait") == env.Typed("no-wait") && env.Set("wait"):
		return cli.Usagef("--wait and --no-wait contradict each other")
	case o.noWait && env.Typed("wait"): // no-wait is from zre.conf
		o.noWait = false
	}
	return nil
}
