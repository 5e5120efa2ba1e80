package oneshot

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/spf13/pflag"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/cmd/internal/eventjson"
	"github.com/gozre/zre/cmd/internal/visible"
	"github.com/gozre/zre/zre"
)

// pinging is the flags of "zre ping".
type pinging struct {
	count    cli.Count
	interval cli.Seconds
	wait     cli.Seconds
}

// pingCommand is "zre ping PEER".
func pingCommand() cli.Program {
	c := newCommon("ping")
	p := pinging{interval: cli.Seconds(time.Second), wait: cli.Seconds(5 * time.Second)}
	return cli.Program{
		Name: "ping", Args: "PEER", Group: groupWho,
		Short: "measure round trips to a peer",
		Long: `zre ping sends a PING to a peer each second, and prints how long its PING-OK takes, until a
signal, or so often as --count says. A peer of this implementation answers when its application
has taken what came before. PEER is a name, a UUID, the beginning of one, or NAME/BEGINNING.`,
		Example: `  zre ping bob
  zre ping -c 3 --interval 0.2 bob
  zre ping -c 1 bob > /dev/null && echo "bob answers"`,
		Statuses: `0  every PING was answered
1  some were not answered, or it failed
2  the command line or zre.conf makes no sense
3  the peer is not there
4  no PING was answered
128 and the number of the signal that ended it before the first PING`,
		Node:       c.flags,
		Positional: exactly(1, "zre ping PEER"),
		Flags: func(fs *pflag.FlagSet) {
			fs.VarP(&p.count, "count", "c", "end after this many PINGs")
			fs.Var(&p.interval, "interval", "the time between two PINGs")
			fs.VarP(&p.wait, "answer-timeout", "W", "wait this long for each answer")
			c.register(fs, "end after this time")
		},
		Run: func(ctx context.Context, env *cli.Env, args []string) error {
			return c.run(ctx, env, visit, func(ctx context.Context, s *session) error {
				return s.ping(ctx, args[0], &p)
			})
		},
	}
}

func (s *session) ping(ctx context.Context, who string, p *pinging) error {
	peer, err := s.find(ctx, who)
	if err != nil {
		return err
	}
	name := visible.String(peer.Name)
	if !s.json {
		s.out.line(fmt.Sprintf("PING %s (%s) at %s", name, peer.ID, visible.String(endpoint(peer))))
	}
	ctx, cancel := s.untilGone(ctx)
	defer cancel()
	began, left := time.Now(), false
	var t trips
	for seq := 1; !left && (p.count == 0 || seq <= int(p.count)); seq++ {
		due := time.Now().Add(time.Duration(p.interval))
		within, stop := context.WithTimeout(ctx, time.Duration(p.wait))
		trip, err := s.Ping(within, peer.ID)
		stop()
		if err != nil && ctx.Err() != nil {
			break // This PING was not waited for.
		}
		t.sent++
		reason := ""
		switch {
		case errors.Is(err, zre.ErrPeerGone), errors.Is(err, zre.ErrUnknownPeer):
			left, reason = true, "the peer is gone"
		case err != nil:
			reason = fmt.Sprintf("no answer within %s s", p.wait.String())
		default:
			t.add(trip)
		}
		s.pinged(peer, seq, trip, reason)
		if last := p.count > 0 && seq == int(p.count); !last && !left && !s.pause(ctx, time.Until(due), nil) {
			break
		}
	}
	s.summary(peer, &t, time.Since(began))
	if t.sent == 0 {
		return s.ended(ctx, "no PING was sent")
	}
	return t.verdict(name)
}

// pinged prints one PING.
func (s *session) pinged(peer zre.Peer, seq int, trip time.Duration, reason string) {
	if s.json {
		o := eventjson.Ping{Event: "PING", Time: eventjson.Time(time.Now()), Peer: peer.ID, Name: peer.Name, Seq: seq, Reason: reason}
		if reason == "" {
			o.RoundTrip = milliseconds(trip)
		}
		s.out.line(eventjson.Line(o))
		return
	}
	text := "time=" + roundTrip(trip)
	if reason != "" {
		text = reason
	}
	s.out.line(fmt.Sprintf("%s: seq=%d %s", visible.String(peer.Name), seq, text))
}

// summary prints what all PINGs gave.
func (s *session) summary(peer zre.Peer, t *trips, took time.Duration) {
	if s.json {
		o := eventjson.Pings{
			Event: "PINGS", Time: eventjson.Time(time.Now()), Peer: peer.ID, Name: peer.Name,
			Sent: t.sent, Answered: t.answered,
		}
		if t.answered > 0 {
			o.Min, o.Avg, o.Max, o.Mdev = milliseconds(t.least), milliseconds(t.mean()), milliseconds(t.most), milliseconds(t.deviation())
		}
		s.out.line(eventjson.Line(o))
		return
	}
	lost := 0.0
	if t.sent > 0 {
		lost = 100 * float64(t.sent-t.answered) / float64(t.sent)
	}
	text := fmt.Sprintf("\n%s: %d PINGs, %d answered, %.3g%% lost, in %.1f s",
		visible.String(peer.Name), t.sent, t.answered, lost, took.Seconds())
	if t.answered > 0 {
		text += fmt.Sprintf("\nround trip min/avg/max/mdev = %s / %s / %s / %s",
			roundTrip(t.least), roundTrip(t.mean()), roundTrip(t.most), roundTrip(t.deviation()))
	}
	s.out.line(text)
}

func milliseconds(d time.Duration) *eventjson.Milliseconds {
	ms := eventjson.Milliseconds(d)
	return &ms
}

// trips sums round trips up.
type trips struct {
	sent, answered int
	least, most    time.Duration
	sum, squares   float64 // in seconds
}

func (t *trips) add(trip time.Duration) {
	if t.answered == 0 || trip < t.least {
		t.least = trip
	}
	t.most = max(t.most, trip)
	t.answered++
	t.sum += trip.Seconds()
	t.squares += trip.Seconds() * trip.Seconds()
}

// verdict is what PINGs to a peer, at least one, end with.
func (t *trips) verdict(name string) error {
	switch {
	case t.answered == 0:
		return &cli.ExitError{Status: cli.ExitTimeout, Err: fmt.Errorf("no answer from %s", name)}
	case t.answered < t.sent:
		return &cli.ExitError{Status: cli.ExitFailure, Err: fmt.Errorf("%s answered %d of %d PINGs", name, t.answered, t.sent)}
	}
	return nil
}

// mean and deviation are of at least one trip.
func (t *trips) mean() time.Duration { return seconds(t.sum / float64(t.answered)) }

func (t *trips) deviation() time.Duration {
	mean := t.sum / float64(t.answered)
	return seconds(math.Sqrt(max(0, t.squares/float64(t.answered)-mean*mean)))
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
