package zgossip

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/gozre/zre/internal/codec/zgossipmsg"
	"github.com/gozre/zre/internal/gossip/wire"
	"github.com/gozre/zre/internal/zmq"
)

// dumpQuiet is the silence after which a server that answers no PING has told all.
const dumpQuiet = time.Second

// Dump asks a server, whichever implementation it is, for all its tuples, sorted by
// key. ctx bounds the time; it ends with ErrNoAnswer around its cause if the server
// has not answered by then. A haskell-zre server that holds nothing says nothing. For
// a server that uses CURVE its public key follows behind a |, and secretKey is the
// caller's own; else it is "".
func Dump(ctx context.Context, server, secretKey string) ([]Tuple, error) {
	from, err := parseRemote(server, secretKey)
	if err != nil {
		return nil, &ConfigError{"server", withoutKey(server), err.Error()}
	}
	to, err := resolve(ctx, from.address)
	if err != nil {
		return nil, fmt.Errorf("zgossip: %w", err)
	}
	z, err := zmq.Open()
	if err != nil {
		return nil, err
	}
	tuples, err := dump(ctx, z, to, from.curve)
	err = errors.Join(err, z.Close())
	if err != nil {
		return nil, fmt.Errorf("zgossip: %s: %w", from.address, err)
	}
	slices.SortFunc(tuples, func(a, b Tuple) int { return cmp.Compare(a.Key, b.Key) })
	return tuples, nil
}

func dump(ctx context.Context, z *zmq.Context, to netip.AddrPort, curve *zmq.Curve) ([]Tuple, error) {
	socket, err := z.Dealer(zmq.Options{MaxMessageSize: defaultMessageSize, IPv6: to.Addr().Is6(), Curve: curve, ReconnectInterval: reconnectFirst, ReconnectMax: reconnectMost})
	if err != nil {
		return nil, err
	}
	defer socket.Close()
	if err := socket.Connect("tcp://" + to.String()); err != nil {
		return nil, err
	}
	for _, m := range []zgossipmsg.Message{&zgossipmsg.Hello{}, &zgossipmsg.Ping{}} {
		frame, err := m.AppendTo(nil)
		if err == nil {
			err = socket.Send(frame)
		}
		if err != nil {
			return nil, err
		}
	}
	messages := make(chan [][]byte)
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		var batch zmq.Batch
		for socket.Receive(&batch) == nil {
			for i := range batch.Len() {
				select {
				case messages <- batch.Message(i):
				case <-ctx.Done():
					return
				}
			}
		}
	}()
	tuples, err := collect(ctx, messages)
	cancel()
	err = errors.Join(err, socket.Close())
	<-ended
	return tuples, err
}

// collect takes tuples until the PONG that follows them, or, from a server that was
// shown to be haskell-zre's, until it has been quiet for a while.
func collect(ctx context.Context, messages <-chan [][]byte) ([]Tuple, error) {
	found := make(map[string]Tuple)
	all := func() []Tuple {
		out := make([]Tuple, 0, len(found))
		for _, t := range found {
			out = append(out, t)
		}
		return out
	}
	quiet := time.NewTimer(time.Hour)
	defer quiet.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: %w", ErrNoAnswer, context.Cause(ctx))
		case <-quiet.C:
			return all(), nil
		case frames := <-messages:
			raw := len(frames) == 2
			if len(frames) == 0 || len(frames) > 2 {
				continue
			}
			m, err := zgossipmsg.Decode(frames[len(frames)-1])
			if err != nil {
				continue // another tuple may be sound
			}
			switch m := m.(type) {
			case *zgossipmsg.Pong:
				return all(), nil
			case *zgossipmsg.Publish:
				if t, ok := dumped(m, raw); ok {
					found[t.Key] = t
				}
				if raw {
					quiet.Reset(dumpQuiet)
				}
			}
		}
	}
}

// dumped reads one tuple. czmq's server holds whatever it was given, so that what is
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
