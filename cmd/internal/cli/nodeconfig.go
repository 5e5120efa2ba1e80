package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/zre"
)

// stallTimeout is how long the programs send on while nobody reads their output. They send and
// write in goroutines of their own, so they need not stop soon. They have to stop where what they
// write decides what they are given to send, as in a loop of a shell.
const stallTimeout = time.Minute

// Config is the node's configuration as the flags say it, with the log of env. It
// reads the files with keys. If it cannot, the rest of the configuration comes with the error.
func (f *NodeFlags) Config(env *Env) (zre.Config, error) {
	secret, trusted, err := f.keys.Load(env)
	gossip, gossipErr := env.withKeys("gossip", f.gossip)
	peers, peersErr := env.withKeys("peer", f.peers)
	err = cmp.Or(err, gossipErr, peersErr)
	cfg := zre.Config{
		Name:    f.name,
		UUID:    uuid.UUID(f.id),
		Headers: maps.Clone(map[string]string(f.headers)),
		Discovery: zre.Discovery{
			Interfaces:     slices.Clone(f.interfaces),
			Exclude:        slices.Clone(f.exclude),
			BeaconPort:     int(f.beaconPort),
			BeaconPeriod:   time.Duration(f.beacon),
			MulticastGroup: netip.AddrPort(f.multicast),
			MulticastTTL:   int(f.ttl),
			NoBeacon:       f.noBeacon,
			Gossip:         gossip,
			GossipBind:     f.gossipBind,
			Advertise:      f.advertise,
			Peers:          peers,
		},
		Timing: zre.Timing{
			QuietPeriod:   time.Duration(f.quiet),
			QuietPingRate: time.Duration(f.pingRate),
			DeadPeriod:    time.Duration(f.dead),
			SlowPeer:      time.Duration(f.slowPeer),
			StallTimeout:  stallTimeout,
		},
		Limits: zre.Limits{
			Ports:        zre.PortRange{First: f.ports.first, Last: f.ports.last},
			SendWindow:   int(f.window),
			ReceiveQueue: int(f.queue),
		},
		Security:  zre.Security{SecretKey: secret, TrustedKeys: trusted},
		Contest:   slices.Clone(f.contest),
		Transport: f.transport,
		Logger:    env.Log,
	}
	// Those that are not given follow from --dead-period.
	if !env.Set("quiet-period") {
		cfg.Timing.QuietPeriod = 0
	}
	if !env.Set("quiet-ping-rate") {
		cfg.Timing.QuietPingRate = 0
	}
	// Nodes whose beacons go to another port do not hear each other by
	// broadcast either, so one port given holds for both.
	switch own, group := env.Set("beacon-port"), env.Set("multicast-group"); {
	case group && !own:
		cfg.Discovery.BeaconPort = int(cfg.Discovery.MulticastGroup.Port())
	case own && !group:
		cfg.Discovery.MulticastGroup = netip.AddrPortFrom(cfg.Discovery.MulticastGroup.Addr(), uint16(f.beaconPort))
	}
	return cfg, err
}

// KeyFiles returns the names of the files and directories with keys, as they were given.
func (f *NodeFlags) KeyFiles() (key string, trust []string) {
	return f.keys.key, slices.Clone(f.keys.trust)
}

// StartNode starts a node as the flags say, which is in these groups from the start, and
// follows changes of what can change while it runs until it is closed: see KeyFlags.Follow.
// What is wrong with the flags is said in their words.
func (f *NodeFlags) StartNode(ctx context.Context, env *Env, groups ...string) (*zre.Node, error) {
	return f.StartNodeWith(ctx, env, func(cfg *zre.Config) { cfg.Groups = groups })
}

// StartNodeWith is StartNode with what a program sets in the configuration.
func (f *NodeFlags) StartNodeWith(
	ctx context.Context, env *Env, set func(cfg *zre.Config),
) (*zre.Node, error) {
	cfg, err := f.Config(env)
	if err != nil {
		return nil, err
	}
	set(&cfg)
	node, err := zre.Start(ctx, cfg)
	if err != nil {
		return nil, env.NodeError(err)
	}
	if err := f.serveMetrics(env, node); err != nil {
		return nil, errors.Join(err, node.Close())
	}
	following, stop := context.WithCancel(context.WithoutCancel(ctx))
	go func() {
		defer stop()
		<-node.Done()
	}()
	var live Live
	if cfg.Security.SecretKey != "" {
		// The key is part of who the node is: its peers know the node by it. So another key is
		// used at the next start.
		live.Keys = func(_ string, trusted []string) error { return node.SetTrustedKeys(trusted) }
	}
	go f.keys.Follow(following, env, live)
	return node, nil
}

// NodeError says what the library refused in the words of the flags: a bad
// setting is an error of the user, status [ExitUsage].
func (e *Env) NodeError(err error) error {
	if errors.Is(err, zre.ErrNoPort) {
		return fmt.Errorf("%w: --port-range", err)
	}
	bad, ok := errors.AsType[*zre.ConfigError](err)
	if !ok {
		return err
	}
	flag, ok := flagOfField(fieldName(bad.Field))
	if !ok {
		return err
	}
	reason := bad.Reason
	for field, flag := range flagsByField() {
		reason = strings.ReplaceAll(reason, field, "--"+flag)
	}
	return e.Refuse(flag, bad.Value, reason)
}

// fieldName returns the name of a field without its group in zre.Config, and
// without a part of it: Ports for Limits.Ports.First.
func fieldName(field string) string {
	parts := strings.Split(field, ".")
	if len(parts) == 1 {
		return field
	}
	return parts[1]
}

// flagOfField is the flag that sets a field of zre.Config.
func flagOfField(field string) (string, bool) {
	flag, ok := flagsByField()[field]
	return flag, ok
}

func flagsByField() map[string]string {
	return map[string]string{
		"Name": "name", "UUID": "id", "Groups": "join", "Headers": "header", "Interfaces": "interface", "Exclude": "exclude", "BeaconPort": "beacon-port",
		"MulticastGroup": "multicast-group", "MulticastTTL": "multicast-ttl", "NoBeacon": "no-beacon",
		"BeaconPeriod": "beacon-period", "QuietPeriod": "quiet-period", "QuietPingRate": "quiet-ping-rate",
		"DeadPeriod": "dead-period", "SlowPeer": "slow-peer", "Ports": "port-range", "Gossip": "gossip", "GossipBind": "gossip-bind",
		"Advertise": "advertise", "Peers": "peer", "Contest": "contest", "SecretKey": "key", "TrustedKeys": "trust",
		"SendWindow": "send-window", "ReceiveQueue": "receive-queue", "Transport": "transport", "Security": "key",
	}
}
