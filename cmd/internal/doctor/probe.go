package doctor

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/gozre/zre/internal/beacon"
	"github.com/gozre/zre/internal/netif"
)

// The ways that a probe goes.
const (
	multicast = "multicast"
	broadcast = "broadcast"
	overIPv6  = "IPv6 multicast"
)

// probe sends datagrams on each interface and looks which come back. The system gives what
// a host sends to a group or a network to the programs on the host too; so a datagram that
// does not come back is one that the beacons of others do not come through for either.
func (r *Report) probe(ctx context.Context, cfg Config, usable []netif.Interface) {
	d := &cfg.Node.Discovery
	p := &prober{
		mark: "zre doctor " + rand.Text() + " ", came: make(map[string]bool), failed: make(map[string]error),
		heard: make(map[int]map[netip.Addr]bool),
	}
	conn, err := beacon.Open(beacon.Config{
		Port: d.BeaconPort, Groups: []netip.AddrPort{d.MulticastGroup}, Interfaces: d.Interfaces, Exclude: d.Exclude, Handler: p.hear,
	})
	if err != nil {
		r.fact("beacons", "not tried: %v", err) // The interfaces have findings.
		return
	}
	defer conn.Close()
	ways := waysOf(usable, d.BeaconPort, d.MulticastGroup)
	end := time.NewTimer(cfg.Listen)
	defer end.Stop()
	ticker := time.NewTicker(cfg.Listen / 5)
	defer ticker.Stop()
	for range 3 { // A datagram may be lost.
		for _, w := range ways {
			p.send(w)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
	select {
	case <-end.C:
	case <-ctx.Done():
		return
	}
	own := make(map[netip.Addr]bool)
	for _, i := range usable {
		for _, a := range i.Addrs() {
			own[a.WithZone("")] = true
		}
	}
	for _, i := range usable {
		r.judge(i, p, own, ways, d.BeaconPort)
	}
}

// prober sends the datagrams of a probe, and hears them and the beacons of others.
type prober struct {
	mark string

	mu     sync.Mutex // guards what follows
	came   map[string]bool
	failed map[string]error
	heard  map[int]map[netip.Addr]bool // hosts with beacons, by interface
}

// way is a datagram from an interface.
type way struct {
	ifi  netif.Interface
	kind string
	src  netip.Addr
	dst  netip.AddrPort
}

func (w way) String() string { return w.kind + " on " + w.ifi.Name }

// waysOf returns the ways of all interfaces.
func waysOf(usable []netif.Interface, port int, group netip.AddrPort) (ways []way) {
	for _, i := range usable {
		for n, prefix := range i.Prefixes {
			if dst, ok := netif.Broadcast(prefix); ok && n == 0 {
				ways = append(ways, way{i, broadcast, prefix.Addr(), netip.AddrPortFrom(dst, uint16(port))})
			}
			if n == 0 && (i.Flags&net.FlagMulticast != 0 || i.Loopback()) {
				ways = append(ways, way{i, multicast, prefix.Addr(), group})
			}
		}
		for _, prefix := range i.Prefixes6 {
			if prefix.Addr().IsLinkLocalUnicast() && i.Flags&net.FlagMulticast != 0 {
				dst := netip.AddrPortFrom(netip.IPv6LinkLocalAllNodes().WithZone(i.Name), uint16(port))
				ways = append(ways, way{i, overIPv6, i.Zoned(prefix.Addr()), dst})
				break
			}
		}
	}
	return ways
}

// send sends a datagram by a way. An error is kept until one gets through.
func (p *prober) send(w way) {
	err := sendFrom(w, []byte(p.mark+w.String()))
	p.mu.Lock()
	defer p.mu.Unlock()
	if err == nil {
		delete(p.failed, w.String())
	} else {
		p.failed[w.String()] = err
	}
}

// beaconStart is how the beacons of ZRE begin.
const beaconStart = "ZRE"

// hear is the handler of the beacon port.
func (p *prober) hear(payload []byte, from netip.AddrPort, ifindex int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if name, ours := strings.CutPrefix(string(payload), p.mark); ours {
		p.came[name] = true
		return
	}
	if !strings.HasPrefix(string(payload), beaconStart) {
		return
	}
	hosts := p.heard[ifindex]
	if hosts == nil {
		hosts = make(map[netip.Addr]bool)
		p.heard[ifindex] = hosts
	}
	if len(hosts) < maxHosts {
		hosts[from.Addr()] = true
	}
}

// maxHosts bounds the hosts that are counted on an interface.
const maxHosts = 10_000

// judge says what came of the ways of an interface. Own are the addresses of this host.
func (r *Report) judge(
	i netif.Interface, p *prober, own map[netip.Addr]bool, ways []way, port int,
) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var came, missing []string
	var failed error
	for _, w := range ways {
		if w.ifi.Index != i.Index {
			continue
		}
		switch err := p.failed[w.String()]; {
		case p.came[w.String()]:
			came = append(came, w.kind)
		case err != nil && !i.Loopback():
			missing, failed = append(missing, w.kind), err
		default:
			missing = append(missing, w.kind)
		}
	}
	others := 0
	for host := range p.heard[i.Index] {
		if !own[host.WithZone("")] {
			others++
		}
	}
	r.fact("beacons", "%s: %s; beacons of other hosts: from %d addresses", i.Name, outcome(came, missing), others)
	if len(missing) == 0 || i.Flags&net.FlagRunning == 0 {
		return
	}
	allow := fmt.Sprintf("allow UDP port %d in this host's firewall (the facts show its rules): "+
		"ufw allow %d/udp, or firewall-cmd --add-port=%d/udp", port, port, port)
	switch {
	case i.Loopback():
		if len(came) == 0 {
			r.find(Finding{ID: "loopback-blocked", What: "no beacon gets through on " + i.Name,
				Means: "nodes on this host do not meet each other", Type: allow})
		}
	case failed != nil:
		r.find(Finding{ID: "send", What: fmt.Sprintf("%s cannot be sent on %s: %v", strings.Join(missing, " and "), i.Name, failed),
			Means: "no node on its network hears this one", Type: "ip route show table all; ip rule: look for routes that forbid it"})
	case len(came) == 0:
		r.find(Finding{ID: "beacons-blocked", What: "what is sent on " + i.Name + " to all nodes does not come back, neither by " + strings.Join(missing, " nor by "),
			Means: "beacons are dropped on this host, so nobody is met there", Type: allow})
	default:
		for _, kind := range missing {
			if kind == overIPv6 {
				continue // IPv4 gets through, and all implementations use it.
			}
			r.find(Finding{ID: kind + "-blocked", What: kind + " does not come back on " + i.Name,
				Means: "nodes that use " + kind + " only are not met there", Type: allow})
		}
	}
}

func outcome(came, missing []string) string {
	var parts []string
	if len(came) > 0 {
		parts = append(parts, strings.Join(came, ", ")+": works")
	}
	if len(missing) > 0 {
		parts = append(parts, strings.Join(missing, ", ")+": does not come back")
	}
	if len(parts) == 0 {
		return "nothing can be sent to all nodes"
	}
	return strings.Join(parts, "; ")
}

// sendFrom sends a datagram by the interface of a way, and from its address.
func sendFrom(w way, payload []byte) error {
	network := "udp4"
	if w.kind == overIPv6 {
		network = "udp6"
	}
	conn, err := net.ListenUDP(network, net.UDPAddrFromAddrPort(netip.AddrPortFrom(w.src, 0)))
	if err != nil {
		return err
	}
	err = chooseInterface(conn, w)
	if err == nil {
		_, err = conn.WriteToUDPAddrPort(payload, w.dst)
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		err = op.Err
	}
	return errors.Join(err, conn.Close())
}
