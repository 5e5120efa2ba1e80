package oneshot

import (
	"context"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/cmd/zre/internal/transfer"
	"github.com/gozre/zre/zre"
)

// receiving is the flags of "zre get".
type receiving struct {
	dir     string
	yes     bool
	force   bool
	stay    bool
	quiet   bool
	count   cli.Count
	maxSize cli.Size
}

// getCommand is "zre get GROUP".
func getCommand() cli.Program {
	c := newCommon("get")
	get := receiving{count: 1, maxSize: 16 << 30}
	const right = "zre get GROUP, or zre get GROUP DIR"
	return cli.Program{
		Name: "get", Args: "GROUP [DIR]", Group: groupFiles,
		Short: "receive files and directories from zre put",
		Long: `zre get joins GROUP and receives what zre put gives to the group, or to this node: into DIR, or the
current directory. It asks before each transfer; with --yes it takes everything up to --max-size, and
where it cannot ask, without a terminal, it refuses. It ends after one transfer (--count, --stay),
and prints the names of what it has received.

Nothing outside of DIR is written, no symbolic link is followed, and no file that is there is
replaced without --force; one with the same content is kept. A file that is not complete has a name
that begins with ` + transfer.PartPrefix + `; it goes on from there when the same file is given again.`,
		Example: `  zre get family                      asks
  zre get --yes inbox ~/incoming
  zre get --yes --stay --quiet drop /srv/drop
  tar xf "$(zre get --yes -t 60 deploy)"`,
		Manual: []cli.Section{{Title: "JSON", Body: transferHelp}},
		Statuses: `0  as many transfers are complete as --count says
1  it failed, or a transfer did: the disk, a checksum, a file that is there already
2  the command line or zre.conf makes no sense
4  --timeout passed before that
128 and the number of the signal that ended it before`,
		Node: c.flags,
		Positional: func(cmd *cobra.Command, args []string) error {
			if err := between(1, 2, right)(cmd, args); err != nil {
				return err
			}
			if len(args) == 2 && get.dir != "" {
				return cli.Usagef("DIR and --dir are the same; give one of them")
			}
			return groupName(args[0])
		},
		Flags: func(fs *pflag.FlagSet) {
			fs.StringVar(&get.dir, "dir", "", "receive into this directory (`DIR`), which is made if it is not there")
			fs.BoolVarP(&get.yes, "yes", "y", false, "take everything, without asking")
			fs.BoolVar(&get.force, "force", false, "replace files that are there")
			fs.VarP(&get.count, "count", "c", "end when so many transfers are complete")
			fs.BoolVar(&get.stay, "stay", false, "go on until a signal, also when a transfer fails")
			fs.Var(&get.maxSize, "max-size", "refuse transfers that are larger than this")
			fs.BoolVarP(&get.quiet, "quiet", "q", false, "print errors, and what was received, only")
			c.register(fs, "wait no longer than this")
		},
		Run: func(ctx context.Context, env *cli.Env, args []string) error {
			switch {
			case len(args) == 2:
				get.dir = args[1]
			case get.dir == "":
				get.dir = "."
			}
			dest, err := transfer.OpenDest(get.dir, get.force)
			if err != nil {
				return err
			}
			defer func() { _ = dest.Close() }() // All files in it are closed and on the disk.
			set := func(cfg *zre.Config) {
				cfg.Groups, cfg.ManualAck = args[:1], true
				if cfg.Headers == nil {
					cfg.Headers = make(map[string]string)
				}
				cfg.Headers[transfer.Header] = "1"
				cfg.Timing.CloseTimeout = visitClose
			}
			return c.run(ctx, env, set, func(ctx context.Context, s *session) error {
				return s.get(ctx, &get, dest)
			})
		},
	}
}

// get receives until it has enough.
func (s *session) get(ctx context.Context, flags *receiving, dest *transfer.Dest) error {
	ctx, cancel := s.untilGone(ctx)
	defer cancel()
	g := &getter{s: s, flags: flags, dest: dest, show: newProgress(s, flags.quiet), finished: make(map[transfer.ID]transfer.Result)}
	defer g.close()
	switch {
	case flags.yes:
	case !cli.IsTerminal(s.env.Stdin):
		g.show.warn("without --yes, and without a terminal to ask on, it refuses everything")
	default:
		g.questions = newQuestions(s.env.Stdin)
		defer g.questions.stop()
	}
	return g.run(ctx)
}
