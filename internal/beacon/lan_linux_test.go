package beacon

import (
	"errors"
	"net"
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/gozre/zre/internal/lab"
)

// lan makes two hosts, 10.77.0.1 and 10.77.0.2, with a cable between them.
func lan(t *testing.T) (a, b *lab.Host) {
	t.Helper()
	a, b = lab.New(t), lab.New(t)
	lab.Cable(a, "eth0", b, "eth0")
	a.Plug("eth0", "10.77.0.1/24")
	b.Plug("eth0", "10.77.0.2/24")
	return a, b
}

// sendFrom sends one datagram from the host by the interface, with the
// destination as its payload.
func sendFrom(t *testing.T, h *lab.Host, ifname, to string) {
	t.Helper()
	h.Inside(func() {
		conn, err := listenAs("0.0.0.0:0", unix.SO_BROADCAST)
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		raw, err := conn.SyscallConn()
		if err != nil {
			t.Error(err)
			return
		}
		// Whatever the routes say: 255.255.255.255 has none here.
		controlErr := raw.Control(func(fd uintptr) { err = unix.BindToDevice(int(fd), ifname) })
		if err := errors.Join(controlErr, err); err != nil {
			t.Error(err)
			return
		}
		// An error is as good as a lost datagram here: the link may be down.
		_, _ = conn.WriteToUDPAddrPort([]byte(to), netip.AddrPortFrom(netip.MustParseAddr(to), hostPort))
	})
}

func TestOthersHearUsAcrossACable(t *testing.T) {
	onHosts(t, func(t *testing.T, start starter) {
		a, b := lan(t)
		conns := make([]*net.UDPConn, len(listeners))
		b.Inside(func() {
			ifi, err := net.InterfaceByName("eth0")
			if err != nil {
				t.Error(err)
				return
			}
			for i, l := range listeners {
				if conns[i], err = l.listen(ifi, netip.MustParseAddr("10.77.0.255"), hostPort); err != nil {
					t.Errorf("%s: %v", l.name, err)
				}
			}
		})
		if t.Failed() {
			return
		}
		start(t, a, hostConfig{Say: "hello"})
		for i, l := range listeners {
			from, ok := hear(t, conns[i], "hello")
			if want := netip.MustParseAddr("10.77.0.1"); ok && from.Addr() != want {
				t.Errorf("%s hears us from %v, want %v", l.name, from, want)
			}
			conns[i].Close()
		}
	})
}

func TestWeHearOthersAcrossACable(t *testing.T) {
	onHosts(t, func(t *testing.T, start starter) {
		a, b := lan(t)
		s := start(t, a, hostConfig{})
		for _, to := range []string{"10.77.0.255", "255.255.255.255", "225.25.25.25", "224.0.0.250"} {
			s.wantWhile(heardLine(to, "10.77.0.2", "eth0"), func() { sendFrom(t, b, "eth0", to) })
		}
	})
}

// A host with several nodes and a network: each hears the others on both.
func TestNodesOfOneHostHearEachOther(t *testing.T) {
	onHosts(t, func(t *testing.T, start starter) {
		a, _ := lan(t)
		one := start(t, a, hostConfig{Say: "one"})
		two := start(t, a, hostConfig{Say: "two"})
		one.wantHeard("two", "127.0.0.1", "lo")
		two.wantHeard("one", "10.77.0.1", "eth0")
		two.command("forget")
		two.wantHeard("one", "127.0.0.1", "lo")
	})
}
