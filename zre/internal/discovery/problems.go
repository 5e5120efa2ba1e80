package discovery

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/codec/zrebeacon"
	"github.com/gozre/zre/internal/curve"
	"github.com/gozre/zre/zgossip"
	"github.com/gozre/zre/zre/internal/problems"
)

// Problems returns what is wrong with discovery now. It implements problems.Source.
func (d *Discovery) Problems(now time.Time) (all []problems.Problem) {
	if p, wrong := d.beaconProblem(now); wrong {
		all = append(all, p)
	}
	for _, s := range d.GossipServers() {
		if !s.Connected && s.Err != nil {
			all = append(all, gossipProblem(s))
		}
	}
	return all
}

// GossipServers returns how the node stands with the servers in Config.Gossip.
func (d *Discovery) GossipServers() []zgossip.ServerState {
	switch {
	case d.client != nil:
		return d.client.Servers()
	case d.server != nil:
		return d.server.Links()
	}
	return nil
}

func gossipProblem(s zgossip.ServerState) problems.Problem {
	return problems.Problem{
		Key: "gossip " + s.Server, Kind: problems.Gossip, Where: s.Server,
		Cause: s.Err.Error(), Advice: gossipAdvice(s.Err), Since: s.Since, Lasting: s.Lasting,
	}
}

// gossipAdvice says what to do about a server that cannot be used.
func gossipAdvice(err error) string {
	for _, known := range []struct {
		cause error
		words string
	}{
		{zgossip.ErrUnresolved, "check the name, and that this host resolves it"},
		{zgossip.ErrRefused, "start zgossip_server there, or correct the port"},
		{zgossip.ErrTimeout, "check the address, and that firewalls let its TCP port pass"},
		{zgossip.ErrUntrusted, "give the server our public key: --trust"},
		{zgossip.ErrWrongKey, "give the server's present public key behind its address"},
		{zgossip.ErrMechanism, "give the server's public key behind its address, and --key; or neither"},
		{zgossip.ErrNotGossip, "correct the address: another program listens there"},
	} {
		if errors.Is(err, known.cause) {
			return known.words
		}
	}
	return "see the server's log"
}

// echoWait is the least time in which a beacon of this node has to come back.
const echoWait = 3 * time.Second

// beaconProblem says why this node's beacons do not come back to it.
func (d *Discovery) beaconProblem(now time.Time) (p problems.Problem, wrong bool) {
	if err := d.cfg.Host.Missing(); err != nil {
		return problems.Problem{
			Key: "interface", Kind: problems.Interface, Where: d.cfg.Choice.String(), Cause: err.Error(), Lasting: true,
			Advice: "the node uses it as soon as it is there; or choose another one with --interface",
		}, true
	}
	wait := max(echoWait, 3*d.cfg.BeaconPeriod)
	since := now.Add(-wait)
	if d.beacon == nil || !d.echo.started(since) || d.echo.quick(since, d.isLoopback) {
		return problems.Problem{}, false
	}
	what, silent := d.echo.judge(since, d.cfg.Host.Interfaces())
	p = problems.Problem{Key: "beacon", Kind: problems.Beacon, Where: fmt.Sprintf("UDP port %d", d.cfg.BeaconPort)}
	switch what {
	case nothingMissing:
		return problems.Problem{}, false
	case noInterface:
		p.Where = d.cfg.Choice.String()
		if p.Where == "" {
			p.Where = "this host"
		}
		p.Cause = "there is no network interface that is up and has an address"
		p.Advice = "connect this host to a network: ip addr shows its interfaces"
	case allMissing:
		p.Cause = "our own beacons come back from no interface" + named(silent)
		p.Advice = fmt.Sprintf("allow UDP port %d in this host's firewall; zre doctor says more", d.cfg.BeaconPort)
	case netMissing:
		p.Cause = "our own beacons come back from the loopback interface only, and not" + from(silent)
		p.Advice = fmt.Sprintf("allow UDP port %d in this host's firewall; zre doctor says more", d.cfg.BeaconPort)
	}
	return p, true
}

// isLoopback reports whether the index is that of a loopback interface.
func (d *Discovery) isLoopback(ifindex int) bool { return d.loopback[ifindex] }

// maxNamed bounds the interfaces that are named in a cause.
const maxNamed = 8

func from(interfaces []string) string {
	if more := len(interfaces) - maxNamed; more > 0 {
		interfaces = append(interfaces[:maxNamed:maxNamed], fmt.Sprintf("%d others", more))
	}
	return " from " + strings.Join(interfaces, ", ")
}

func named(interfaces []string) string {
	if len(interfaces) == 0 {
		return ""
	}
	return ", not even" + from(interfaces)
}

// hearFar notes the beacon of a node that is in no network of the interface at which it came,
// unless the node is known by another way.
func (d *Discovery) hearFar(id uuid.UUID, port uint16, key curve.Key, at netip.AddrPort) {
	if port == 0 || id == d.cfg.ID || d.cfg.Trust.Check(key) != nil || d.cfg.Sink.Knows(id) {
		return
	}
	host := hostOf(at)
	d.cfg.Report(time.Now(), problems.Problem{
		Key: "far " + host, Kind: problems.Refused, Where: host, Host: host, Peer: id,
		Holds: 2 * time.Second, // A single one is not told of: the node may be known soon.
		Cause: "its beacons are not answered: its address is in no network of the interface at which they come",
		Advice: "give both hosts addresses in one network (ip address), or name the node with --peer; " +
			"if routers pass multicast on: --multicast-ttl 2 or more",
	})
}

// versionAt is where a beacon has the version of the protocol, behind "ZRE".
const versionAt = 3

// hearForeign notes the beacon of a node that speaks another version of the protocol.
func (d *Discovery) hearForeign(payload []byte, at netip.AddrPort) {
	if len(payload) <= versionAt || string(payload[:versionAt]) != "ZRE" {
		return
	}
	switch id := zrebeacon.ID(payload[versionAt]); id {
	case zrebeacon.IDPlain, zrebeacon.IDSecure: // It is only malformed.
	default:
		host := hostOf(at)
		d.cfg.Report(time.Now(), problems.Problem{
			Key: "version " + host, Kind: problems.Refused, Where: host, Host: host, Lasting: true,
			Cause: fmt.Sprintf("its beacons have version %d of the protocol, and this node knows %d and %d",
				id, zrebeacon.IDPlain, zrebeacon.IDSecure),
			Advice: "use programs of the same version on all hosts",
		})
	}
}
