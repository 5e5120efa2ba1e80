package discovery

import (
	"fmt"
	"log/slog"
	"net/netip"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/endpoint"
	"github.com/gozre/zre/zgossip"
	"github.com/gozre/zre/zre/internal/trust"
)

// startGossip publishes the node's endpoint at gossip servers, and gets the endpoints
// of others from them. A node that is a server itself is linked to these servers, and
// is not their client.
func (d *Discovery) startGossip() (err error) {
	if d.cfg.GossipBind != "" {
		d.server, err = zgossip.NewServer(zgossip.ServerConfig{
			Listen:  []string{d.cfg.GossipBind},
			Connect: d.cfg.Gossip,

			SecretKey: d.cfg.SecretKey, TrustedKeys: d.cfg.TrustedKeys,
			Transport: d.cfg.Transport,
			OnTuple:   d.hearTuple,
			Logger:    quiet(d.cfg.Logger, slog.LevelError),
		})
		if err != nil {
			return fmt.Errorf("gossip server: %w", err)
		}
		if err = d.server.Publish(d.cfg.ID, d.Endpoint().WithKey()); err != nil {
			return fmt.Errorf("gossip server: %w", err)
		}
		return nil
	}
	if len(d.cfg.Gossip) == 0 {
		return nil
	}
	d.client, err = zgossip.NewClient(zgossip.ClientConfig{
		Servers: d.cfg.Gossip,

		SecretKey: d.cfg.SecretKey,
		Transport: d.cfg.Transport,
		Key:       d.cfg.ID,
		Endpoint:  d.endpointFor,
		OnTuple:   d.hearTuple,
		Logger:    quiet(d.cfg.Logger, slog.LevelError), // see Problems
	})
	if err != nil {
		return fmt.Errorf("gossip: %w", err)
	}
	return nil
}

// publishChanged publishes the node's endpoint in its own gossip server if it is
// another one than before. It returns the endpoint that is published now.
func (d *Discovery) publishChanged(published endpoint.Endpoint) endpoint.Endpoint {
	now := d.Endpoint()
	if d.server == nil || now == published {
		return published
	}
	if err := d.server.Publish(d.cfg.ID, now.WithKey()); err != nil {
		d.cfg.Logger.Warn("new endpoint not published", "endpoint", now, "error", err)
		return published
	}
	d.cfg.Logger.Debug("new endpoint", "endpoint", now)
	return now
}

// stopGossip withdraws what was published.
func (d *Discovery) stopGossip() {
	if d.client != nil {
		if err := d.client.Close(); err != nil {
			d.cfg.Logger.Error("gossip client does not close", "error", err)
		}
	}
	if d.server != nil {
		d.server.Withdraw(d.cfg.ID)
		if err := d.server.Close(); err != nil {
			d.cfg.Logger.Error("gossip server does not close", "error", err)
		}
	}
}

// endpointFor returns the endpoint to publish at a gossip server. Other clients of the
// server most likely reach this node at the address that reaches the server.
func (d *Discovery) endpointFor(server netip.AddrPort) (string, error) {
	return d.endpointAt(func() netip.Addr { return d.cfg.Host.LocalFor(server.Addr()) }).WithKey(), nil
}

// hearTuple handles what a gossip server knows about a node. A withdrawn tuple does not
// end a peer: the node itself says goodbye, or its connection ends.
func (d *Discovery) hearTuple(t zgossip.Tuple) {
	if t.UUID == uuid.Nil || t.UUID == d.cfg.ID {
		return // A tuple without UUID is not that of a node.
	}
	if t.Withdrawn {
		d.cfg.Sink.Withdrawn(t.UUID)
		return
	}
	at, err := endpoint.Parse(t.Endpoint)
	if err == nil && t.PublicKey != "" {
		at, err = endpoint.Parse(t.Endpoint + "|" + t.PublicKey)
	}
	if err != nil {
		d.cfg.Logger.Debug("gossip tuple refused", "endpoint", t.Endpoint, "error", err)
		return
	}
	if err := d.cfg.Trust.Check(at.Key); err != nil {
		d.cfg.Trust.Refuse(trust.Refusal{
			Cause: err, What: "gossip", From: at.Addr.String(), Host: at.Host().String(),
			Peer: t.UUID, Key: at.Key,
		})
		return
	}
	d.cfg.Sink.Discovered(t.UUID, at)
}

// GossipServer returns the node's own gossip server, nil if it has none.
func (d *Discovery) GossipServer() *zgossip.Server { return d.server }

// SetTrustedKeys replaces the keys that the node's own gossip server trusts.
func (d *Discovery) SetTrustedKeys(trusted []string) error {
	if d.server == nil {
		return nil
	}
	return d.server.SetTrustedKeys(trusted)
}

// Server is a gossip server that cannot be used, and why.
type Server struct {
	Address string // HOST:PORT
	Err     error
}

// Servers returns how many gossip servers have neither sent what they know nor failed, and
// those that have failed.
func (d *Discovery) Servers() (asking int, failed []Server) {
	for _, s := range d.GossipServers() {
		switch {
		case s.Complete:
		case s.Err != nil:
			failed = append(failed, Server{s.Server, s.Err})
		default:
			asking++
		}
	}
	return asking, failed
}
