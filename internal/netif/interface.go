package netif

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
)

// Interface is a picture of one usable interface at the time it was listed. It
// has at least one address.
type Interface struct {
	Name  string
	Index int
	Flags net.Flags
	// Prefixes holds the IPv4 addresses with the lengths of their networks
	// (10.1.2.3/24, not masked), in the kernel's order.
	Prefixes []netip.Prefix
	// Prefixes6 holds the same for IPv6, link-local addresses among them. A
	// netip.Prefix has no zone; Addrs and Zoned give the addresses with it.
	Prefixes6 []netip.Prefix
}

// Loopback says whether what is sent here never leaves the host.
func (i Interface) Loopback() bool { return i.Flags&net.FlagLoopback != 0 }

// Addrs gives the addresses of the interface, IPv4 first. IPv6 link-local
// addresses have its name as their zone, so that they can be connected to.
func (i Interface) Addrs() []netip.Addr {
	addrs := make([]netip.Addr, 0, len(i.Prefixes)+len(i.Prefixes6))
	for _, p := range i.Prefixes {
		addrs = append(addrs, p.Addr())
	}
	for _, p := range i.Prefixes6 {
		addrs = append(addrs, i.Zoned(p.Addr()))
	}
	return addrs
}

// Zoned adds the name of the interface as the zone to an IPv6 link-local address,
// which names a host only together with an interface. It leaves others as they are.
func (i Interface) Zoned(addr netip.Addr) netip.Addr {
	if addr.Is6() && addr.IsLinkLocalUnicast() {
		return addr.WithZone(i.Name)
	}
	return addr
}

// Contains says whether addr lies in one of the networks of the interface. An
// address with a zone lies only in those of the interface that the zone names.
func (i Interface) Contains(addr netip.Addr) bool {
	if zone := addr.Zone(); zone != "" && zone != i.Name {
		return false
	}
	in := func(p netip.Prefix) bool { return p.Contains(addr.Unmap().WithZone("")) }
	return slices.ContainsFunc(i.Prefixes, in) || slices.ContainsFunc(i.Prefixes6, in)
}

// Equal says whether two pictures show the same thing.
func (i Interface) Equal(o Interface) bool {
	return i.Name == o.Name && i.Index == o.Index && i.Flags == o.Flags &&
		slices.Equal(i.Prefixes, o.Prefixes) && slices.Equal(i.Prefixes6, o.Prefixes6)
}

// String gives the name with the addresses, such as "eth0 (10.1.2.3/24, fe80::1/64)".
func (i Interface) String() string {
	var parts []string
	for _, p := range slices.Concat(i.Prefixes, i.Prefixes6) {
		parts = append(parts, p.String())
	}
	return i.Name + " (" + strings.Join(parts, ", ") + ")"
}

// Broadcast gives the directed broadcast address of the network of p, such as
// 10.1.2.255 for 10.1.2.3/24. IPv6 networks and those of one or two addresses
// (/32 and /31, RFC 3021) have none; then ok is false.
func Broadcast(p netip.Prefix) (addr netip.Addr, ok bool) {
	if !p.IsValid() || !p.Addr().Is4() || p.Bits() > 30 {
		return netip.Addr{}, false
	}
	octets := p.Addr().As4()
	host := ^uint32(0) >> p.Bits()
	binary.BigEndian.PutUint32(octets[:], binary.BigEndian.Uint32(octets[:])|host)
	return netip.AddrFrom4(octets), true
}

// List gives all usable interfaces in the order of their indexes.
func List() ([]Interface, error) {
	s, err := Look()
	return s.Usable, err
}

// Select gives the usable interfaces with the given names, in the order of
// their indexes, each once. Without names it gives all of them, like List. A
// name that cannot be used is a *SelectError.
func Select(names ...string) ([]Interface, error) {
	s, err := Look()
	if err != nil || len(names) == 0 {
		return s.Usable, err
	}
	for _, name := range names {
		if slices.ContainsFunc(s.Usable, func(i Interface) bool { return i.Name == name }) {
			continue
		}
		reason, there := s.unusable[name]
		if !there {
			reason = ErrNoInterface
		}
		return nil, &SelectError{Name: name, Err: reason, Usable: s.Usable}
	}
	return Choice{Use: names}.Filter(s.Usable), nil
}

// Why an interface cannot be used.
var (
	ErrNoInterface = errors.New("no such interface")
	ErrDown        = errors.New("interface is down")
	ErrNoAddress   = errors.New("interface has no IPv4 or IPv6 address")
	ErrNotOurs     = errors.New("no interface has this address")
	ErrExcluded    = errors.New("interface is excluded")
)

// SelectError says that the interface with the given name cannot be used, why,
// and which ones can.
type SelectError struct {
	Name   string
	Err    error // ErrNoInterface or another one of those above
	Usable []Interface
}

func (e *SelectError) Error() string {
	if len(e.Usable) == 0 {
		return fmt.Sprintf("%q: %v (this host has no usable interface)", e.Name, e.Err)
	}
	parts := make([]string, len(e.Usable))
	for n, i := range e.Usable {
		parts[n] = i.String()
	}
	return fmt.Sprintf("%q: %v (usable here: %s)", e.Name, e.Err, strings.Join(parts, ", "))
}

func (e *SelectError) Unwrap() error { return e.Err }

// A Survey is a picture of the interfaces of the host at one time.
type Survey struct {
	Usable   []Interface      // in the order of their indexes
	unusable map[string]error // why the others are not, by name
}

// Look makes a survey. It asks the kernel several times.
func Look() (Survey, error) {
	all, err := net.Interfaces()
	if err != nil {
		return Survey{}, fmt.Errorf("list interfaces: %w", err)
	}
	var usable []Interface
	unusable := make(map[string]error)
	ports := sync.OnceValue(bridgePorts) // mostly nothing depends on it
	for _, ifi := range all {
		if ifi.Flags&net.FlagUp == 0 {
			unusable[ifi.Name] = ErrDown
			continue
		}
		// An interface that went away since it was listed has no address either.
		addrs, err := ifi.Addrs()
		v4, v6 := prefixesOf(addrs)
		if len(v4) == 0 && len(v6) > 0 && ports()[ifi.Index] {
			v6 = nil
		}
		if err != nil || len(v4)+len(v6) == 0 {
			unusable[ifi.Name] = ErrNoAddress
			continue
		}
		usable = append(usable, Interface{
			Name: ifi.Name, Index: ifi.Index, Flags: ifi.Flags, Prefixes: v4, Prefixes6: v6,
		})
	}
	slices.SortFunc(usable, func(a, b Interface) int { return a.Index - b.Index })
	return Survey{Usable: usable, unusable: unusable}, nil
}

// prefixesOf gives the networks in what the standard library lists.
func prefixesOf(addrs []net.Addr) (v4, v6 []netip.Prefix) {
	for _, a := range addrs {
		ipnet, ok := a.(*net.IPNet)
		if !ok {
			continue
		}
		addr, ok := netip.AddrFromSlice(ipnet.IP)
		if !ok {
			continue
		}
		addr = addr.Unmap()
		ones, size := ipnet.Mask.Size()
		if addr.Is4() && size == 128 { // an IPv4 address with a mask of 16 octets
			ones -= 96
		}
		p := netip.PrefixFrom(addr, ones)
		switch {
		case !p.IsValid(): // a mask that is none
		case addr.Is4():
			v4 = append(v4, p)
		default:
			v6 = append(v6, p)
		}
	}
	return v4, v6
}
