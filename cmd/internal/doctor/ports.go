package doctor

import (
	"errors"
	"fmt"
	"net"
	"runtime"
	"strings"
	"syscall"

	"github.com/gozre/zre/internal/beacon"
	"github.com/gozre/zre/zre"
)

// holders says who has the UDP port of the beacons. It reports whether a program holds it
// that does not share it.
func (r *Report) holders(cfg Config) (held bool) {
	d := &cfg.Node.Discovery
	who := "who has it is not known on " + runtime.GOOS
	if runtime.GOOS == "linux" {
		who = "nobody has it"
		if list := holdersOf("udp", d.BeaconPort); len(list) > 0 {
			who = "held by " + strings.Join(list, ", ")
		}
	}
	r.fact("beacons", "UDP port %d: %s", d.BeaconPort, who)
	if d.NoBeacon {
		return false
	}
	conn, err := beacon.Open(beacon.Config{Port: d.BeaconPort})
	if err == nil {
		conn.Close()
		return false
	}
	if _, ok := errors.AsType[*beacon.PortError](err); ok {
		r.find(Finding{ID: "port-held", What: fmt.Sprintf("UDP port %d is held by a program that does not share it; %s", d.BeaconPort, who),
			Means: "no node of ZRE starts on this host", Type: fmt.Sprintf("ss -lunp sport = :%d; then stop that program", d.BeaconPort)})
		return true
	}
	r.find(Finding{ID: "port-open", What: fmt.Sprintf("UDP port %d cannot be opened: %v", d.BeaconPort, err),
		Means: "beacons do not work on this host", Type: "ip addr; a node needs IPv4 or IPv6"})
	return false
}

// fewPorts is how many TCP ports may be left without a word.
const fewPorts = 5

// tcpPorts counts the TCP ports that are free.
func (r *Report) tcpPorts(ports zre.PortRange) {
	if ports.First == 0 {
		ports = zre.PortRange{First: zre.DefaultFirstPort, Last: zre.DefaultLastPort}
	}
	free, first := 0, 0
	for p := ports.First; p <= ports.Last; p++ {
		l, err := net.Listen("tcp", fmt.Sprintf(":%d", p))
		if err == nil {
			l.Close()
			free++
		} else if first == 0 && errors.Is(err, syscall.EADDRINUSE) {
			first = p
		}
	}
	r.fact("TCP ports", "%d of %d to %d: %d are free", ports.Last-ports.First+1, ports.First, ports.Last, free)
	if free >= min(fewPorts, ports.Last-ports.First+1) {
		return
	}
	who := ""
	if list := holdersOf("tcp", first); first != 0 && len(list) > 0 {
		who = fmt.Sprintf("; %d is held by %s", first, strings.Join(list, ", "))
	}
	r.find(Finding{ID: "tcp-ports", What: fmt.Sprintf("of the TCP ports from %d to %d only %d are free%s", ports.First, ports.Last, free, who),
		Means: "each node on this host needs one: as many start, and no more",
		Type:  "ss -ltnp; stop programs that hold them, or choose others with --port-range"})
}
