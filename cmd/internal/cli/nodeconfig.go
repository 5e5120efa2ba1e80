package cli

import (
	"context"
	"errors"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/gozre/zre/zre"
)

// Config is the node's configuration as the flags say it, with the log of env. It
// reads the files with keys.
func (f *NodeFlags) Config(env *Env) (zre.Config, error) {
	secret, trusted, err := f.keys.Load(env)
	if err != nil {
		return zre.Config{}, err
	}
	cfg := zre.Config{
		Name:           f.name,
		Headers:        maps.Clone(map[string]string(f.headers)),
		Interfaces:     slices.Clone(f.interfaces),
		BeaconPort:     int(f.beaconPort),
		MulticastGroup: netip.AddrPort(f.multicast),
		MulticastTTL:   int(f.ttl),
		NoBeacon:       f.noBeacon,
		BeaconPeriod:   time.Duration(f.beacon),
		QuietPeriod:    time.Duration(f.quiet),
		QuietPingRate:  time.Duration(f.pingRate),
		DeadPeriod:     time.Duration(f.dead),
		Ports:          zre.PortRange{First: f.ports.first, Last: f.ports.last},
		SendWindow:     int(f.window),
		ReceiveQueue:   int(f.queue),
		Gossip:         slices.Clone(f.gossip),
		GossipBind:     f.gossipBind,
		Advertise:      f.advertise,
		Peers:          slices.Clone(f.peers),
		Contest:        slices.Clone(f.contest),
		SecretKey:      secret,
		TrustedKeys:    trusted,
		Logger:         env.Log,
	}
	// Nodes whose beacons go to another port do not hear each other by
	// broadcast either, so one port given holds for both.
	switch own, group := env.Set("beacon-port"), env.Set("multicast-group"); {
	case group && !own:
		cfg.BeaconPort = int(cfg.MulticastGroup.Port())
	case own && !group:
		cfg.MulticastGroup = netip.AddrPortFrom(cfg.MulticastGroup.Addr(), uint16(f.beaconPort))
	}
	return cfg, nil
}

// StartNode starts a node as the flags say. What is wrong with them is said in their
// words.
func (f *NodeFlags) StartNode(ctx context.Context, env *Env) (*zre.Node, error) {
	cfg, err := f.Config(env)
	if err != nil {
		return nil, err
	}
	node, err := zre.Start(ctx, cfg)
	if err != nil {
		return nil, env.NodeError(err)
	}
	return node, nil
}

// NodeError says what the library refused in the words of the flags: a bad
// setting is the user's to mend, status [ExitUsage].
func (e *Env) NodeError(err error) error {
	bad, ok := errors.AsType[*zre.ConfigError](err)
	if !ok {
		return err
	}
	field, _, _ := strings.Cut(bad.Field, ".") // "Ports.First"
	flag, ok := flagOfField(field)
	if !ok {
		return err
	}
	reason := bad.Reason
	for field, flag := range flagsByField() {
		reason = strings.ReplaceAll(reason, field, "--"+flag)
	}
	return e.Refuse(flag, bad.Value, reason)
}

// flagOfField is the flag that sets a field of zre.Config.
func flagOfField(field string) (string, bool) {
	flag, ok := flagsByField()[field]
	return flag, ok
}

func flagsByField() map[string]string {
	return map[string]string{
		"Name": "name", "Headers": "header", "Interfaces": "interface", "BeaconPort": "beacon-port",
		"MulticastGroup": "multicast-group", "MulticastTTL": "multicast-ttl", "NoBeacon": "no-beacon",
		"BeaconPeriod": "beacon-period", "QuietPeriod": "quiet-period", "QuietPingRate": "quiet-ping-rate",
		"DeadPeriod": "dead-period", "Ports": "port-range", "Gossip": "gossip", "GossipBind": "gossip-bind",
		"Advertise": "advertise", "Peers": "peer", "Contest": "contest", "SecretKey": "key", "TrustedKeys": "trust", "SendWindow": "send-window", "ReceiveQueue": "receive-queue",
	}
}
