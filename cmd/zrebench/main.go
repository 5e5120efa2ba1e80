package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/cmd/zrebench/internal/measure"
	"github.com/gozre/zre/cmd/zrebench/internal/report"
	"github.com/gozre/zre/cmd/zrebench/internal/worker"
	"github.com/gozre/zre/zre"
)

func main() {
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

// What can be asked for besides single measures.
const (
	everything = "all"
	writing    = "report"
)

func program() cli.Program {
	o := newOptions()
	return cli.Program{
		Name:  "zrebench",
		Args:  "MEASURE...",
		Short: "measure ZRE nodes beside libzmq alone",
		Long: `zrebench starts processes of its own on the loopback interface, lets them talk,
and prints figures. Each figure stands beside that of a C loop over libzmq
alone (a DEALER to a ROUTER, frames of the same sizes), measured in the same
run by turns, because on a machine that does other things as well only the
ratio means something. Figures are medians of --runs; the table shows the least
and the largest too.

` + measures() + `
  all         all of these
  report      all of these, written to BENCHMARKS.md with a plot

Every message that is received is looked at: that it is the next one, and whole.`,
		Example: `  zrebench throughput
  zrebench --size 16,256,4k throughput latency
  zrebench --json all > figures.jsonl
  zrebench --secure throughput                        what does encryption cost?
  zrebench --no-raw --cpuprofile /tmp/w --size 16 throughput    profiles of both ends`,
		Statuses: `0  all was measured
1  it failed, or a message was lost or came out of order
2  the command line makes no sense`,
		NoConfig:   true,
		Flags:      o.register,
		Positional: positional,
		Complete: func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return names(), cobra.ShellCompDirectiveNoFileComp
		},
		Run: func(ctx context.Context, env *cli.Env, args []string) error {
			if err := o.check(); err != nil {
				return err
			}
			if o.secure {
				key, err := zre.NewCertificate()
				if err != nil {
					return err
				}
				o.SecretKey = key.SecretKey
				if !env.Set("nodes") {
					// Secure nodes of one process meet over TCP: 100 of them have more
					// descriptors than most systems let a process have.
					o.Nodes = o.Nodes[:1]
				}
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

// positional checks the arguments.
func positional(_ *cobra.Command, args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("what is to be measured? (%s)", strings.Join(names(), ", "))
	}
	for _, a := range args {
		if !slices.Contains(names(), a) {
			return fmt.Errorf("there is no measure %q (there are: %s)", a, strings.Join(names(), ", "))
		}
	}
	if len(args) > 1 && slices.Contains(args, writing) {
		return fmt.Errorf("%s stands alone: it measures everything", writing)
	}
	return nil
}

// run measures what was asked for and prints each row as soon as there is one.
func (o *options) run(ctx context.Context, env *cli.Env, args []string) error {
	var rows []measure.Row
	for _, m := range measure.All() {
		if !slices.Contains(args, m.Name) && !slices.Contains(args, everything) {
			continue
		}
		got, err := m.Run(ctx, &o.Options)
		rows = append(rows, got...)
		if o.json {
			if err := report.JSON(env.Stdout, got); err != nil {
				return err
			}
		}
		if err != nil {
			if !o.json && len(rows) > 0 {
				_ = report.Table(env.Stdout, rows) // The error is what matters now.
			}
			return err
		}
	}
	if o.json {
		return nil
	}
	return report.Table(env.Stdout, rows)
}
