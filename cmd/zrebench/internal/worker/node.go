package worker

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/google/uuid"

	"github.com/gozre/zre/zre"
	"github.com/gozre/zre/zre/keys"
)

// This file is all that zrebench knows of package zre.

// node is a node as the benchmarks use it.
type node struct {
	n      *zre.Node
	events []zre.Event // taken at a time; nil before the first one
	next   int         // of these
	taken  int
}

// ports are where the nodes of a benchmark listen: apart from the ports of nodes that may run on
// this machine, and enough of them for hundreds of nodes.
var ports = zre.PortRange{First: 21000, Last: 30999}

// startNode starts the i-th node of a job.
func startNode(ctx context.Context, job Job, i int, loopback string) (*node, error) {
	c := zre.Config{
		Discovery: zre.Discovery{
			Interfaces: []string{loopback}, BeaconPort: job.Port, NoBeacon: job.Port == 0, Peers: job.Endpoints,
		},
		Limits:    zre.Limits{Ports: ports},
		Timing:    zre.Timing{CloseTimeout: grace / 2},
		Transport: job.Transport,
	}
	if key := job.key(i); key.Secret != "" {
		c.Security = zre.Security{SecretKey: key.Secret, TrustedKeys: []string{keys.Any}}
	}
	n, err := zre.Start(ctx, c)
	if err != nil {
		return nil, err
	}
	if job.Join {
		if err := n.Join(Group); err != nil {
			return nil, errors.Join(err, n.Close())
		}
	}
	return &node{n: n}, nil
}

func (n *node) id() uuid.UUID    { return n.n.ID() }
func (n *node) endpoint() string { return n.n.Endpoint() }

// close returns no error: the result of the run is known by now.
func (n *node) close() { _ = n.n.Close() }

// change is what an event says about a peer.
type change int

const (
	unchanged change = iota
	entered
	joined
	exited
)

// mostEvents is how many events are taken at a time.
const mostEvents = 256

// event returns the next event, which is valid until the next call.
func (n *node) event(ctx context.Context) (*zre.Event, error) {
	if n.next == n.taken {
		var err error
		n.next = 0
		if n.taken == len(n.events) && n.taken < mostEvents {
			n.events = make([]zre.Event, max(1, 2*n.taken)) // Many are coming.
		}
		if n.taken, err = n.n.NextBatch(ctx, n.events); err != nil {
			return nil, err
		}
	}
	ev := &n.events[n.next]
	n.next++
	return ev, nil
}

// nextChange takes the next event. They are few: a node that only waits for others needs no room for
// many.
func (n *node) nextChange(ctx context.Context) (change, uuid.UUID, error) {
	var ev zre.Event
	var err error
	if n.next < n.taken {
		ev = n.events[n.next]
		n.next++
	} else if ev, err = n.n.Next(ctx); err != nil {
		return unchanged, uuid.Nil, err
	}
	switch ev.Type {
	case zre.EventEnter:
		return entered, ev.Peer, nil
	case zre.EventJoin:
		return joined, ev.Peer, nil
	case zre.EventExit:
		return exited, ev.Peer, nil
	}
	return unchanged, uuid.Nil, nil
}

// nextContent takes events up to the next message, which has one frame.
func (n *node) nextContent(ctx context.Context) ([]byte, error) {
	for {
		ev, err := n.event(ctx)
		if err != nil {
			return nil, err
		}
		switch ev.Type {
		case zre.EventWhisper, zre.EventShout:
			if len(ev.Content) != 1 {
				return nil, fmt.Errorf("message of %d frames", len(ev.Content))
			}
			return ev.Content[0], nil
		case zre.EventExit:
			return nil, fmt.Errorf("a peer left: %s", ev.Reason)
		}
	}
}

// recycle gives the memory of a content back.
func (n *node) recycle(content []byte) { n.n.Recycle(content) }

func (n *node) whisper(ctx context.Context, to uuid.UUID, content []byte) error {
	return n.n.Whisper(ctx, to, content)
}

func (n *node) shout(ctx context.Context, content []byte) error {
	return n.n.Shout(ctx, Group, content)
}

// flush waits until the peers have received everything.
func (n *node) flush(ctx context.Context) error { return n.n.Flush(ctx) }

// loopback is the name of the interface that never leaves the machine.
func loopback() (string, error) {
	interfaces, err := net.Interfaces()
	if err != nil {
		return "", err
	}
	for _, i := range interfaces {
		if i.Flags&net.FlagLoopback != 0 && i.Flags&net.FlagUp != 0 {
			return i.Name, nil
		}
	}
	return "", errors.New("there is no loopback interface that is up")
}
