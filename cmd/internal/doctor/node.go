package doctor

import (
	"context"
	"fmt"
	"time"

	"github.com/gozre/zre/zre"
)

// node runs a node as the user's would be, and says whom it meets and whom it does not.
func (r *Report) node(ctx context.Context, cfg Config) {
	c := cfg.Node
	c.Logger, c.DiscardEvents, c.Contest = quiet(), true, nil
	c.Discovery.GossipBind = "" // The user's own node may have the port.
	if c.Name == "" {
		c.Name = "zre doctor"
	}
	n, err := zre.Start(ctx, c)
	if err != nil {
		r.find(Finding{
			ID: "node", What: "a node does not start: " + err.Error(),
			Means: "no program of ZRE works with this configuration", Type: "see what the line above says",
		})
		return
	}
	select {
	case <-time.After(cfg.Observe):
	case <-ctx.Done():
	}
	peers, problems := n.Peers(), n.Problems()
	if err := n.Close(); err != nil {
		r.fact("peers", "a peer did not say that it received everything: %v", err)
	}
	r.fact("peers", "%d reached", len(peers))
	for _, p := range peers[:min(len(peers), maxShown)] {
		r.fact("peers", "%q at %s", p.Name, p.Endpoint)
	}
	if more := len(peers) - maxShown; more > 0 {
		r.fact("peers", "and %d others", more)
	}
	for _, p := range problems {
		if p.Kind != zre.ProblemAlone || cfg.Node.Discovery.GossipBind == "" {
			r.problem(p)
		}
	}
}

// maxShown bounds the peers that are listed.
const maxShown = 20

// problem makes a finding of a problem of the node. Beacons and gossip servers are looked
// at elsewhere.
func (r *Report) problem(p zre.Problem) {
	f := Finding{Type: p.Advice}
	switch p.Kind {
	case zre.ProblemPeer:
		f.ID, f.What = "peer", "a node at %s announces itself and is not reached: %s"
		f.Means = "it and this node do not see each other, though it is heard"
	case zre.ProblemStatic:
		f.ID, f.What = "static", "the configured peer %s is not reached: %s"
		f.Means = "it and this node do not see each other"
	case zre.ProblemRefused:
		f.ID, f.What = "refused", "a node at %s is left out: %s"
		f.Means = "it is heard, and does not belong to this node's network"
	case zre.ProblemAlone:
		f.ID, f.What = "alone", "the node at %s finds nobody: %s"
		f.Means = "only nodes that name it with --peer are met"
	default:
		return
	}
	f.What = fmt.Sprintf(f.What, p.Where, p.Cause)
	if p.PublicKey != "" {
		f.What += "; its public key is " + p.PublicKey
	}
	r.find(f)
}
