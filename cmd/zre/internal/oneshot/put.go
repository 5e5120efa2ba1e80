package oneshot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/cmd/internal/peername"
	"github.com/gozre/zre/cmd/internal/visible"
	"github.com/gozre/zre/cmd/zre/internal/transfer"
	"github.com/gozre/zre/zre"
)

// giving is the flags of "zre put".
type giving struct {
	group  string
	given  bool // --group was
	within cli.Bound
	quiet  bool
}

// putCommand is "zre put FILE GROUP".
func putCommand() cli.Program {
	c := newCommon("put")
	give := giving{within: cli.Bound(time.Minute)}
	const right = "zre put FILE PEER, zre put FILE GROUP, or zre put --group GROUP FILE"
	return cli.Program{
		Name: "put", Args: "FILE... {GROUP | PEER}", Group: groupFiles,
		Short: "give files and directories to those who run zre get",
		Long: `zre put offers files, and directories with all that is in them, to everyone who runs zre get in
GROUP, or to PEER. Each of them decides. Those who take it get it at their own pace: a slow one does
not hold up the others. It ends when all who have taken it have confirmed that everything is on
their disks with the right checksum (SHA-256), or says who has not.

What was interrupted goes on where it was: after a break in the network by itself, else when the
same is given again. Symbolic links, devices and the like in directories are left out, and said.
PEER is a name, a UUID, the beginning of one, or NAME/BEGINNING; with --group all arguments are files.`,
		Example: `  zre put report.pdf bob
  zre put photos/ --group family
  zre put --accept-within 10 backup.tar vault || echo "not everybody has it"`,
		Manual: []cli.Section{{Title: "JSON", Body: transferHelp}},
		Statuses: `0  all who have taken it have confirmed it
1  it failed, or somebody who has taken it has not confirmed it, or all refused it, or
   somebody who is there was not reached; he is named
2  the command line or zre.conf makes no sense
3  nobody there runs zre get: the peer, or nobody in the group
4  nobody took it within --accept-within or --timeout
128 and the number of the signal that ended it before`,
		Node: c.flags,
		Positional: func(_ *cobra.Command, args []string) error {
			switch {
			case give.given && len(args) == 0:
				return cli.Usagef("which file? (right: %s)", right)
			case give.given:
				return groupName(give.group)
			case len(args) < 2:
				return cli.Usagef("which file, and whom is it for? (right: %s)", right)
			}
			return nil
		},
		Flags: func(fs *pflag.FlagSet) {
			fs.Func("group", "to those in this `GROUP`; all arguments are files", func(text string) error {
				give.group, give.given = text, true
				return nil
			})
			fs.VarP(&give.within, "accept-within", "W", "wait so long for the decision of each; 0: no limit")
			fs.BoolVarP(&give.quiet, "quiet", "q", false, "print errors only")
			c.register(fs, "take no longer than this for all of it")
		},
		Run: func(ctx context.Context, env *cli.Env, args []string) error {
			to := give.group
			if !give.given {
				to, args = args[len(args)-1], args[:len(args)-1]
			}
			source, err := transfer.Gather(ctx, args)
			if err != nil {
				return err
			}
			return c.run(ctx, env, announce, func(ctx context.Context, s *session) error {
				return s.put(ctx, &give, source, to)
			})
		},
	}
}

// transferHelp explains what --json prints.
const transferHelp = `One object for each change of a transfer with a peer: "event" is PUT or GET, "state" is offered,
accepted, refused, progress (once a second), interrupted (the session was lost; it goes on), done,
failed, unanswered (PUT) or left (GET). "octets" of "total" are there; "reason" says what failed;
"paths" is what was received.`

// put offers and sends.
func (s *session) put(ctx context.Context, give *giving, source *transfer.Source, to string) error {
	show := newProgress(s, give.quiet)
	for i, name := range source.LeftOut {
		if i == mostListed {
			show.warn("and %d more are left out", len(source.LeftOut)-i)
			break
		}
		show.warn("%s is left out: it is neither a file nor a directory, or it is incomplete", name)
	}
	peers, isGroup, err := s.takers(ctx, give, to)
	if err != nil {
		return err
	}
	p := &putter{s: s, source: source, show: show, byID: make(map[uuid.UUID]*taker), ended: make(chan sendEnd)}
	for _, peer := range peers {
		r := &taker{Peer: peer}
		p.takers, p.byID[peer.ID] = append(p.takers, r), r
	}
	err = p.run(ctx, time.Duration(give.within))
	if err == nil && isGroup && s.unsettled != nil {
		return &cli.ExitError{Status: cli.ExitFailure} // said before
	}
	return err
}

// takers settles and returns who runs zre get in a group, or the peer of that name who does.
func (s *session) takers(ctx context.Context, give *giving, to string) (peers []zre.Peer, isGroup bool, err error) {
	if err := s.settle(ctx); err != nil {
		return nil, false, err
	}
	s.sayUnreached()
	takes := func(list []zre.Peer) []zre.Peer {
		return slices.DeleteFunc(list, func(p zre.Peer) bool { return p.Headers[transfer.Header] == "" })
	}
	inGroup, all := takes(s.PeersByGroup(to)), takes(s.Peers())
	named := !give.given && slices.ContainsFunc(all, func(p zre.Peer) bool { return p.Name == to })
	switch {
	case named && len(inGroup) > 0:
		return nil, false, cli.Usagef("%s is a group and a peer (right: --group %[1]s, or the peer's UUID)", visible.String(to))
	case len(inGroup) > 0:
		return inGroup, true, nil
	}
	shown := visible.String(to)
	if !give.given {
		peer, err := peername.Find(all, to, "zre peers lists those there are")
		if !errors.Is(err, peername.ErrNoPeer) {
			return []zre.Peer{peer}, false, err
		}
		if _, err := peername.Find(s.Peers(), to, ""); err == nil {
			return nil, false, &cli.ExitError{Status: cli.ExitNoPeer, Err: fmt.Errorf("%s does not run zre get", shown)}
		}
	}
	if len(s.PeersByGroup(to)) > 0 {
		return nil, false, &cli.ExitError{Status: cli.ExitNoPeer, Err: fmt.Errorf("nobody in %s runs zre get", shown)}
	}
	if give.given {
		return nil, false, nobodyIn(to)
	}
	err = fmt.Errorf("there is no group and no peer %s", shown)
	return nil, false, &cli.ExitError{Status: cli.ExitNoPeer, Err: err}
}
