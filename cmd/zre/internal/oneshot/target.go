package oneshot

import (
	"context"
	"errors"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/zre"
)

// target is whom a message is for: a peer, the first argument, or a group, --group.
type target struct {
	group string
	peer  string
	given bool // --group was
}

func (t *target) register(fs *pflag.FlagSet) {
	fs.Func("group", "to everyone in this `GROUP`, instead of to a peer", func(text string) error {
		if t.given {
			return errors.New("is given twice; a message goes to one group")
		}
		t.group, t.given = text, true
		return nil
	})
}

// positional checks the arguments. right is what would be right.
func (t *target) positional(right string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		switch {
		case t.given:
			return groupName(t.group)
		case len(args) == 0:
			return cli.Usagef("whom is it for? (right: %s)", right)
		}
		return nil
	}
}

// explain adds to an error what a user may have meant who has typed -g GROUP.
func (t *target) explain(env *cli.Env, err error) error {
	if !t.given && env.Typed("gossip") && cli.Status(err) == cli.ExitUsage {
		return cli.Usagef("%w; -g is --gossip, and a group has --group", err)
	}
	return err
}

// words are the arguments behind the target.
func (t *target) words(args []string) []string {
	if t.given {
		return args
	}
	t.peer = args[0]
	return args[1:]
}

// resolve settles and returns whom the message is for.
func (t *target) resolve(ctx context.Context, s *session) ([]zre.Peer, error) {
	if t.given {
		return s.members(ctx, t.group)
	}
	peer, err := s.find(ctx, t.peer)
	return []zre.Peer{peer}, err
}

// send sends to the target. A *zre.DeliveryError names those who are not there any more.
func (t *target) send(ctx context.Context, s *session, to []zre.Peer, frames [][]byte) error {
	if t.given {
		return s.Shout(ctx, t.group, frames...)
	}
	err := s.Whisper(ctx, to[0].ID, frames...)
	if errors.Is(err, zre.ErrUnknownPeer) {
		err = zre.ErrPeerGone
	}
	if errors.Is(err, zre.ErrPeerGone) {
		return &zre.DeliveryError{Op: "whisper", Missed: []zre.Missed{{Peer: to[0].ID, Name: to[0].Name, Err: err}}}
	}
	return err
}
