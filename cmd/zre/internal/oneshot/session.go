package oneshot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/cmd/internal/peername"
	"github.com/gozre/zre/cmd/internal/visible"
	"github.com/gozre/zre/zre"
)

// errTimeout is the cause of a context that --timeout has ended.
var errTimeout = errors.New("the time of --timeout has passed")

// common is what all commands have.
type common struct {
	name    string // of the command: "send"
	flags   *cli.NodeFlags
	json    bool
	timeout cli.Bound
}

func newCommon(name string) *common { return &common{name: name, flags: cli.NewNodeFlags()} }

// register adds the flags of all commands. limit says what --timeout bounds.
func (c *common) register(fs *pflag.FlagSet, limit string) {
	fs.BoolVar(&c.json, "json", false, "print JSON, one object a line; zre(7) describes it")
	fs.VarP(&c.timeout, "timeout", "t", limit+"; 0: no limit")
}

// visit configures the node of a command that asks or sends, and leaves.
func visit(cfg *zre.Config) {
	announce(cfg)
	cfg.DiscardEvents = true
}

// announce says in a header that this is the node of one command.
func announce(cfg *zre.Config) {
	if cfg.Headers == nil {
		cfg.Headers = make(map[string]string)
	}
	cfg.Headers[cli.OneShotHeader] = "1"
	cfg.Timing.CloseTimeout = visitClose
}

// visitClose bounds the goodbye: what was to be acknowledged was waited for before.
const visitClose = time.Second

// session is a node for the time of a command.
type session struct {
	*zre.Node
	*common
	env *cli.Env
	out *output

	unsettled error // who was not reached, in words; nil: everybody was
}

// run starts a node, does the work, and closes the node.
func (c *common) run(
	ctx context.Context, env *cli.Env, set func(*zre.Config),
	work func(ctx context.Context, s *session) error,
) error {
	if c.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, time.Duration(c.timeout), errTimeout)
		defer cancel()
	}
	// The node outlives ctx: saying goodbye takes a moment.
	node, err := c.flags.StartNodeWith(context.WithoutCancel(ctx), env, set)
	if err != nil {
		return err
	}
	out := newOutput(env.Stdout)
	defer out.stop()
	s := &session{Node: node, common: c, env: env, out: out}
	err = work(ctx, s)
	// What has to be acknowledged was waited for. A peer that asks a group leaves with the first
	// answer, and does not acknowledge the others.
	closeErr := node.Close()
	if _, missed := errors.AsType[*zre.DeliveryError](closeErr); err == nil && !missed {
		err = closeErr
	}
	if failed := out.failed(); failed != nil {
		return fmt.Errorf("standard output: %w", failed)
	}
	return err
}

// settle waits until it is known who is there.
func (s *session) settle(ctx context.Context) error {
	s.unsettled = s.flags.Settle(ctx, s.Node)
	if ctx.Err() != nil {
		return s.ended(ctx, "it is not yet known who is there")
	}
	s.env.Remember(s.Peers())
	return nil
}

// unreached are those who were not reached, nil if there are none.
func (s *session) unreached() *zre.UnsettledError {
	unsettled, _ := errors.AsType[*zre.UnsettledError](s.unsettled)
	return unsettled
}

// sayUnreached says who was not reached.
func (s *session) sayUnreached() {
	if s.unsettled != nil {
		s.note("%v", s.unsettled)
	}
}

// ended is the error of a command whose context ended before it was done: a signal, or
// --timeout with status 4.
func (s *session) ended(ctx context.Context, missing string) error {
	if err := interrupted(ctx); err != nil {
		return err
	}
	return s.late(cli.ExitTimeout, missing)
}

// late is the error of a command that --timeout has ended.
func (s *session) late(status int, missing string) error {
	return &cli.ExitError{Status: status, Err: fmt.Errorf("after %s s: %s", s.timeout.String(), missing)}
}

// interrupted is the error of a command that a signal has ended before it was done, nil if
// none has. The user knows, so nothing is printed.
func interrupted(ctx context.Context) error {
	if sig, ok := errors.AsType[*cli.SignalError](context.Cause(ctx)); ok {
		return &cli.ExitError{Status: sig.Status()}
	}
	return nil
}

// note is a line for the user.
func (s *session) note(format string, args ...any) { note(s.env.Stderr, s.name, format, args...) }

func note(w io.Writer, name, format string, args ...any) {
	fmt.Fprintf(w, "zre %s: %s\n", name, visible.String(fmt.Sprintf(format, args...)))
}

// peers are the peers that are no nodes of one command.
func (s *session) peers() []zre.Peer { return slices.DeleteFunc(s.Peers(), isVisitor) }

func isVisitor(p zre.Peer) bool { return p.Headers[cli.OneShotHeader] != "" }

// find settles and returns the peer that the user means. Nodes of other commands are found
// only if nobody else matches: they may have the name of the host's node.
func (s *session) find(ctx context.Context, who string) (zre.Peer, error) {
	if err := s.settle(ctx); err != nil {
		return zre.Peer{}, err
	}
	const hint = "zre peers lists those there are"
	peer, err := peername.Find(s.peers(), who, hint)
	if !errors.Is(err, peername.ErrNoPeer) {
		return peer, err
	}
	if peer, err := peername.Find(s.Peers(), who, hint); err == nil {
		return peer, nil
	}
	if s.unsettled != nil {
		err = fmt.Errorf("%w; %v", err, s.unsettled)
	}
	return zre.Peer{}, &cli.ExitError{Status: cli.ExitNoPeer, Err: err}
}

// members settles and returns who is in a group.
func (s *session) members(ctx context.Context, group string) ([]zre.Peer, error) {
	if err := s.settle(ctx); err != nil {
		return nil, err
	}
	s.sayUnreached()
	members := s.PeersByGroup(group)
	if len(members) == 0 {
		return nil, nobodyIn(group)
	}
	return members, nil
}

func nobodyIn(group string) error {
	return &cli.ExitError{Status: cli.ExitNoPeer, Err: fmt.Errorf("nobody is in %s", visible.String(group))}
}

// missedWords says who is not known to have received what was sent.
func missedWords(missed []zre.Missed) string {
	var parts []string
	for _, m := range missed[:min(len(missed), mostListed)] {
		parts = append(parts, fmt.Sprintf("%s (%s): %v", visible.String(m.Name), m.Peer, m.Err))
	}
	if more := len(missed) - len(parts); more > 0 {
		parts = append(parts, fmt.Sprintf("and %d more", more))
	}
	return "not acknowledged by " + strings.Join(parts, "; ")
}

// groupName checks the name of a group.
func groupName(group string) error {
	if group == "" || len(group) > 255 {
		return cli.Usagef("a group's name has 1 to 255 octets, this one has %d", len(group))
	}
	return nil
}
