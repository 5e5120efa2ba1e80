package oneshot

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/cmd/internal/eventjson"
)

// groupsCommand is "zre groups".
func groupsCommand() cli.Program {
	c := newCommon("groups")
	var watch bool
	return cli.Program{
		Name: "groups", Group: groupWho,
		Short: "list the groups and who is in them",
		Long: `zre groups waits until everybody who is there is known, and lists the groups with the
names of their members.`,
		Example: `  zre groups
  zre groups --json | jq -r '.groups[].group'`,
		Statuses: `0  there are groups
1  it failed
2  the command line or zre.conf makes no sense
3  nobody is in a group
4  --timeout passed before it was known who is there
128 and the number of the signal that ended it before`,
		Node:       c.flags,
		Positional: exactly(0, "zre groups"),
		Flags: func(fs *pflag.FlagSet) {
			c.register(fs, "take no longer than this")
			fs.BoolVarP(&watch, "watch", "w", false, "go on, and list them again when something changes")
		},
		Run: func(ctx context.Context, env *cli.Env, _ []string) error {
			return c.list(ctx, env, watch, func(_ context.Context, s *session) (string, bool) {
				return s.listGroups()
			})
		},
	}
}

// listGroups is the list of groups as text or JSON, and whether there are any.
func (s *session) listGroups() (string, bool) {
	groups := []eventjson.Group{}
	for _, name := range s.PeerGroups() {
		groups = append(groups, eventjson.GroupOf(name, s.PeersByGroup(name)))
	}
	if s.json {
		return eventjson.Line(eventjson.Groups{
			Event: "GROUPS", Time: eventjson.Time(time.Now()), Groups: groups,
			Unreached: eventjson.UnreachedOf(s.unreached()),
		}), len(groups) > 0
	}
	if len(groups) == 0 {
		return "", false
	}
	rows := [][]string{{"GROUP", "PEERS", "NAMES"}}
	for _, g := range groups {
		rows = append(rows, []string{g.Group, strconv.Itoa(len(g.Peers)), strings.Join(g.Names, ", ")})
	}
	return table(rows), true
}
