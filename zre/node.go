package zre

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/curve"
	"github.com/gozre/zre/internal/endpoint"
	"github.com/gozre/zre/internal/transport"
	"github.com/gozre/zre/zre/internal/core"
	"github.com/gozre/zre/zre/internal/discovery"
	"github.com/gozre/zre/zre/internal/engine"
	"github.com/gozre/zre/zre/internal/host"
	"github.com/gozre/zre/zre/internal/inbox"
	"github.com/gozre/zre/zre/internal/lan"
	"github.com/gozre/zre/zre/internal/link"
	"github.com/gozre/zre/zre/internal/named"
	"github.com/gozre/zre/zre/internal/problems"
	"github.com/gozre/zre/zre/internal/trust"
)

// Node is one member of a ZRE network. All its methods are safe for concurrent
// use.
type Node struct {
	cfg       Config
	network   *lan.Network // nil: that of the host
	log       *slog.Logger
	host      *host.Host
	trust     *trust.Trust
	queue     *inbox.Queue
	engine    *engine.Engine
	transport transport.Transport
	links     *link.Set
	discovery *discovery.Discovery
	problems  *problems.List
	stall     stall
	watch     sync.WaitGroup     // the goroutine of problems
	unwatch   context.CancelFunc // ends it
	names     *named.Names       // configured peers whose hosts have names
	advertise endpoint.Endpoint
	port      uint16
	listens   []netip.Addr // at the start
	started   time.Time    // discovery began to listen

	closing   atomic.Bool
	done      chan struct{} // closed when the node is
	closeOnce sync.Once
	closeErr  error
	forget    func() bool // stops waiting for the context of Start
}

// Start makes a node and lets other nodes find it. It returns a node that runs, or an
// error; after an error nothing is left behind. When ctx ends the node closes, as by
// Close.
func Start(ctx context.Context, cfg Config) (*Node, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("start: %w", context.Cause(ctx))
	}
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	n := &Node{cfg: cfg, network: lan.From(ctx), log: cfg.Logger.With("node", cfg.Name), done: make(chan struct{})}
	warnOfFiles(n.log, cfg.Limits.MaxPeers, openFiles())
	if err := n.makeParts(); err != nil {
		return nil, err
	}
	if err := n.open(); err != nil {
		n.release()
		return nil, fmt.Errorf("start: %w", err)
	}
	n.forget = context.AfterFunc(ctx, func() {
		if err := n.Close(); err != nil {
			n.log.Warn("node closed by its context", "error", err)
		}
	})
	return n, nil
}

// makeParts makes what needs no system resources.
func (n *Node) makeParts() (err error) {
	n.problems = n.newProblems()
	if n.trust, err = trust.New(n.cfg.Security.SecretKey, n.cfg.Security.TrustedKeys, n.refused); err != nil {
		return &ConfigError{"Security", "(hidden)", err.Error()}
	}
	n.cfg.Headers = maps.Clone(n.cfg.Headers)
	if n.trust.Secure() {
		if n.cfg.Headers == nil {
			n.cfg.Headers = make(map[string]string)
		}
		n.cfg.Headers[core.KeyHeader] = n.trust.Public().String()
	}
	if n.cfg.Discovery.Advertise != "" {
		if n.advertise, err = endpoint.Parse(n.cfg.Discovery.Advertise); err != nil {
			return err
		}
	}
	if err := n.checkPeerKeys(); err != nil {
		return err
	}
	if n.host, err = n.newHost(); err != nil {
		return err
	}
	n.queue = inbox.NewQueue(n.cfg.Limits.ReceiveQueue)
	if n.cfg.ManualAck {
		n.queue.HoldAcks()
	}
	n.engine = engine.New(engine.Config{
		Core: core.Config{
			Trusts: n.trusts(),
			ID:     n.cfg.UUID, Name: n.cfg.Name, Headers: n.cfg.Headers, PublicKey: n.trust.Public(),
			QuietPeriod: n.cfg.Timing.QuietPeriod, PingRate: n.cfg.Timing.QuietPingRate,
			DeadPeriod: n.cfg.Timing.DeadPeriod,
			NoBeacon:   n.cfg.Discovery.NoBeacon, MaxPeers: n.cfg.Limits.MaxPeers,
		},
		Advertise: n.advertise, DiscardEvents: n.cfg.DiscardEvents,
		Host: n.host, Queue: n.queue, Logger: n.log,
	})
	n.links = link.NewSet(link.Config{
		Window: n.cfg.Limits.SendWindow, MaxMissed: n.cfg.Limits.MaxPeers,
		SlowPeer: n.cfg.Timing.SlowPeer,
		Dial:     n.dial, Events: n.engine, Stalled: n.stalled, Logger: n.log,
	})
	for _, g := range n.cfg.Groups {
		n.engine.Change(func(c *core.Core) { c.Join(g) })
	}
	for _, g := range n.cfg.Contest {
		n.engine.Change(func(c *core.Core) { c.Contest(g) })
	}
	return nil
}

// trusts returns what decides about the keys of peers, nil in a plain network.
func (n *Node) trusts() func(curve.Key) bool {
	if !n.trust.Secure() {
		return nil
	}
	return n.trust.Allows
}

// SetTrustedKeys replaces Security.TrustedKeys while the node runs. Peers with a key
// that is not in the list any more leave with ReasonUntrusted, and their
// connections are closed. An error says that one of them is not a key, or that the
// node has no key of its own; then nothing changes.
func (n *Node) SetTrustedKeys(trusted []string) error {
	if !n.trust.Secure() {
		return &ConfigError{"Security.TrustedKeys", fmt.Sprint(len(trusted), " keys"),
			"want SecretKey too: without it nothing is encrypted"}
	}
	if err := n.trust.Set(trusted); err != nil {
		return &ConfigError{"Security.TrustedKeys", "(hidden)", err.Error()}
	}
	if err := n.discovery.SetTrustedKeys(trusted); err != nil {
		return &ConfigError{"Security.TrustedKeys", "(hidden)", err.Error()}
	}
	n.engine.Change((*core.Core).Retrust)
	return nil
}

// open makes the transport, then starts discovery.
func (n *Node) open() error {
	cfg := transport.Config{
		Identity: append([]byte{1}, n.cfg.UUID[:]...), Name: inProcessName(n.cfg.UUID),
		Accept: n.engine.Accept, Security: n.trust.Security(),
		Limits: transport.Limits{
			MaxFrame: n.cfg.Limits.MaxMessageSize, MaxMessage: n.cfg.Limits.MaxMessageSize + frameOverhead,
			MaxStranger: maxStranger,
			KeepAlive:   max(n.cfg.Timing.DeadPeriod/3, leastKeepAlive), HandshakeTimeout: n.handshakeTimeout(),
		},
		Logger: n.log,
	}
	var err error
	if n.transport, err = n.newTransport(cfg); err != nil {
		return err
	}
	if err := n.engine.Listen(n.links, n.listen); err != nil {
		return err
	}
	n.started = time.Now()
	n.discovery, err = discovery.Start(n.discoveryConfig())
	if err != nil {
		return err
	}
	n.addPeers()
	ctx, cancel := context.WithCancel(context.Background())
	n.unwatch = cancel
	n.watch.Go(func() { n.problems.Run(ctx) })
	return nil
}

// stopWatch ends the goroutine of problems.
func (n *Node) stopWatch() {
	if n.unwatch != nil {
		n.unwatch()
		n.watch.Wait()
	}
	n.names.Close()
}

// leastKeepAlive is the least time between two PINGs of ZMTP on a connection. The core finds dead
// peers sooner; these find connections that belong to no peer any more, within 25 s.
const leastKeepAlive = 5 * time.Second

// handshakeTimeout returns how long a handshake may take: as a peer may be silent, so that
// round trips of several seconds are no obstacle. CURVE takes a round trip more than NULL: with
// libzmq, which sends its greeting in parts, four and three.
func (n *Node) handshakeTimeout() time.Duration {
	d := min(max(n.cfg.Timing.DeadPeriod, transport.DefaultHandshakeTimeout), DefaultDeadPeriod)
	if n.trust.Secure() {
		d += d / 3
	}
	return d
}

// maxStranger is the largest message, in octets, of a node that has not said HELLO: room for
// the largest HELLO.
const maxStranger = core.MaxHello + 1<<10

// frameOverhead is what the frames of a message count for, in addition to their octets,
// in transport.Limits.MaxMessage: as many frames as there may be.
const frameOverhead = 24 * transport.DefaultMaxFrames

// inProcessName is the name of a node's listener for other nodes of this process.
func inProcessName(id uuid.UUID) string { return "zre " + id.String() }

// dial makes the connection of a link.
func (n *Node) dial(peer uuid.UUID, to endpoint.Endpoint, h transport.Handler) *transport.Conn {
	target := transport.Target{Addr: to.Addr, Key: to.Key}
	if peer != uuid.Nil && !n.cfg.apart {
		target.Name = inProcessName(peer)
	}
	return n.transport.Dial(target, h)
}

// listen accepts connections on a random free port, on all addresses of the node.
func (n *Node) listen() (port uint16, err error) {
	first, count := n.cfg.Limits.Ports.First, n.cfg.Limits.Ports.Last-n.cfg.Limits.Ports.First+1
	n.listens = n.host.ListenOn()
	if len(n.listens) == 0 {
		// The interfaces are not there yet. The port is kept for them.
		n.listens = []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1})}
	}
	for _, i := range rand.Perm(count) {
		port = uint16(first + i)
		if err = n.listenAt(port); err == nil {
			n.port = port
			return port, nil
		}
		if !errors.Is(err, transport.ErrAddrInUse) {
			return 0, err
		}
	}
	return 0, fmt.Errorf("%w: all TCP ports from %d to %d are taken (on Linux ss -ltnp names the programs): "+
		"stop some of them, or choose other ports", ErrNoPort, first, n.cfg.Limits.Ports.Last)
}

// listenAt accepts connections on a port.
func (n *Node) listenAt(port uint16) error {
	for _, addr := range n.listens {
		_, err := n.transport.Listen(netip.AddrPortFrom(addr, port))
		if addr == netip.IPv6Unspecified() && errors.Is(err, transport.ErrAddrNotAvailable) {
			_, err = n.transport.Listen(netip.AddrPortFrom(netip.IPv4Unspecified(), port)) // no IPv6 here
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// discoveryConfig returns the configuration of discovery.
func (n *Node) discoveryConfig() discovery.Config {
	d := &n.cfg.Discovery
	return discovery.Config{
		ID: n.cfg.UUID, Port: n.port, Advertise: n.advertise, Choice: n.choice(), OpenBeacons: n.openBeacons(),
		NoBeacon: d.NoBeacon, BeaconPort: d.BeaconPort, BeaconPeriod: d.BeaconPeriod,
		Group: d.MulticastGroup, TTL: d.MulticastTTL,
		Gossip: d.Gossip, GossipBind: d.GossipBind,
		SecretKey: n.cfg.Security.SecretKey, TrustedKeys: n.cfg.Security.TrustedKeys, Transport: n.cfg.Transport,
		Host: n.host, Trust: n.trust, Sink: n.engine, Logger: n.log, Report: n.problems.Report,
		Listen: func(addr netip.Addr) error {
			_, err := n.transport.Listen(netip.AddrPortFrom(addr, n.port))
			return err
		},
		Listens: n.listens,
		Moved: func() {
			if m, ok := n.transport.(transport.Mover); ok {
				m.EndMoved(n.host.Moved)
			}
		},
	}
}

// Close leaves the network. It waits until the peers have acknowledged what was sent, at
// most for Timing.CloseTimeout; sends GOODBYE and the beacon with port 0; and frees
// everything. A *DeliveryError names the peers that are not
// known to have received everything. Events that were received before can still
// be read by Next until io.EOF. Further calls return the same.
func (n *Node) Close() error {
	n.closeOnce.Do(func() {
		n.forget()
		n.closing.Store(true)
		n.engine.Leaving()
		n.queue.Open()
		ctx, cancel := context.WithTimeoutCause(context.Background(), n.cfg.Timing.CloseTimeout,
			fmt.Errorf("no answer within %v", n.cfg.Timing.CloseTimeout))
		n.closeErr = n.flush(ctx, opClose)
		cancel()
		n.awaitPings()
		n.stopWatch()
		n.discovery.Close()
		n.engine.Goodbye()
		n.release()
	})
	return n.closeErr
}

// closeDrain bounds how long the connections go on sending, for a GOODBYE.
const closeDrain = 500 * time.Millisecond

// release frees what makeParts and open have made.
func (n *Node) release() {
	n.closing.Store(true)
	n.stopWatch()
	if n.discovery != nil {
		n.discovery.Close()
	}
	n.queue.Open()
	n.engine.Close()
	n.links.Close()
	n.queue.Release()
	if n.transport != nil {
		if err := n.transport.Close(closeDrain); err != nil {
			n.log.Error("transport does not close", "error", err)
		}
	}
	// A program that takes events until they end may exit now: the last messages of the
	// node are sent.
	n.queue.Close()
	close(n.done)
}

// Done returns a channel that is closed when the node is closed, and everything is
// freed.
func (n *Node) Done() <-chan struct{} { return n.done }

// Join puts the node into a group. From then on it gets what is shouted there. Joining twice
// is the same as once. It does not wait. Beyond 10,000 groups, or if their names do not fit into
// a HELLO together with the headers, the error is ErrTooManyGroups.
func (n *Node) Join(group string) error {
	full := false
	err := n.change("join", group, func(c *core.Core, group string) bool {
		full = !c.HasRoom(group)
		return !full && c.Join(group)
	})
	if full {
		return fmt.Errorf("join %q: %w", group, ErrTooManyGroups)
	}
	return err
}

// Leave takes the node out of a group. Leaving a group that it is not in does
// nothing. It does not wait.
func (n *Node) Leave(group string) error { return n.change("leave", group, (*core.Core).Leave) }

func (n *Node) change(op, group string, f func(*core.Core, string) bool) error {
	err := checkGroup(group)
	if err == nil && n.closing.Load() {
		err = ErrClosed
	}
	if err != nil {
		return fmt.Errorf("%s %q: %w", op, group, err)
	}
	n.engine.Change(func(c *core.Core) { f(c, group) })
	return nil
}

// ID returns the node's UUID.
func (n *Node) ID() uuid.UUID { return n.cfg.UUID }

// Name returns the node's name.
func (n *Node) Name() string { return n.cfg.Name }

// PublicKey returns the node's public key, "" if Security.SecretKey is not set.
func (n *Node) PublicKey() string { return n.trust.Public().String() }

// Headers returns a copy of the headers that are sent to peers in the HELLO.
func (n *Node) Headers() map[string]string { return maps.Clone(n.cfg.Headers) }

// Endpoint returns where the node is reached, tcp://IP:PORT. On a host with several
// addresses each peer gets the one that it can reach; this is the first one.
func (n *Node) Endpoint() string { return n.discovery.Endpoint().String() }
