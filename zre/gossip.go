package zre

import (
	"fmt"
	"log/slog"
	"net/netip"

	"github.com/google/uuid"

	"github.com/gozre/zre/zgossip"
)

// startGossip begins to publish the node's endpoint to gossip servers and to
// hear of others from them. A node that is a server itself is the servers'
// neighbour and not their client.
func (n *Node) startGossip() (err error) {
	if n.cfg.GossipBind != "" {
		n.find.server, err = zgossip.NewServer(zgossip.ServerConfig{
			Listen:  []string{n.cfg.GossipBind},
			Connect: n.cfg.Gossip,

			SecretKey: n.cfg.SecretKey, TrustedKeys: n.cfg.TrustedKeys,
			OnTuple: n.hearTuple,
			Logger:  quiet(n.log, slog.LevelError),
		})
		if err != nil {
			return fmt.Errorf("gossip server: %w", err)
		}
		if err = n.find.server.Publish(n.cfg.UUID, n.security.published(n.Endpoint())); err != nil {
			return fmt.Errorf("gossip server: %w", err)
		}
		return nil
	}
	if len(n.cfg.Gossip) == 0 {
		return nil
	}
	n.find.client, err = zgossip.NewClient(zgossip.ClientConfig{
		Servers: n.cfg.Gossip,

		SecretKey: n.cfg.SecretKey,
		Key:       n.cfg.UUID,
		Endpoint:  n.endpointFor,
		OnTuple:   n.hearTuple,
		Logger:    quiet(n.log, slog.LevelWarn),
	})
	if err != nil {
		return fmt.Errorf("gossip: %w", err)
	}
	return nil
}

// publishAgain tells the node's own gossip server where the node is, if that is
// something else than what was told before, and returns what is told now.
func (n *Node) publishAgain(told string) string {
	now := n.Endpoint()
	if n.find.server == nil || now == told {
		return told
	}
	if err := n.find.server.Publish(n.cfg.UUID, n.security.published(now)); err != nil {
		n.log.Warn("new endpoint not published", "endpoint", now, "error", err)
		return told
	}
	n.log.Debug("new endpoint", "endpoint", now)
	return now
}

// stopGossip withdraws what was published.
func (n *Node) stopGossip() {
	if n.find.client != nil {
		if err := n.find.client.Close(); err != nil {
			n.log.Error("gossip client does not close", "error", err)
		}
	}
	if n.find.server != nil {
		n.find.server.Withdraw(n.cfg.UUID)
		if err := n.find.server.Close(); err != nil {
			n.log.Error("gossip server does not close", "error", err)
		}
	}
}

// endpointFor returns what a gossip server is told: the address that reaches the
// server is the best guess at the one that its other clients reach.
func (n *Node) endpointFor(server netip.AddrPort) (string, error) {
	endpoint := n.cfg.Advertise
	if endpoint == "" {
		endpoint = "tcp://" + netip.AddrPortFrom(n.net.localFor(server.Addr()), n.port).String()
	}
	return n.security.published(endpoint), nil
}

// hearTuple takes in that a gossip server knows of a node. That a tuple was
// withdrawn ends nobody: the node itself says goodbye, or is missed.
func (n *Node) hearTuple(t zgossip.Tuple) {
	if t.Withdrawn || t.UUID == uuid.Nil || t.UUID == n.cfg.UUID {
		return // the second is a tuple of something else than a node
	}
	if err := n.security.check(t.PublicKey); err != nil {
		n.security.refuse(err, "gossip", t.Endpoint, t.PublicKey)
		return
	}
	n.mu.Lock()
	defer n.unlock()
	n.core.Discovered(n.now(), t.UUID, t.Endpoint, t.PublicKey)
}
