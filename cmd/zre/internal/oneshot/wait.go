package oneshot

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/cmd/internal/eventjson"
	"github.com/gozre/zre/cmd/internal/visible"
	"github.com/gozre/zre/zre"
)

// waitCommand is "zre wait GROUP".
func waitCommand() cli.Program {
	c := newCommon("wait")
	members := cli.Count(1)
	return cli.Program{
		Name: "wait", Args: "GROUP", Group: groupWho,
		Short: "wait until so many are in a group",
		Long: `zre wait ends when so many peers are in GROUP. It does not join the group itself. With --json
it prints who is in it, also if they are too few.`,
		Example: `  zre wait workers -n 3 -t 10 || echo "the workers have not started"`,
		Statuses: `0  so many are in the group
1  it failed
2  the command line or zre.conf makes no sense
3  there were too few when --timeout passed
128 and the number of the signal that ended it before`,
		Node: c.flags,
		Positional: func(cmd *cobra.Command, args []string) error {
			if err := exactly(1, "zre wait GROUP")(cmd, args); err != nil {
				return err
			}
			return groupName(args[0])
		},
		Flags: func(fs *pflag.FlagSet) {
			fs.VarP(&members, "members", "n", "wait for this many members")
			c.register(fs, "wait no longer than this")
		},
		Run: func(ctx context.Context, env *cli.Env, args []string) error {
			return c.run(ctx, env, visit, func(ctx context.Context, s *session) error {
				return s.wait(ctx, args[0], int(members))
			})
		},
	}
}

func (s *session) wait(ctx context.Context, group string, want int) error {
	err := s.WaitFor(ctx, group, want)
	if stopped := interrupted(ctx); stopped != nil {
		return stopped
	}
	if s.json {
		s.out.line(eventjson.Line(eventjson.Members{
			Event: "MEMBERS", Time: eventjson.Time(time.Now()), Group: group, Want: want,
			Peers: eventjson.MembersOf(s.PeersByGroup(group)),
		}))
	}
	if few, ok := errors.AsType[*zre.MembersError](err); ok {
		return s.late(cli.ExitNoPeer, fmt.Sprintf("%d of %d members are in %s", few.Have, want, visible.String(group)))
	}
	return err
}
