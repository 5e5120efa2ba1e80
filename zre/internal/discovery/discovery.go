package discovery

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/beacon"
	"github.com/gozre/zre/internal/codec/zrebeacon"
	"github.com/gozre/zre/internal/curve"
	"github.com/gozre/zre/internal/endpoint"
	"github.com/gozre/zre/internal/netif"
	"github.com/gozre/zre/zgossip"
	"github.com/gozre/zre/zre/internal/host"
	"github.com/gozre/zre/zre/internal/problems"
	"github.com/gozre/zre/zre/internal/trust"
)

// Sink gets what was heard. The calls come from several goroutines.
type Sink interface {
	// Beacon handles the beacon of a node; port 0 says that it leaves. It reports what IsNew
	// does.
	Beacon(id uuid.UUID, from netip.Addr, port uint16, key curve.Key) (isNew bool)
	// IsNew reports whether a node has announced itself a short time ago, and there is no
	// session with it yet.
	IsNew(id uuid.UUID) bool
	// Knows reports whether a node is a peer, or is about to be one.
	Knows(id uuid.UUID) bool
	// BeaconRefused handles a datagram that is no beacon, or the beacon of a node that
	// does not belong to the network.
	BeaconRefused(from netip.AddrPort, cause error)
	// Discovered handles what a gossip server knows about a node.
	Discovered(id uuid.UUID, at endpoint.Endpoint)
	// Withdrawn handles that a gossip server does not tell of a node any more.
	Withdrawn(id uuid.UUID)
}

// Beacons carries the beacons of a node: a beacon.Conn, or the Air of a network in memory.
type Beacons interface {
	Announce(payload []byte, period time.Duration) error
	Send(payload []byte) error
	Stats() beacon.Stats
	Close() error
}

// Config is what a Discovery is made of.
type Config struct {
	ID        uuid.UUID
	Port      uint16
	Advertise endpoint.Endpoint // what to publish, zero for the node's own address
	Choice    netif.Choice      // of interfaces

	// OpenBeacons is used instead of beacon.Open, if it is set.
	OpenBeacons func(port int, h beacon.Handler) Beacons

	NoBeacon     bool
	BeaconPort   int
	BeaconPeriod time.Duration
	Group        netip.AddrPort
	TTL          int

	Gossip      []string
	GossipBind  string
	SecretKey   string
	TrustedKeys []string
	Transport   string

	Host   *host.Host
	Trust  *trust.Trust
	Sink   Sink
	Logger *slog.Logger
	// Report is told of nodes that are heard and speak another version. It must not block.
	Report func(now time.Time, p problems.Problem)
	// Moved is called when addresses of this host have changed.
	Moved func()
	// Listen makes the node listen on another address of its interfaces.
	Listen func(netip.Addr) error
	// Listens are the addresses that it listens on at the start.
	Listens []netip.Addr
}

// Discovery is the ways by which nodes find each other.
type Discovery struct {
	cfg    Config
	beacon Beacons // nil without beacons
	again  again
	echo   echo // of our own beacons

	loopback map[int]bool // the indexes of loopback interfaces

	client *zgossip.Client    // for Config.Gossip
	server *zgossip.Server    // for Config.GossipBind
	cancel context.CancelFunc // ends the goroutine that follows addresses
	follow sync.WaitGroup     // that goroutine: nothing is published after the withdrawal
}

// Start starts discovery in both directions. After an error nothing is left behind.
func Start(cfg Config) (*Discovery, error) {
	ctx, cancel := context.WithCancel(context.Background())
	d := &Discovery{cfg: cfg, cancel: cancel, loopback: loopbackIndexes()}
	d.again.isNew = cfg.Sink.IsNew
	if err := d.start(ctx); err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

func (d *Discovery) start(ctx context.Context) error {
	if !d.cfg.NoBeacon {
		if err := d.startBeacon(); err != nil {
			return err
		}
	}
	if err := d.startGossip(); err != nil {
		return err
	}
	if d.cfg.OpenBeacons != nil {
		return nil // The addresses of a network in memory do not change.
	}
	changes, err := netif.Watch(ctx)
	if err != nil {
		return err
	}
	d.follow.Go(func() { d.followAddresses(changes, d.cfg.Listens, d.Endpoint()) })
	return nil
}

// Close withdraws what others know of the node. Further calls do nothing.
func (d *Discovery) Close() {
	if d.cancel == nil {
		return
	}
	d.cancel()
	d.cancel = nil
	d.follow.Wait()
	d.stopGossip()
	d.again.end()
	if d.beacon != nil {
		d.sendLastBeacon()
		if err := d.beacon.Close(); err != nil {
			d.cfg.Logger.Error("beacon does not close", "error", err)
		}
	}
}

// Endpoint returns the endpoint that stands for the node where no peer is meant.
func (d *Discovery) Endpoint() endpoint.Endpoint { return d.endpointAt(d.cfg.Host.First) }

// endpointAt returns the node's endpoint, at the address unless Config.Advertise
// says otherwise.
func (d *Discovery) endpointAt(addr func() netip.Addr) endpoint.Endpoint {
	if d.cfg.Advertise.Addr.IsValid() {
		e := d.cfg.Advertise
		e.Key = d.cfg.Trust.Public()
		return e
	}
	return endpoint.At(addr(), d.cfg.Port, d.cfg.Trust.Public())
}

// openBeacons begins to hear. Without an error the result is not nil.
func (d *Discovery) openBeacons() (Beacons, error) {
	if d.cfg.OpenBeacons != nil {
		return d.cfg.OpenBeacons(d.cfg.BeaconPort, d.hearBeacon), nil
	}
	conn, err := beacon.Open(beacon.Config{
		Port:       d.cfg.BeaconPort,
		Groups:     []netip.AddrPort{d.cfg.Group},
		TTL:        d.cfg.TTL,
		Interfaces: d.cfg.Choice.Use,
		Exclude:    d.cfg.Choice.Exclude,
		Handler:    d.hearBeacon,
		Logger:     d.cfg.Logger,
	})
	if err != nil {
		return nil, err
	}
	return conn, nil
}

func (d *Discovery) startBeacon() (err error) {
	if d.beacon, err = d.openBeacons(); err != nil {
		return err
	}
	frame, err := d.beaconFrame(d.cfg.Port)
	if err != nil {
		return err
	}
	d.echo.begin(time.Now())
	if err := d.beacon.Announce(frame, d.cfg.BeaconPeriod); err != nil {
		// There may be no network yet; the next beacons may get through. See Problems.
		d.cfg.Logger.Debug("first beacon not sent", "error", err)
	}
	d.again.begin(d.cfg.BeaconPeriod, func() {
		if err := d.beacon.Send(frame); err != nil {
			d.cfg.Logger.Debug("beacon not sent", "error", err)
		}
	})
	return nil
}

// beaconFrame returns the beacon with this port; 0 says that the node leaves.
func (d *Discovery) beaconFrame(port uint16) ([]byte, error) {
	if !d.cfg.Trust.Secure() {
		b := zrebeacon.Plain{UUID: d.cfg.ID, Port: port}
		return b.AppendTo(nil)
	}
	b := zrebeacon.Secure{UUID: d.cfg.ID, Port: port, PublicKey: d.cfg.Trust.Public()}
	return b.AppendTo(nil)
}

// decodeBeacon returns a beacon of either kind, and the key in it.
func decodeBeacon(payload []byte) (b zrebeacon.Plain, key curve.Key, err error) {
	if h, err := zrebeacon.DecodeHeader(payload); err == nil && h.ID == zrebeacon.IDSecure {
		var m zrebeacon.Secure
		err := m.Decode(payload)
		return zrebeacon.Plain{UUID: m.UUID, Port: m.Port}, m.PublicKey, err
	}
	err = b.Decode(payload)
	return b, curve.Key{}, err
}

// sendLastBeacon says that the node leaves.
func (d *Discovery) sendLastBeacon() {
	err := d.beacon.Announce(nil, 0)
	frame, frameErr := d.beaconFrame(0)
	if err = errors.Join(err, frameErr); err == nil {
		err = d.beacon.Send(frame)
	}
	if err != nil {
		d.cfg.Logger.Debug("last beacon not sent", "error", err)
	}
}

// errFar says that a beacon does not come from where it says.
var errFar = errors.New("its source is not in a network of the interface at which it came")

// hearBeacon handles a datagram.
func (d *Discovery) hearBeacon(payload []byte, from netip.AddrPort, ifindex int) {
	b, key, err := decodeBeacon(payload)
	if err == nil && d.cfg.TTL <= 1 && !d.cfg.Host.IsNear(from.Addr(), ifindex) {
		// Its source is forged, or it was routed: no answer goes where it says.
		err = errFar
	}
	switch {
	case errors.Is(err, errFar):
		d.hearFar(b.UUID, b.Port, key, from)
	case err != nil:
		d.hearForeign(payload, from)
	case b.UUID == d.cfg.ID:
		d.echo.heard(ifindex)
	default:
		if err = d.cfg.Trust.Check(key); err != nil {
			host := from.Addr().String()
			d.cfg.Trust.Refuse(trust.Refusal{
				Cause: err, What: "beacon", From: host, Host: host, Peer: b.UUID, Key: key,
			})
		}
	}
	if err != nil {
		d.cfg.Sink.BeaconRefused(from, err)
		return
	}
	isNew := d.cfg.Sink.Beacon(b.UUID, from.Addr(), b.Port, key)
	if isNew && b.Port != 0 {
		d.again.answer(b.UUID)
	}
}

// BeaconsSent returns how many datagrams were sent.
func (d *Discovery) BeaconsSent() uint64 {
	if d.beacon == nil {
		return 0
	}
	return d.beacon.Stats().Sent
}

// A change of addresses is looked at again each lookAgain for lookAgainFor: a route, which tells
// by which address others are reached, follows on its address, and no message says so.
const (
	lookAgain    = 250 * time.Millisecond
	lookAgainFor = 5 * time.Second
)

// followAddresses keeps up with the addresses that the host gets and loses while
// the node runs: the node listens on those of the named interfaces, its connections from
// addresses that are gone end, and its own gossip server publishes the new endpoint. It returns
// when changes is closed.
func (d *Discovery) followAddresses(changes <-chan struct{}, listens []netip.Addr, published endpoint.Endpoint) {
	again := time.NewTicker(lookAgain)
	again.Stop()
	defer again.Stop()
	var until time.Time
	for {
		select {
		case _, more := <-changes:
			if !more {
				return
			}
			again.Reset(lookAgain)
			until = time.Now().Add(lookAgainFor)
		case now := <-again.C:
			if now.After(until) {
				again.Stop()
			}
		}
		d.cfg.Host.Refresh()
		listens = d.listenOnNew(listens)
		d.cfg.Moved()
		published = d.publishChanged(published)
	}
}

// listenOnNew makes the node listen on the addresses that the named interfaces have got. It
// returns all those on which the node listens.
func (d *Discovery) listenOnNew(listens []netip.Addr) []netip.Addr {
	for _, addr := range d.cfg.Host.ListenOn() {
		if slices.Contains(listens, addr) {
			continue
		}
		if err := d.cfg.Listen(addr); err != nil {
			d.cfg.Logger.Warn("new address cannot be used", "address", addr, "error", err)
			continue
		}
		d.cfg.Logger.Debug("new address", "address", addr)
		listens = append(listens, addr)
	}
	return listens
}
