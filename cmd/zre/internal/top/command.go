package top

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"syscall"

	tea "charm.land/bubbletea/v2"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/cmd/internal/eventjson"
	"github.com/gozre/zre/cmd/zre/internal/watch"
	"github.com/gozre/zre/zre"
)

// Command is "zre top".
func Command(group string) cli.Program {
	flags, f := cli.NewNodeFlags(), &watch.Flags{}
	return cli.Program{
		Name: "top", Args: "[GROUP...]", Group: group, Node: flags, Beside: true,
		Short: "show who is there and what passes, live",
		Long: `zre top starts a node and shows on the whole screen what it knows: peers with the rates of
the node's own links, round trips, what is in flight and how long nothing came; groups; and events.
Links between other nodes are not known to a node. Keys sort, filter and pause; ? lists them.

With GROUP or --all-groups the node joins groups, and shows the rates of what is said in them. Without,
it is in no group and shells do not print that it came. NO_COLOR in the environment keeps colours away.`,
		Example: `  zre top
  zre top chat                 with the rates of what is said in chat
  zre top -A                   of all groups
  zre top --json | jq -r '.peers[] | "\(.name) \(.in.octets)"'`,
		Statuses: `0  the user or a signal ended it, or --timeout passed
1  it failed
2  the command line or zre.conf makes no sense, or there is no terminal and no --json`,
		Positional: func(_ *cobra.Command, args []string) error { return watch.CheckGroups(args) },
		Flags: func(fs *pflag.FlagSet) {
			f.Register(fs, "print JSON each second, one object a line; zre(7) describes it")
		},
		Run: func(ctx context.Context, env *cli.Env, args []string) error {
			if f.JSON {
				return f.Run(ctx, env, flags, args, func(ctx context.Context, node *zre.Node, opts watch.Options) error {
					return printJSON(ctx, env, node, opts)
				})
			}
			if !cli.IsTerminal(env.Stdin) || !cli.IsTerminal(env.Stdout) || os.Getenv("TERM") == "dumb" {
				return cli.Usagef("it needs a terminal (right: zre top --json, or zre peers --watch)")
			}
			return f.Run(ctx, env, flags, args, func(ctx context.Context, node *zre.Node, opts watch.Options) error {
				return onScreen(ctx, env, node, opts)
			})
		},
	}
}

// printJSON prints snapshots until ctx ends or nobody reads them any more.
func printJSON(ctx context.Context, env *cli.Env, node watch.Node, opts watch.Options) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer cli.WatchOutput(env.Stdout, cancel)()
	var failed error
	watch.Run(ctx, node, opts, func(s *watch.Snapshot) {
		if failed != nil {
			return
		}
		if _, failed = io.WriteString(env.Stdout, eventjson.Line(s.Object())+"\n"); failed != nil {
			cancel()
		}
	})
	if errors.Is(failed, syscall.EPIPE) {
		return nil
	}
	return failed
}

// onScreen shows snapshots until the user leaves or ctx ends.
func onScreen(ctx context.Context, env *cli.Env, node watch.Node, opts watch.Options) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	program := tea.NewProgram(newModel(os.Getenv("NO_COLOR") == ""),
		tea.WithContext(ctx), tea.WithInput(env.Stdin), tea.WithOutput(env.Stdout), tea.WithoutSignalHandler())
	log := &kept{}
	env.Logs.Redirect(log)
	var watching sync.WaitGroup
	watching.Go(func() {
		// Send returns when the program has ended, which is when ctx has.
		watch.Run(ctx, node, opts, func(s *watch.Snapshot) { program.Send(s) })
	})
	_, err := program.Run()
	cancel()
	watching.Wait()
	env.Logs.Redirect(env.Stderr)
	_, _ = env.Stderr.Write(log.text()) // as the log does it
	// The end of ctx, or the terminal is gone: nobody could read an error.
	if errors.Is(err, tea.ErrProgramKilled) && !errors.Is(err, tea.ErrProgramPanic) {
		return nil
	}
	return err
}

// maxKept is how many octets of the log are kept while it cannot be shown.
const maxKept = 64 << 10

// kept is where the log goes while the screen is in use: it is printed afterwards.
type kept struct {
	mu     sync.Mutex
	buffer []byte
}

// Write implements io.Writer.
func (k *kept) Write(p []byte) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.buffer)+len(p) <= maxKept {
		k.buffer = append(k.buffer, p...)
	}
	return len(p), nil
}

func (k *kept) text() []byte {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.buffer
}
