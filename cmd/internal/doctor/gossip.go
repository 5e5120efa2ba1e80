package doctor

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/gozre/zre/zgossip"
)

// gossipTime is how long a gossip server has to answer.
const gossipTime = 5 * time.Second

// gossip asks each gossip server.
func (r *Report) gossip(ctx context.Context, cfg Config) {
	for _, server := range cfg.Node.Discovery.Gossip {
		name, _, _ := strings.Cut(strings.TrimPrefix(server, "tcp://"), "|")
		asking, cancel := context.WithTimeout(ctx, gossipTime)
		tuples, err := zgossip.Dump(asking, zgossip.DumpConfig{
			Transport: cfg.Node.Transport, Server: server, SecretKey: cfg.Node.Security.SecretKey,
		})
		cancel()
		if err == nil {
			r.fact("gossip", "%s answers, and knows %d nodes", name, len(tuples))
			continue
		}
		r.find(Finding{
			ID: "gossip", What: fmt.Sprintf("the gossip server %s cannot be used: %v", name, err),
			Means: "nodes that are known there only are not met",
			Type:  "zgossip_server --dump " + name + " tries again; see its address, its key (HOST:PORT|KEY), and its log",
		})
	}
	if cfg.Node.Discovery.NoBeacon && len(cfg.Node.Discovery.Gossip) == 0 {
		r.fact("gossip", "no server is configured")
	}
}
