package oneshot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/pflag"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/cmd/internal/eventjson"
	"github.com/gozre/zre/cmd/internal/layout"
	"github.com/gozre/zre/cmd/internal/visible"
	"github.com/gozre/zre/zre"
)

// asking is the flags of "zre request".
type asking struct {
	to     target
	count  cli.Count
	all    bool
	format layout.Format
}

// requestCommand is "zre request PEER TEXT".
func requestCommand() cli.Program {
	c := newCommon("request")
	c.timeout = cli.Bound(10 * time.Second)
	var ask asking
	var message content
	const right = "zre request PEER TEXT, or zre request --group GROUP TEXT"
	return cli.Program{
		Name: "request", Args: "{PEER | --group GROUP} [TEXT...]", Group: groupMessage,
		Short: "ask a peer or a group, and print the answer",
		Long: `zre request sends a request to a peer, or to everyone in a group, and prints the answer as it
is, or several answers each on a line of its own. Those who run zre reply answer; others see a
message whose first frame says that it is a request (zre(7) has the form). Of a group the first
answer is printed, or with --count and --all more. PEER is a name, a UUID, the beginning of one, or NAME/BEGINNING.

` + contentHelp,
		Example: `  zre request bob uptime
  zre request --group time now
  zre request --group workers --all -F '{name}: {payload}' status
  zre request --json --group time now | jq -r '.content[0]'`,
		Manual: []cli.Section{{Title: "Format", Body: layout.Manual}},
		Statuses: `0  it was answered
1  it failed, or an answer says that it failed there
2  the command line or zre.conf makes no sense
3  the peer is not there, or nobody is in the group
4  no answer, or not all that were asked for: --timeout passed, or the peer left
128 and the number of the signal that ended it before`,
		Node:       c.flags,
		Positional: ask.to.positional(right),
		Flags: func(fs *pflag.FlagSet) {
			ask.to.register(fs)
			message.register(fs)
			fs.VarP(&ask.count, "count", "c", "wait for this many answers of a group (default 1)")
			fs.BoolVar(&ask.all, "all", false, "wait for the answers of all who are in the group")
			fs.VarP(&ask.format, "format", "F", "print each answer like this: '{time} {name}: {payload}'; see Format")
			c.register(fs, "take no longer than this")
		},
		Run: func(ctx context.Context, env *cli.Env, args []string) error {
			if ask.all && ask.count > 0 {
				return cli.Usagef("--all and --count contradict each other")
			}
			if c.json && ask.format.Given() {
				return cli.Usagef("--json has a format of its own: without --format")
			}
			frames, err := message.read(ctx, env, ask.to.words(args))
			if err != nil {
				return ask.to.explain(env, err)
			}
			return c.run(ctx, env, announce, func(ctx context.Context, s *session) error {
				return s.request(ctx, &ask, frames)
			})
		},
	}
}

// question is a request that waits for answers.
type question struct {
	id      string
	asked   time.Time
	pending map[uuid.UUID]string // who has not answered, and the name
	want    int
	came    int
	failed  int
}

func (s *session) request(ctx context.Context, ask *asking, frames [][]byte) error {
	peers, err := ask.to.resolve(ctx, s)
	if err != nil {
		return err
	}
	q := question{id: newRequestID(), asked: time.Now(), pending: map[uuid.UUID]string{}, want: max(1, int(ask.count))}
	if ask.all {
		q.want = len(peers)
	}
	for _, p := range peers {
		q.pending[p.ID] = p.Name
	}
	missed, err := addMissed(nil, ask.to.send(ctx, s, peers, slices.Concat([][]byte{requestFrame(q.id)}, frames)))
	if err != nil {
		return err
	}
	for _, m := range missed {
		delete(q.pending, m.Peer)
	}
	l := &layout.Layout{Format: ask.format, Lines: q.want > 1, Terminal: cli.IsTerminal(s.env.Stdout)}
	if l.Terminal && !ask.format.Given() {
		if err := l.Format.Set("{payload}"); err != nil {
			return err
		}
	}
	return s.answers(ctx, &q, l)
}

// answers waits for the answers and prints them.
func (s *session) answers(ctx context.Context, q *question, l *layout.Layout) error {
	for q.came < q.want && len(q.pending) > 0 {
		ev, err := s.Next(ctx)
		if err != nil {
			break
		}
		name, asked := q.pending[ev.Peer]
		switch {
		case !asked:
		case ev.Type == zre.EventExit:
			delete(q.pending, ev.Peer)
			s.note("%s (%s) left before it answered", name, ev.Peer)
		case ev.Type == zre.EventWhisper:
			status, payload, ok := parseReply(ev.Content, q.id)
			if !ok {
				continue
			}
			delete(q.pending, ev.Peer)
			q.came++
			if status != 0 {
				q.failed++
				s.note("%s (%s) answers with status %d%s", name, ev.Peer, status, statusWords(status))
			}
			s.answer(ev, status, payload, time.Since(q.asked), l)
		}
	}
	switch {
	case q.came < q.want:
		return s.unanswered(ctx, q)
	case q.failed > 0:
		return &cli.ExitError{Status: cli.ExitFailure} // said before
	}
	return nil
}

// answer prints an answer.
func (s *session) answer(ev zre.Event, status int, payload [][]byte, trip time.Duration, l *layout.Layout) {
	now := time.Now()
	if s.json {
		s.out.line(eventjson.Line(eventjson.Answer{
			Event: "ANSWER", Time: eventjson.Time(now), Peer: ev.Peer, Name: ev.Name,
			Status: status, RoundTrip: eventjson.Milliseconds(trip), Content: payload,
		}))
		return
	}
	ev.Content = payload
	s.out.write(l.Append(nil, ev, now))
}

// unanswered is the error of a request with fewer answers than were asked for.
func (s *session) unanswered(ctx context.Context, q *question) error {
	if stopped := interrupted(ctx); stopped != nil {
		return stopped
	}
	text := "no answer"
	if q.came > 0 {
		text = fmt.Sprintf("%d of %d answers", q.came, q.want)
	}
	if len(q.pending) > 0 {
		var names []string
		for id, name := range q.pending {
			names = append(names, fmt.Sprintf("%s (%s)", visible.String(name), id))
		}
		slices.Sort(names)
		text += "; none from " + listed(names)
	}
	if errors.Is(context.Cause(ctx), errTimeout) {
		return s.late(cli.ExitTimeout, text)
	}
	return &cli.ExitError{Status: cli.ExitTimeout, Err: errors.New(text)}
}

// mostListed bounds how many peers the text of an error names.
const mostListed = 10

func listed(names []string) string {
	if more := len(names) - mostListed; more > 0 {
		names = append(slices.Clone(names[:mostListed]), fmt.Sprintf("and %d more", more))
	}
	return strings.Join(names, ", ")
}

// statusWords explains the statuses that no command has made.
func statusWords(status int) string {
	switch status {
	case statusLate:
		return ": its command took too long"
	case statusTooLarge:
		return ": its answer was too large"
	case statusNotRun:
		return ": its command could not be started"
	}
	return ""
}
