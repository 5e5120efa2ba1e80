package beacon

import (
	"fmt"
	"log/slog"
	"net/netip"
	"slices"

	"github.com/gozre/zre/internal/netif"
)

// Defaults of Config.
const (
	DefaultPort = 5670 // registered with IANA for ZRE discovery
	DefaultTTL  = 1
)

// DefaultGroup gives the IPv4 multicast group of haskell-zre, the one that is
// configurable, on the given port.
func DefaultGroup(port uint16) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{225, 25, 25, 25}), port)
}

// DefaultGroup6 gives the IPv6 multicast group of zyre (ZSYS_IPV6=1), which is
// that of all nodes on a link, on the given port.
func DefaultGroup6(port uint16) netip.AddrPort {
	return netip.AddrPortFrom(netip.IPv6LinkLocalAllNodes(), port)
}

// fixedGroup gives the multicast group of gyre, which cannot be configured
// there and so is always among ours.
func fixedGroup(port uint16) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{224, 0, 0, 250}), port)
}

// A Handler is given each datagram that arrives, with its source and the index
// of the interface it arrived on (0 for one that arrived while the Conn was being
// opened, which may have no index yet). The source is an IPv4 or an IPv6 address, never
// one mapped into the other; an IPv6 link-local one has the name of the interface
// as its zone, so that it can be connected to. Calls for one Conn come one after
// the other. The payload belongs to the transport: it
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
	// Groups are the multicast groups, of IPv4 and of IPv6. A family without any
	// has its default, 225.25.25.25 or ff02::1. The port of a group may differ
	// from Port, and is the same when 0. Group 224.0.0.250 on Port always comes
	// along, because gyre knows no other. Groups of a family that is not used are
	// ignored.
	Groups []netip.AddrPort
	// TTL is how many hops a multicast beacon may make, 1 when 0, up to 255.
	TTL int
	// Family is IPv4 or IPv6 for that one alone. By default both are used, as far
	// as the host has them.
	Family Family
	// Interfaces are the interfaces to use, as in [netif.Choice], and Exclude those not
	// to use: nothing is sent elsewhere, and what arrives elsewhere is dropped. All
	// usable ones when there is none. They are used as soon as they are there.
	Interfaces, Exclude []string
	// Handler is given what arrives. It may be nil.
	Handler Handler
	// Logger takes changes of interfaces (info) and send errors (debug).
	// Nothing is logged when it is nil.
	Logger *slog.Logger
}

// settings are what Conns must have in common to share a transport: the
// checked, complete form of a Config without the parts of its own Conn.
type settings struct {
	port     uint16
	families []Family
	groups   []netip.AddrPort // of these families; sorted, each once
	ttl      int
	choice   netif.Choice // each list sorted, each name once
}

// settings checks the configuration and fills in the defaults.
func (c Config) settings() (settings, error) {
	s := settings{port: DefaultPort, ttl: DefaultTTL, families: c.Family.families()}
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
	if s.families == nil {
		return settings{}, &ConfigError{"Family", c.Family, "want AnyFamily, IPv4 or IPv6"}
	}
	var err error
	if s.groups, err = c.groups(s.port, s.families); err != nil {
		return settings{}, err
	}
	s.choice = netif.Choice{Use: sorted(c.Interfaces), Exclude: sorted(c.Exclude)}
	if err := s.choice.Check(); err != nil {
		return settings{}, &ConfigError{"Interfaces", s.choice, err.Error()}
	}
	return s, nil
}

// sorted returns the names in order, each once.
func sorted(names []string) []string {
	names = slices.Clone(names)
	slices.Sort(names)
	return slices.Compact(names)
}

// groups checks the groups and gives those of the families, with the defaults.
func (c Config) groups(port uint16, families []Family) ([]netip.AddrPort, error) {
	groups := []netip.AddrPort{fixedGroup(port)}
	given := make(map[Family]bool)
	for _, group := range c.Groups {
		addr := group.Addr().Unmap()
		if !addr.IsMulticast() || addr.Zone() != "" {
			return nil, &ConfigError{"Groups", group,
				"want a multicast address, 224.0.0.0 to 239.255.255.255 or ff00::/8, without a zone"}
		}
		if group.Port() == 0 {
			group = netip.AddrPortFrom(addr, port)
		}
		groups = append(groups, netip.AddrPortFrom(addr, group.Port()))
		given[familyOf(addr)] = true
	}
	if !given[IPv4] {
		groups = append(groups, DefaultGroup(port))
	}
	if !given[IPv6] {
		groups = append(groups, DefaultGroup6(port))
	}
	groups = slices.DeleteFunc(groups, func(group netip.AddrPort) bool {
		return !slices.Contains(families, familyOf(group.Addr()))
	})
	slices.SortFunc(groups, netip.AddrPort.Compare)
	return slices.Compact(groups), nil
}

// key is equal for equal settings. Blanks in the names of interfaces, which
// Windows allows, do not make two lists one.
func (s settings) key() string {
	return fmt.Sprintf("%d %d %v %v %q", s.port, s.ttl, s.families, s.groups, [2][]string{s.choice.Use, s.choice.Exclude})
}

// A binding is what one socket hears on: a port, in one version of IP.
type binding struct {
	family Family
	port   uint16
}

func (b binding) String() string { return netip.AddrPortFrom(b.family.any(), b.port).String() }

// bindings gives those of all sockets: for each family the port, and those of
// its groups that have another.
func (s settings) bindings() []binding {
	var bindings []binding
	for _, family := range s.families {
		bindings = append(bindings, binding{family, s.port})
	}
	for _, group := range s.groups {
		if b := bindingOf(group); !slices.Contains(bindings, b) {
			bindings = append(bindings, b)
		}
	}
	return bindings
}

// bindingOf gives the binding of the socket that hears what is sent to dst.
func bindingOf(dst netip.AddrPort) binding { return binding{familyOf(dst.Addr()), dst.Port()} }

// usesLoopback says whether beacons of the family are sent on a loopback
// interface. One family is enough there, as all nodes are on this host: those
// that use both hear those that use one, and one that hears the other suffices.
func (s settings) usesLoopback(family Family, ifi netif.Interface) bool {
	return family == IPv4 || len(ifi.Prefixes) == 0 || !slices.Contains(s.families, IPv4)
}
