package zre

import (
	"context"
	"errors"
	"net/netip"
	"sync"

	"github.com/gozre/zre/internal/beacon"
	"github.com/gozre/zre/internal/codec/zrebeacon"
	"github.com/gozre/zre/internal/netif"
	"github.com/gozre/zre/zgossip"
)

// finders are the ways by which nodes find each other. They are started and
// stopped by the node's own goroutine only.
type finders struct {
	beacon *beacon.Conn
	client *zgossip.Client    // for Config.Gossip
	server *zgossip.Server    // for Config.GossipBind
	cancel context.CancelFunc // ends the goroutine that follows addresses
	follow sync.WaitGroup     // it: nothing is published after what was withdrawn
}

// startFinders lets the node be found, and find.
func (n *Node) startFinders() error {
	ctx, cancel := context.WithCancel(context.Background())
	n.find.cancel = cancel
	if !n.cfg.NoBeacon {
		if err := n.startBeacon(); err != nil {
			return err
		}
	}
	if err := n.startGossip(); err != nil {
		return err
	}
	if len(n.cfg.Interfaces) > 0 || n.find.server != nil {
		changes, err := netif.Watch(ctx)
		if err != nil {
			return err
		}
		n.find.follow.Go(func() { n.followAddresses(changes, n.bound, n.Endpoint()) })
	}
	n.mu.Lock()
	defer n.unlock()
	for _, p := range n.cfg.Peers {
		endpoint, key := n.security.keyOf(p)
		n.core.AddStatic(n.now(), endpoint, key)
	}
	return nil
}

// stopFinders takes back what others know of the node. Further calls do nothing.
func (n *Node) stopFinders() {
	if n.find.cancel == nil {
		return
	}
	n.find.cancel()
	n.find.follow.Wait()
	n.stopGossip()
	if n.find.beacon != nil {
		n.sendLastBeacon()
		if err := n.find.beacon.Close(); err != nil {
			n.log.Error("beacon does not close", "error", err)
		}
	}
	n.find.cancel = nil
}

func (n *Node) startBeacon() (err error) {
	n.find.beacon, err = beacon.Open(beacon.Config{
		Port:       n.cfg.BeaconPort,
		Groups:     []netip.AddrPort{n.cfg.MulticastGroup},
		TTL:        n.cfg.MulticastTTL,
		Interfaces: n.cfg.Interfaces,
		Handler:    n.hearBeacon,
		Logger:     n.log,
	})
	if err != nil {
		return err
	}
	frame, err := n.beaconFrame(n.port)
	if err != nil {
		return err
	}
	if err := n.find.beacon.Announce(frame, n.cfg.BeaconPeriod); err != nil {
		// There may be no network yet; the next beacons may get through.
		n.log.Warn("first beacon not sent", "error", err)
	}
	return nil
}

// beaconFrame returns the beacon with this port; 0 says that the node leaves.
func (n *Node) beaconFrame(port uint16) ([]byte, error) {
	return n.security.beacon(zrebeacon.Plain{UUID: n.cfg.UUID, Port: port})
}

// sendLastBeacon says that the node leaves.
func (n *Node) sendLastBeacon() {
	err := n.find.beacon.Announce(nil, 0)
	frame, frameErr := n.beaconFrame(0)
	if err = errors.Join(err, frameErr); err == nil {
		err = n.find.beacon.Send(frame)
	}
	if err != nil {
		n.log.Debug("last beacon not sent", "error", err)
	}
}

// hearBeacon takes in a datagram.
func (n *Node) hearBeacon(payload []byte, from netip.AddrPort, _ int) {
	b, key, err := decodeBeacon(payload)
	if err == nil && b.UUID != n.cfg.UUID {
		if err = n.security.check(key); err != nil {
			n.security.refuse(err, "beacon", from.Addr().String(), key)
		}
	}
	n.mu.Lock()
	defer n.unlock()
	if err != nil {
		n.core.BeaconRefused(from, err)
		return
	}
	n.core.Beacon(n.now(), b.UUID, from.Addr(), b.Port, key)
}

// beaconsSent returns how many datagrams were sent.
func (f *finders) beaconsSent() uint64 {
	if f.beacon == nil {
		return 0
	}
	return f.beacon.Stats().Sent
}
