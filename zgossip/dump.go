package zgossip

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/gozre/zre/internal/codec/zgossipmsg"
	"github.com/gozre/zre/internal/gossip/wire"
	"github.com/gozre/zre/internal/transport"
	"github.com/gozre/zre/internal/transport/choose"
)

// DumpConfig says which server Dump asks, and how.
type DumpConfig struct {
	// Transport carries the messages, see ServerConfig.Transport.
	Transport string
	// Server is the server, in the form of ParseServer. The public key of a server that uses
	// CURVE follows behind a |.
	Server string
	// SecretKey is the caller's own, for a server that uses CURVE.
	SecretKey string
}

// dumpQuiet is the silence after which a server that answers no PING has sent everything.
const dumpQuiet = time.Second

// Dump asks a server of any implementation for all its tuples, sorted by key. ctx bounds the
// time. If the server has not answered by then, the error is ErrNoAnswer around its cause. It
// returns earlier if nobody listens at any of its addresses, if none can be reached, if the
// server refuses our key, or if only one of the two uses CURVE. A
// haskell-zre server without tuples that does not answer PINGs sends nothing at all.
func Dump(ctx context.Context, cfg DumpConfig) ([]Tuple, error) {
	from, err := parseRemote(cfg.Server, cfg.SecretKey)
	if err != nil {
		return nil, &ConfigError{"Server", withoutKey(cfg.Server), err.Error()}
	}
	if err := choose.Check(cfg.Transport); err != nil {
		return nil, &ConfigError{"Transport", cfg.Transport, err.Error()}
	}
	security, err := securityFor(cfg.SecretKey)
	if err != nil {
		return nil, &ConfigError{"SecretKey", "(hidden)", err.Error()}
	}
	n := &network{
		name: cfg.Transport, security: security,
		config: transport.Config{
			Accept: refuseAll, Limits: limitsFor(defaultMessageSize),
			Logger: slog.New(slog.DiscardHandler),
		},
	}
	tuples, err := n.dump(ctx, from)
	if err = errors.Join(err, n.close(0)); err != nil {
		return nil, fmt.Errorf("zgossip: %s: %w", from.address, err)
	}
	slices.SortFunc(tuples, func(a, b Tuple) int { return cmp.Compare(a.Key, b.Key) })
	return tuples, nil
}

// dumpAgain is the pause after a connection that has ended without an answer.
const dumpAgain = 100 * time.Millisecond

// dump asks all addresses of the server, and takes the first answer.
func (n *network) dump(ctx context.Context, from remote) ([]Tuple, error) {
	servers, err := resolve(ctx, n.lookup, from.address)
	if err != nil {
		return nil, err
	}
	t, err := n.get(way{secure: from.secure()})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	d := &dumper{
		ctx: ctx, events: make(chan dumpEvent), targets: make(map[*transport.Conn]transport.Target),
	}
	for _, server := range servers {
		d.dial(t, transport.Target{Addr: server, Key: from.key(0)})
	}
	cause, unusable := error(errSilent), make(map[*transport.Conn]bool)
	for {
		e, err := d.next(nil)
		switch {
		case errors.Is(err, context.DeadlineExceeded):
			return nil, fmt.Errorf("%w: %w", ErrNoAnswer, cause)
		case err != nil:
			return nil, fmt.Errorf("%w: %w (%w)", ErrNoAnswer, cause, err)
		case e.err == nil:
			return d.collect(e)
		}
		cause = explain(e.err, from.secure(), n.security != nil)
		if permanent(cause) || nobodyThere(cause) {
			if unusable[e.conn] = true; len(unusable) >= len(servers) {
				return nil, fmt.Errorf("%w: %w", ErrNoAnswer, cause)
			}
		} else if e.down {
			pause(ctx, dumpAgain)
			d.dial(t, d.targets[e.conn])
		}
	}
}

// nobodyThere reports whether no server is at an address now.
func nobodyThere(err error) bool {
	return errors.Is(err, transport.ErrRefused) || errors.Is(err, transport.ErrUnreachable)
}

// pause waits, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// dumper is the handler of the connections of a dump. Nothing in it outlasts ctx.
type dumper struct {
	ctx     context.Context
	events  chan dumpEvent
	targets map[*transport.Conn]transport.Target // belongs to the caller of Dump
}

// dumpEvent is something that has happened to a connection.
type dumpEvent struct {
	conn     *transport.Conn
	messages []transport.Message
	err      error // of an attempt, or of the connection
	down     bool  // the connection has ended
}

// dial asks one address for everything. What is sent waits until the connection is up.
func (d *dumper) dial(t transport.Transport, to transport.Target) {
	c := t.Dial(to, d)
	d.targets[c] = to
	for _, m := range []zgossipmsg.Message{&zgossipmsg.Hello{}, &zgossipmsg.Ping{}} {
		if frame, err := m.AppendTo(nil); err == nil { // They have no field that could be wrong.
			_ = c.Send(frame) // Down is told the error.
		}
	}
}

// Up implements transport.Handler.
func (d *dumper) Up(*transport.Conn) {}

// Retry implements transport.Handler.
func (d *dumper) Retry(c *transport.Conn, err error) { d.put(dumpEvent{conn: c, err: err}) }

// Down implements transport.Handler.
func (d *dumper) Down(c *transport.Conn, err error) {
	d.put(dumpEvent{conn: c, err: err, down: true})
}

// Receive implements transport.Handler.
func (d *dumper) Receive(c *transport.Conn, messages []transport.Message) {
	owned := make([]transport.Message, 0, len(messages))
	for _, m := range messages {
		owned = append(owned, transport.Message{First: slices.Clone(m.First), Rest: m.Rest})
	}
	d.put(dumpEvent{conn: c, messages: owned})
}

func (d *dumper) put(e dumpEvent) {
	select {
	case d.events <- e:
	case <-d.ctx.Done():
	}
}

// errQuiet says that there was no event for dumpQuiet.
var errQuiet = errors.New("quiet")

// next returns the next event, errQuiet if quiet fires, and why ctx has ended if it has.
func (d *dumper) next(quiet <-chan time.Time) (dumpEvent, error) {
	select {
	case e := <-d.events:
		return e, nil
	case <-quiet:
		return dumpEvent{}, errQuiet
	case <-d.ctx.Done():
		return dumpEvent{}, context.Cause(d.ctx)
	}
}

// collect collects the tuples of the connection that has answered, until the PONG that follows
// them, or, from a server that turned out to be haskell-zre's, until it is quiet.
func (d *dumper) collect(first dumpEvent) ([]Tuple, error) {
	found := make(map[string]Tuple)
	var quiet <-chan time.Time
	for e := first; ; {
		complete, raw := addTuples(found, e.messages)
		if complete {
			return slices.Collect(maps.Values(found)), nil
		}
		if raw {
			quiet = time.After(dumpQuiet)
		}
		var err error
		e, err = d.next(quiet)
		for err == nil && e.conn != first.conn {
			e, err = d.next(quiet)
		}
		switch {
		case errors.Is(err, errQuiet):
			return slices.Collect(maps.Values(found)), nil
		case err != nil:
			return nil, fmt.Errorf("%w: %w", ErrNoAnswer, err)
		case e.err != nil:
			return nil, fmt.Errorf("%w: the connection has ended: %w", ErrNoAnswer, e.err)
		}
	}
}

// addTuples adds the tuples in the messages. It reports whether a PONG was among them, and
// whether they are of haskell-zre's server.
func addTuples(found map[string]Tuple, messages []transport.Message) (complete, raw bool) {
	for _, message := range messages {
		frame, two := message.First, len(message.Rest) == 1
		if two {
			frame = message.Rest[0]
		}
		m, err := zgossipmsg.Decode(frame)
		if err != nil || len(message.Rest) > 1 {
			continue // Another tuple may be valid.
		}
		raw = raw || two
		switch m := m.(type) {
		case *zgossipmsg.Pong:
			return true, raw
		case *zgossipmsg.Publish:
			if t, ok := dumped(m, two); ok {
				found[t.Key] = t
			}
		}
	}
	return false, raw
}

// dumped reads one tuple. czmq's server holds everything that it was sent, so a value that is
// no endpoint is shown as it is.
func dumped(m *zgossipmsg.Publish, raw bool) (Tuple, bool) {
	key, err := wire.CanonicalKey(m.Key, raw || !wire.Printable(m.Key))
	if err != nil {
		return Tuple{}, false
	}
	unit := time.Millisecond
	if raw {
		unit = time.Second
	}
	return tupleOf(key, m.Value, time.Duration(m.TTL)*unit, true), true
}
