package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/cmd/zrebench/internal/measure"
	"github.com/gozre/zre/cmd/zrebench/internal/report"
	"github.com/gozre/zre/cmd/zrebench/internal/worker"
)

func main() {
	cli.TuneCollector() // As zre and zrecat do.
	// A worker takes orders from zrebench alone, so it has no flags and reads no zre.conf.
	if len(os.Args) == 2 && os.Args[1] == worker.Hidden {
		if err := worker.Serve(context.Background(), os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, "zrebench:", err)
			os.Exit(cli.ExitFailure)
		}
		return
	}
	os.Exit(cli.Main(program()))
}

// What can be measured, in addition to single measures.
const (
	everything = "all"
	writing    = "report"
)

func program() cli.Program {
	o := newOptions()
	return cli.Program{
		Name:  "zrebench",
		Args:  "MEASURE...",
		Short: "measure ZRE nodes, libzmq and raw TCP",
		Long: `zrebench starts processes of its own on the loopback interface, lets them talk,
and prints figures. Each figure comes with that of libzmq alone (a C loop over
a DEALER and a ROUTER, frames of the same sizes) and of raw TCP (the same octets,
in large reads and writes of Go), measured in turn in the same run, because on a
machine that does other things as well only the ratio means something. Figures
are medians of --runs, with the least and the largest. Where a figure has a goal,
zrebench says whether it reaches it.

libzmq is measured by a zrebench that is built with it: go build -tags libzmq.

` + measures() + `
  all         all of these
  report      all of these, written to BENCHMARKS.md with a plot

Every message that a node receives is checked: it must be the next one, and
whole.`,
		Example: `  zrebench throughput
  zrebench --size 16,256,4k throughput latency
  zrebench --json all > figures.jsonl
  zrebench throughput secure                          what does encryption cost?
  zrebench --no-raw --cpuprofile /tmp/w --size 16 throughput    profiles of both ends`,
		Statuses: `0  all was measured
1  a node failed, or a message was lost or came out of order
2  the command line makes no sense`,
		NoConfig:   true,
		Flags:      o.register,
		Positional: positional,
		Complete:   complete,
		Run: func(ctx context.Context, env *cli.Env, args []string) error {
			if err := o.check(); err != nil {
				return err
			}
			o.Stderr = env.Stderr
			o.Progress = func(what string) {
				if !o.quiet {
					fmt.Fprintln(env.Stderr, "zrebench:", what)
				}
			}
			if args[0] == writing {
				return o.write(ctx)
			}
			return o.run(ctx, env, args)
		},
	}
}

// measures lists them for the help text.
func measures() string {
	var b strings.Builder
	for _, m := range measure.All() {
		fmt.Fprintf(&b, "  %-11s %s\n", m.Name, m.Short)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// names are the arguments that there are.
func names() []string {
	var list []string
	for _, m := range measure.All() {
		list = append(list, m.Name)
	}
	return append(list, everything, writing)
}

// complete offers the arguments to the shell.
func complete(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return names(), cobra.ShellCompDirectiveNoFileComp
}

// positional checks the arguments.
func positional(_ *cobra.Command, args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("what is to be measured? (%s)", strings.Join(names(), ", "))
	}
	for _, a := range args {
		if !slices.Contains(names(), a) {
			list := strings.Join(names(), ", ")
			return fmt.Errorf("there is no measure %q (there are: %s)", a, list)
		}
	}
	if len(args) > 1 && slices.Contains(args, writing) {
		return fmt.Errorf("%s stands alone: it measures everything", writing)
	}
	return nil
}

// run measures what was asked for. In JSON each row comes as soon as there is one.
func (o *options) run(ctx context.Context, env *cli.Env, args []string) error {
	var rows []measure.Row
	var failed error
	watch := report.NewWatch()
	for _, m := range measure.Some(&o.Options, args, slices.Contains(args, everything)) {
		got, err := m.Run(ctx, &o.Options)
		rows, failed = append(rows, got...), errors.Join(failed, err)
		if o.json {
			if err := report.JSON(env.Stdout, got); err != nil {
				return err
			}
		}
		if ctx.Err() != nil {
			break
		}
	}
	if !o.json {
		c := report.Circumstances{LibZMQ: worker.HasLibZMQ || o.NoRaw, Others: watch.Others()}
		if err := report.Text(env.Stdout, rows, c); err != nil {
			return err
		}
	}
	return failed
}
