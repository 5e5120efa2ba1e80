package beacon

import (
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
)

// Defaults of Config.
const (
	DefaultPort = 5670 // registered with IANA for ZRE discovery
	DefaultTTL  = 1
)

// DefaultGroup gives the multicast group of haskell-zre, the one that is
// configurable, on the given port.
func DefaultGroup(port uint16) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{225, 25, 25, 25}), port)
}

// fixedGroup gives the multicast group of gyre, which cannot be configured
// there and so is always among ours.
func fixedGroup(port uint16) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{224, 0, 0, 250}), port)
}

// A Handler is given each datagram that arrives, with its source and the index
// of the interface it arrived on (0 where the system does not tell). Calls for
// one Conn come one after the other. The payload belongs to the transport: it
// is valid only during the call and must not be written to.
//
// A Handler delays all Conns that share its transport, so it must be quick.
// It must not call Close, nor wait for a lock that is held during Close.
type Handler func(payload []byte, from netip.AddrPort, ifindex int)

// Config says where a Conn sends to and listens. The zero value has all the
// defaults.
type Config struct {
	// Port is the UDP port of the broadcasts, 5670 when 0.
	Port int
	// Groups are the IPv4 multicast groups; when there is none 225.25.25.25.
	// The port of a group may differ from Port, and is the same when 0. Group
	// 224.0.0.250 on Port always comes along, because gyre knows no other.
	Groups []netip.AddrPort
	// TTL is how many hops a multicast beacon may make, 1 when 0, up to 255.
	TTL int
	// Interfaces are the names of the interfaces to use: nothing is sent
	// elsewhere, and what arrives elsewhere is dropped. All usable ones when
	// there is none.
	Interfaces []string
	// Handler is given what arrives. It may be nil.
	Handler Handler
	// Logger takes changes of interfaces (info) and send errors (debug).
	// Nothing is logged when it is nil.
	Logger *slog.Logger
}

// settings are what Conns must have in common to share a transport: the
// checked, complete form of a Config without the parts of its own Conn.
type settings struct {
	port       uint16
	groups     []netip.AddrPort // sorted, each once
	ttl        int
	interfaces []string // sorted, each once; empty for all
}

// settings checks the configuration and fills in the defaults.
func (c Config) settings() (settings, error) {
	s := settings{port: DefaultPort, ttl: DefaultTTL}
	if c.Port != 0 {
		if c.Port < 1 || c.Port > 65535 {
			return settings{}, &ConfigError{"Port", c.Port, "want 1 to 65535"}
		}
		s.port = uint16(c.Port)
	}
	if c.TTL != 0 {
		if c.TTL < 1 || c.TTL > 255 {
			return settings{}, &ConfigError{"TTL", c.TTL, "want 1 to 255"}
		}
		s.ttl = c.TTL
	}
	for _, group := range c.Groups {
		if addr := group.Addr().Unmap(); !addr.Is4() || !addr.IsMulticast() {
			return settings{}, &ConfigError{"Groups", group, "want an IPv4 multicast address, 224.0.0.0 to 239.255.255.255"}
		}
		if group.Port() == 0 {
			group = netip.AddrPortFrom(group.Addr(), s.port)
		}
		s.groups = append(s.groups, netip.AddrPortFrom(group.Addr().Unmap(), group.Port()))
	}
	if len(s.groups) == 0 {
		s.groups = append(s.groups, DefaultGroup(s.port))
	}
	s.groups = append(s.groups, fixedGroup(s.port))
	slices.SortFunc(s.groups, netip.AddrPort.Compare)
	s.groups = slices.Compact(s.groups)
	for _, name := range c.Interfaces {
		if name == "" {
			return settings{}, &ConfigError{"Interfaces", name, "want the name of an interface"}
		}
	}
	s.interfaces = slices.Clone(c.Interfaces)
	slices.Sort(s.interfaces)
	s.interfaces = slices.Compact(s.interfaces)
	return s, nil
}

// key is equal for equal settings. Names of interfaces hold no blanks.
func (s settings) key() string {
	return fmt.Sprint(s.port, s.ttl, s.groups, strings.Join(s.interfaces, " "))
}

// ports gives the ports to hear on, that of the broadcasts first.
func (s settings) ports() []uint16 {
	ports := []uint16{s.port}
	for _, group := range s.groups {
		if !slices.Contains(ports, group.Port()) {
			ports = append(ports, group.Port())
		}
	}
	return ports
}
