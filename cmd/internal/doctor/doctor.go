package doctor

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/internal/netif"
	"github.com/gozre/zre/zre"
)

// Config is what the doctor looks at.
type Config struct {
	Node    zre.Config // the node that the user would start
	KeyErr  error      // why its keys cannot be read, nil if they can
	Key     string     // the file with the secret key, "" if there is none
	Trust   []string   // the files and directories with trusted keys
	Listen  time.Duration
	Observe time.Duration // how long the node runs, at least Listen
}

// The times of a report. A peer that does not answer is known as such after about 5 s.
const (
	ListenTime  = 3 * time.Second
	ObserveTime = 8 * time.Second
)

// Run makes a report. It takes Config.Observe, and not much longer.
func Run(ctx context.Context, cfg Config) *Report {
	r := &Report{Version: cli.Version()}
	if cfg.Node.Discovery.BeaconPort == 0 {
		cfg.Node.Discovery.BeaconPort = zre.DefaultBeaconPort
	}
	r.host()
	r.keys(cfg)
	usable := r.interfaces(netif.Choice{Use: cfg.Node.Discovery.Interfaces, Exclude: cfg.Node.Discovery.Exclude})
	held := r.holders(cfg)
	r.tcpPorts(cfg.Node.Limits.Ports)

	var parts sync.WaitGroup
	if !cfg.Node.Discovery.NoBeacon && !held {
		parts.Go(func() { r.probe(ctx, cfg, usable) })
	}
	parts.Go(func() { r.firewall(ctx, cfg, runTool) })
	parts.Go(func() { r.gossip(ctx, cfg) })
	if cfg.KeyErr == nil && !held {
		parts.Go(func() { r.node(ctx, cfg) })
	}
	parts.Wait()
	r.sort()
	r.OK = len(r.Findings) == 0
	return r
}

// quiet is the node's log: what it would say is in the report.
func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }
