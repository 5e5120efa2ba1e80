package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/cmd/internal/peername"
	"github.com/gozre/zre/cmd/internal/visible"
	"github.com/gozre/zre/zre"
)

// defaultPatience is enough for two beacons of peers that beacon every second.
const defaultPatience = cli.Seconds(3 * time.Second)

// errNobody says that a group has no members. They may still come.
var errNobody = errors.New("nobody")

// errNoGroup says that there is no group for a text without a command.
var errNoGroup = errors.New("you are in no group: /join GROUP first, or /shout GROUP TEXT, or /whisper PEER TEXT (/help says more)")

// errQuit is how /quit asks the front to end.
var errQuit = errors.New("quit")

// shell is what the screen and the pipe have in common. One goroutine runs
// commands; another one, [shell.watch], prints events.
type shell struct {
	node    node
	env     *cli.Env
	options options

	// print writes to what the user asked for (standard output), hint what went wrong and how to
	// correct it, say what is only for a user who watches. They may be called from any goroutine.
	print, hint, say func(text string)
	format           format
	visitors         visitors // belongs to watch
	screen           *screen  // nil in a pipe
	now              func() time.Time
	sent             bool // the command that runs has sent something

	// settle waits until everybody who is there is reached. The error names who is not.
	settle func(ctx context.Context) error
	// printed is called when an event was printed, or the output has failed.
	printed func()

	// patience is when commands stop to wait for what they name; zero on a
	// terminal, where the user sees the peers.
	patience time.Time
	settling *settling     // from a pipe: who is there is known before a command asks or sends
	changed  chan struct{} // wakes a command that waits; capacity 1: one wake-up is enough

	explained sync.Once // why somebody did not come was said

	mu     sync.Mutex
	groups []string // those we joined or shouted to, the latest last
}

func newShell(n node, env *cli.Env, o options) *shell {
	return &shell{
		node: n, env: env, options: o, changed: make(chan struct{}, 1), now: time.Now,
		settle: func(context.Context) error { return nil }, printed: func() {},
	}
}

// watch prints events in a pipe until the node is closed and everything is read.
func (s *shell) watch() {
	names := roster{own: s.node.Name()}
	for {
		ev, err := s.node.Next(context.Background())
		if err != nil {
			return
		}
		label := names.label(ev)
		if s.options.all || s.format.json || !s.visitors.hide(ev) {
			s.print(s.format.event(ev, label))
		}
		s.printed()
		select {
		case s.changed <- struct{}{}:
		default:
		}
	}
}

// joinFirst joins the groups of --join.
func (s *shell) joinFirst(ctx context.Context) error {
	for _, group := range s.options.join {
		if err := s.join(ctx, []string{group}); err != nil {
			return fmt.Errorf("--join %s: %w", visible.String(group), err)
		}
	}
	return nil
}

// current is the group that text without a command goes to, or "".
func (s *shell) current() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.groups); n > 0 {
		return s.groups[n-1]
	}
	return ""
}

// setCurrent makes a group the one that text goes to.
func (s *shell) setCurrent(group string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.groups = append(slices.DeleteFunc(s.groups, func(g string) bool { return g == group }), group)
}

func (s *shell) dropCurrent(group string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.groups = slices.DeleteFunc(s.groups, func(g string) bool { return g == group })
}

func (s *shell) join(ctx context.Context, args []string) error {
	group := args[0]
	if err := s.node.Join(group); err != nil {
		return err
	}
	s.setCurrent(group)
	s.say(fmt.Sprintf("joined %s; %s; what you type without a slash goes there", visible.String(group), s.company(group)))
	return nil
}

// company lists the members of a group.
func (s *shell) company(group string) string {
	peers := s.node.PeersByGroup(group)
	if len(peers) == 0 {
		return "nobody else is in it yet"
	}
	const most = 8
	var names []string
	label := s.labels(s.node.Peers())
	for _, p := range peers[:min(len(peers), most)] {
		names = append(names, visible.String(label(p)))
	}
	if more := len(peers) - most; more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	return "with you: " + strings.Join(names, ", ")
}

func (s *shell) leave(ctx context.Context, args []string) error {
	group := s.current()
	if len(args) > 0 {
		group = args[0]
	}
	if own := s.node.Groups(); !slices.Contains(own, group) {
		if group == "" {
			return errors.New("you are in no group")
		}
		return fmt.Errorf("you are not in %s%s", visible.String(group), inGroups(own))
	}
	if err := s.node.Leave(group); err != nil {
		return err
	}
	s.dropCurrent(group)
	s.say("left " + visible.String(group))
	return nil
}

func inGroups(groups []string) string {
	if len(groups) == 0 {
		return ", nor in any other group"
	}
	shown := make([]string, len(groups))
	for i, g := range groups {
		shown[i] = visible.String(g)
	}
	return "; you are in " + strings.Join(shown, ", ")
}

func (s *shell) shout(ctx context.Context, args []string) error {
	if err := s.sendTo(ctx, args[0], args[1]); err != nil {
		return err
	}
	s.setCurrent(args[0])
	return nil
}

// sayText sends text that is no command to the current group.
func (s *shell) sayText(ctx context.Context, text string) error {
	group := s.current()
	if group == "" {
		return errNoGroup
	}
	return s.sendTo(ctx, group, text)
}

// sendTo shouts, and reports an error if the group has no members.
func (s *shell) sendTo(ctx context.Context, group, text string) error {
	s.settling.beforeSending(ctx)
	there := s.await(ctx, func() bool { return len(s.node.PeersByGroup(group)) > 0 })
	s.echo(func(l look) []span { return l.said(group, text) })
	if err := s.node.Shout(ctx, group, []byte(text)); err != nil {
		return s.delivered(err)
	}
	if !there {
		return fmt.Errorf("%w is in %s, so nobody got that", errNobody, visible.String(group))
	}
	return nil
}

func (s *shell) whisper(ctx context.Context, args []string) error {
	s.settling.beforeSending(ctx)
	peer, err := s.awaitPeer(ctx, args[0])
	if err != nil {
		return err
	}
	s.echo(func(l look) []span { return l.whispered(s.labels(s.node.Peers())(peer), args[1]) })
	return s.delivered(s.node.Whisper(ctx, peer.ID, []byte(args[1])))
}

// awaitPeer finds the peer that a command names; in a pipe it waits for it.
func (s *shell) awaitPeer(ctx context.Context, who string) (peer zre.Peer, err error) {
	s.settling.wait(ctx)
	s.await(ctx, func() bool {
		peer, err = s.find(who)
		return !errors.Is(err, errNoSuchPeer)
	})
	return peer, err
}

// find returns the peer that the user means, see the function find.
func (s *shell) find(who string) (zre.Peer, error) {
	peers := s.node.Peers()
	peer, err := find(peers, who)
	if several, ok := errors.AsType[*peername.SeveralError](err); ok && s.screen != nil {
		return peer, s.several(several, s.labels(peers))
	}
	return peer, err
}

// several names the peers that a word could stand for as the screen does.
func (s *shell) several(e *peername.SeveralError, label func(zre.Peer) string) error {
	const most = 20
	var candidates []string
	for _, p := range e.Found[:min(len(e.Found), most)] {
		name := label(p)
		if name == p.Name {
			name += " (" + shortID(p.ID) + ")"
		}
		candidates = append(candidates, visible.String(name))
	}
	return fmt.Errorf("%s could be %s%s; say the UUID, or enough of it",
		visible.String(e.Who), strings.Join(candidates, ", "), more(len(e.Found)-most))
}

// await waits until there returns true, until the patience of the shell ends.
func (s *shell) await(ctx context.Context, there func() bool) bool {
	if there() {
		return true
	}
	left := time.Until(s.patience)
	if left <= 0 {
		return false
	}
	timer := time.NewTimer(left)
	defer timer.Stop()
	poll := time.NewTicker(250 * time.Millisecond) // in case nobody reads our output
	defer poll.Stop()
	for {
		select {
		case <-s.changed:
		case <-poll.C:
		case <-timer.C:
			return there()
		case <-ctx.Done():
			return false
		}
		if there() {
			return true
		}
	}
}

func (s *shell) debug(context.Context, []string) error {
	s.env.SetDebug(true)
	s.say("debug lines are on; /nodebug turns them off")
	return nil
}

func (s *shell) nodebug(context.Context, []string) error {
	s.env.SetDebug(false)
	s.say("debug lines are off")
	return nil
}

// explain prints text for a reader: with --json it must not come between the
// events.
func (s *shell) explain(text string) {
	if s.format.json {
		s.hint(text)
	} else {
		s.print(text)
	}
}

func (s *shell) quit(context.Context, []string) error { return errQuit }
