package doctor

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/gozre/zre/internal/netif"
)

// interfaces lists the interfaces, and returns those that can be used of the named ones, or
// of all if none is named.
func (r *Report) interfaces(choice netif.Choice) []netif.Interface {
	all, err := net.Interfaces()
	if err != nil {
		r.fact("interface", "they cannot be listed: %v", err)
		return nil
	}
	usable, err := netif.List()
	if err != nil {
		r.fact("interface", "they cannot be listed: %v", err)
		return nil
	}
	usable = choice.Filter(usable)
	network := slices.ContainsFunc(usable, func(i netif.Interface) bool { return !i.Loopback() })
	missing, _ := errors.AsType[*netif.SelectError](choice.Missing())
	for _, i := range all {
		wanted := choice.All() || slices.Contains(choice.Use, i.Name)
		at := slices.IndexFunc(usable, func(u netif.Interface) bool { return u.Index == i.Index })
		switch {
		case at >= 0:
			r.usable(usable[at])
		case !wanted:
			r.fact("interface", "%s: not to be used (--interface, --exclude)", i.Name)
		default:
			r.unusable(i, !network || len(choice.Use) > 0)
		}
	}
	if missing != nil && !slices.ContainsFunc(all, func(i net.Interface) bool { return i.Name == missing.Name }) {
		r.find(Finding{
			ID: "interface-down", What: fmt.Sprintf("there is no interface %q", missing.Name),
			Means: "a node that is told to use it waits for it, and meets nobody", Type: "ip addr, and name one of those with --interface",
		})
	}
	if !network && len(usable) > 0 && len(choice.Use) == 0 {
		r.find(Finding{
			ID: "loopback-only", What: "this host has no interface to a network that is up and has an address",
			Means: "only nodes on this host are met", Type: "ip addr; then connect the host, or ip link set INTERFACE up",
		})
	}
	return usable
}

func (r *Report) usable(i netif.Interface) {
	var flags []string
	for _, f := range []struct {
		flag net.Flags
		name string
	}{{net.FlagLoopback, "loopback"}, {net.FlagBroadcast, "broadcast"}, {net.FlagMulticast, "multicast"}, {net.FlagPointToPoint, "point to point"}} {
		if i.Flags&f.flag != 0 {
			flags = append(flags, f.name)
		}
	}
	r.fact("interface", "%s: %s", i, strings.Join(flags, ", "))
	if i.Flags&(net.FlagBroadcast|net.FlagMulticast) == net.FlagBroadcast {
		r.find(Finding{
			ID: "no-multicast-flag", What: i.Name + " does not carry multicast: its flag MULTICAST is off",
			Means: "nodes that use multicast only (gyre, zyre over IPv6) are not met there",
			Type:  "ip link set " + i.Name + " multicast on",
		})
	}
}

// unusable says why an interface is not used. It is a finding if it matters.
func (r *Report) unusable(i net.Interface, matters bool) {
	f := Finding{ID: "no-address", What: i.Name + " has no address",
		Means: "no node is met on its network", Type: "dhclient " + i.Name + ", or ip addr add ADDRESS/BITS dev " + i.Name}
	if i.Flags&net.FlagUp == 0 {
		f = Finding{ID: "interface-down", What: i.Name + " is down",
			Means: "no node is met on its network", Type: "ip link set " + i.Name + " up"}
	}
	r.fact("interface", "%s, and is not used", f.What)
	ethernet := i.Flags&net.FlagBroadcast != 0 || i.Flags&net.FlagLoopback != 0
	if matters && ethernet {
		r.find(f)
	}
}
