package zre

import (
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/curve"
	"github.com/gozre/zre/internal/endpoint"
	"github.com/gozre/zre/internal/netif"
	"github.com/gozre/zre/internal/transport/choose"
	"github.com/gozre/zre/zre/internal/core"
)

// leastTime is the least that a time of a Config may be.
const leastTime = 10 * time.Millisecond

// withDefaults returns the config with its zero fields filled in, or what is
// wrong with it.
func (c Config) withDefaults() (Config, error) {
	d := &c.Discovery
	orDefault(&d.BeaconPort, DefaultBeaconPort)
	if !d.MulticastGroup.IsValid() {
		group := netip.MustParseAddrPort(DefaultMulticastGroup)
		d.MulticastGroup = netip.AddrPortFrom(group.Addr(), uint16(d.BeaconPort))
	}
	orDefault(&d.MulticastTTL, DefaultMulticastTTL)
	orDefault(&d.BeaconPeriod, DefaultBeaconPeriod)
	orDefault(&c.Timing.DeadPeriod, DefaultDeadPeriod)
	orDefault(&c.Timing.QuietPeriod, max(leastTime, min(DefaultQuietPeriod, c.Timing.DeadPeriod*3/5)))
	orDefault(&c.Timing.QuietPingRate, max(leastTime, min(DefaultQuietPingRate, c.Timing.DeadPeriod/8)))
	orDefault(&c.Timing.CloseTimeout, DefaultCloseTimeout)
	orDefault(&c.Timing.StallTimeout, DefaultStallTimeout)
	orDefault(&c.Limits.Ports, PortRange{DefaultFirstPort, DefaultLastPort})
	orDefault(&c.Limits.SendWindow, DefaultSendWindow)
	orDefault(&c.Limits.ReceiveQueue, DefaultReceiveQueue)
	orDefault(&c.Limits.MaxMessageSize, DefaultMaxMessageSize)
	orDefault(&c.Limits.MaxPeers, peersFor(openFiles()))
	if c.UUID == uuid.Nil {
		id, err := uuid.NewRandom()
		if err != nil {
			return c, fmt.Errorf("no random UUID: %w", err)
		}
		c.UUID = id
	}
	orDefault(&c.Name, c.UUID.String()[:6])
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c, c.check()
}

func orDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// check finds the first fault.
func (c *Config) check() error {
	if err := c.checkNumbers(); err != nil {
		return err
	}
	if len(c.Name) > 255 {
		return &ConfigError{"Name", c.Name[:32] + "...", fmt.Sprintf("has %d octets, want 255 or fewer", len(c.Name))}
	}
	if n := len(c.Headers); n > core.MaxHeaders {
		return &ConfigError{"Headers", fmt.Sprint(n, " headers"), fmt.Sprintf("want %d or fewer", core.MaxHeaders)}
	}
	if n := core.HelloSize(c.Name, c.Headers, nil); n > core.MaxHello {
		return &ConfigError{"Headers", fmt.Sprint(n, " octets"), fmt.Sprintf("want %d octets or fewer", core.MaxHello)}
	}
	for k := range c.Headers {
		if len(k) == 0 || len(k) > 255 {
			return &ConfigError{"Headers", k, "want keys of 1 to 255 octets"}
		}
	}
	for _, g := range c.Groups {
		if checkGroup(g) != nil {
			return &ConfigError{"Groups", g, "want groups of 1 to 255 octets"}
		}
	}
	for _, g := range c.Contest {
		if checkGroup(g) != nil {
			return &ConfigError{"Contest", g, "want groups of 1 to 255 octets"}
		}
	}
	if err := c.Discovery.choice().Check(); err != nil {
		return &ConfigError{"Discovery.Interfaces", c.Discovery.choice(), err.Error()}
	}
	if g := c.Discovery.MulticastGroup.Addr(); !g.Is4() || !g.IsMulticast() {
		return &ConfigError{"Discovery.MulticastGroup", c.Discovery.MulticastGroup,
			"want an IPv4 multicast address, 224.0.0.0 to 239.255.255.255, and a port"}
	}
	if c.ManualAck && c.DiscardEvents {
		return &ConfigError{"ManualAck", true, "events that are discarded are not acknowledged by hand"}
	}
	if err := choose.Check(c.Transport); err != nil {
		return &ConfigError{"Transport", c.Transport, err.Error()}
	}
	if err := c.checkKeys(); err != nil {
		return err
	}
	return c.checkEndpoints()
}

// choice is which interfaces are to be used.
func (d *Discovery) choice() netif.Choice { return netif.Choice{Use: d.Interfaces, Exclude: d.Exclude} }

func (c *Config) checkNumbers() error {
	for _, f := range []struct {
		name  string
		value int64
		min   int64
		max   int64
	}{
		{"Discovery.BeaconPort", int64(c.Discovery.BeaconPort), 1, 65535},
		{"Discovery.MulticastTTL", int64(c.Discovery.MulticastTTL), 1, 255},
		{"Limits.SendWindow", int64(c.Limits.SendWindow), 64 << 10, 1 << 40},
		{"Limits.ReceiveQueue", int64(c.Limits.ReceiveQueue), 64 << 10, 1 << 40},
		{"Limits.MaxMessageSize", c.Limits.MaxMessageSize, 1 << 10, 1 << 40},
		{"Limits.MaxPeers", int64(c.Limits.MaxPeers), 1, 1 << 20},
		{"Limits.Ports.First", int64(c.Limits.Ports.First), 1, 65535},
		{"Limits.Ports.Last", int64(c.Limits.Ports.Last), int64(c.Limits.Ports.First), 65535},
	} {
		if f.value < f.min || f.value > f.max {
			return &ConfigError{f.name, f.value, fmt.Sprintf("want %d to %d", f.min, f.max)}
		}
	}
	for _, f := range []struct {
		name  string
		value time.Duration
	}{
		{"Discovery.BeaconPeriod", c.Discovery.BeaconPeriod},
		{"Timing.QuietPeriod", c.Timing.QuietPeriod},
		{"Timing.QuietPingRate", c.Timing.QuietPingRate},
		{"Timing.DeadPeriod", c.Timing.DeadPeriod},
		{"Timing.CloseTimeout", c.Timing.CloseTimeout},
		{"Timing.StallTimeout", c.Timing.StallTimeout},
	} {
		if f.value < leastTime {
			return &ConfigError{f.name, f.value, fmt.Sprintf("want %v or more", leastTime)}
		}
	}
	if d := c.Timing.SlowPeer; d != 0 && d < leastTime {
		return &ConfigError{"Timing.SlowPeer", d, fmt.Sprintf("want %v or more, or 0 for no end", leastTime)}
	}
	if c.Timing.DeadPeriod <= c.Timing.QuietPeriod {
		return &ConfigError{"Timing.DeadPeriod", c.Timing.DeadPeriod,
			fmt.Sprintf("want more than QuietPeriod, which is %v", c.Timing.QuietPeriod)}
	}
	return nil
}

// checkKeys finds what is wrong with the keys of a Config.
func (c *Config) checkKeys() error {
	if c.Security.SecretKey == "" {
		if n := len(c.Security.TrustedKeys); n > 0 {
			return &ConfigError{"Security.TrustedKeys", fmt.Sprint(n, " keys"),
				"want SecretKey too: without it nothing is encrypted"}
		}
		return nil
	}
	if _, ours := c.Headers[core.KeyHeader]; ours {
		return &ConfigError{"Headers", core.KeyHeader, "is set by SecretKey"}
	}
	return nil
}

func (c *Config) checkEndpoints() error {
	d := &c.Discovery
	if d.Advertise != "" {
		if e, err := endpoint.Parse(d.Advertise); err != nil || !e.Key.IsZero() {
			return &ConfigError{"Discovery.Advertise", d.Advertise, "want tcp://IP:PORT"}
		}
	}
	for _, p := range d.Peers {
		address, key, keyed := strings.Cut(p, "|")
		if _, err := parsePeer(address, curve.Key{}); err != nil {
			return &ConfigError{"Discovery.Peers", address, "want tcp://HOST:PORT: " + err.Error()}
		}
		if err := c.checkKeyOf("Discovery.Peers", address, key); keyed && err != nil {
			return err
		}
	}
	for _, g := range d.Gossip {
		address, key, keyed := strings.Cut(g, "|")
		if strings.TrimPrefix(address, "tcp://") == "" {
			return &ConfigError{"Discovery.Gossip", address, "want HOST:PORT or tcp://HOST:PORT"}
		}
		if err := c.checkKeyOf("Discovery.Gossip", address, key); keyed && err != nil {
			return err
		}
	}
	return nil
}

// checkKeyOf checks the public key behind an address. It is not shown, as it might be
// a secret one by mistake.
func (c *Config) checkKeyOf(field, address, key string) error {
	if c.Security.SecretKey == "" {
		return &ConfigError{field, address + "|…", "want SecretKey too, or no key here"}
	}
	if _, err := curve.Parse(key); err != nil {
		return &ConfigError{field, address + "|…", fmt.Sprintf("want ADDRESS|KEY: %v", err)}
	}
	return nil
}
