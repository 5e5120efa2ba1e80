package zre

import (
	"errors"
	"net/netip"
	"strings"

	"github.com/gozre/zre/internal/curve"
	"github.com/gozre/zre/internal/endpoint"
	"github.com/gozre/zre/internal/hostname"
	"github.com/gozre/zre/zre/internal/named"
)

// configuredPeer is one of Config.Discovery.Peers.
type configuredPeer struct {
	hostPort string // HOST:PORT if HOST is a name, else ""
	at       endpoint.Endpoint
}

// parsePeer reads tcp://HOST:PORT or tcp://HOST:PORT|KEY. Without KEY the peer has the key own.
func parsePeer(text string, own curve.Key) (p configuredPeer, err error) {
	address, key, keyed := strings.Cut(text, "|")
	hostPort, ok := strings.CutPrefix(address, "tcp://")
	if !ok {
		return p, errors.New("tcp:// is missing")
	}
	if p.at.Key = own; keyed {
		if p.at.Key, err = curve.Parse(key); err != nil {
			return p, err
		}
	}
	host, _, err := hostname.Split(hostPort)
	if err != nil {
		return p, err
	}
	if _, err := netip.ParseAddr(host); err != nil {
		p.hostPort = hostPort
		return p, nil
	}
	at, err := endpoint.Parse(address)
	p.at.Addr = at.Addr
	return p, err
}

// checkPeerKeys checks that the keys of the configured peers are trusted.
func (n *Node) checkPeerKeys() error {
	for _, text := range n.cfg.Discovery.Peers {
		p, err := parsePeer(text, n.trust.Public())
		if err == nil {
			err = n.trust.Check(p.at.Key)
		}
		if err != nil {
			address, _, _ := strings.Cut(text, "|")
			return &ConfigError{"Discovery.Peers", address, "its key has to be one of TrustedKeys"}
		}
	}
	return nil
}

// addPeers dials the configured peers.
func (n *Node) addPeers() {
	var byName []named.Peer
	for _, text := range n.cfg.Discovery.Peers {
		p, err := parsePeer(text, n.trust.Public())
		switch {
		case err != nil: // It was checked.
		case p.hostPort != "":
			byName = append(byName, named.Peer{HostPort: p.hostPort, Key: p.at.Key})
		default:
			n.engine.AddStatic(p.at)
		}
	}
	n.names = named.Start(n.engine, n.cfg.lookup, byName)
}
