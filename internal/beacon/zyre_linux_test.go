package beacon

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"testing"
	"time"

	"golang.org/x/net/ipv6"
	"golang.org/x/sys/unix"

	"github.com/gozre/zre/internal/lab"
)

// listenAsZyre opens a socket on the host as zyre with ZSYS_IPV6=1 does: for both
// families, shared by both options, in the group on the interface.
func listenAsZyre(t *testing.T, h *lab.Host, ifname string, group netip.Addr) (conn *net.UDPConn) {
	t.Helper()
	h.Inside(func() {
		fd, err := unix.Socket(unix.AF_INET6, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
		if err != nil {
			t.Error(err)
			return
		}
		file := os.NewFile(uintptr(fd), "udp")
		defer file.Close() // FilePacketConn makes a copy
		ifi, err := net.InterfaceByName(ifname)
		if err != nil {
			t.Error(err)
			return
		}
		err = errors.Join(
			unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1),
			unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1),
			unix.SetsockoptIPv6Mreq(fd, unix.IPPROTO_IPV6, unix.IPV6_JOIN_GROUP,
				&unix.IPv6Mreq{Multiaddr: group.As16(), Interface: uint32(ifi.Index)}),
			unix.Bind(fd, &unix.SockaddrInet6{Port: hostPort}),
		)
		if err != nil {
			t.Error(err)
			return
		}
		packets, err := net.FilePacketConn(file)
		if err != nil {
			t.Error(err)
			return
		}
		conn = packets.(*net.UDPConn)
	})
	if conn == nil {
		t.FailNow()
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// zyre with IPv6 on hears us, and we share the port with it, whichever comes first.
func TestZyreWithIPv6HearsUs(t *testing.T) {
	a, b, _, addrB := lan6(t)
	group := DefaultGroup6(0).Addr()
	before := listenAsZyre(t, b, "lan0", group)
	s, o := start(t, a, hostConfig{}), start(t, b, hostConfig{Say: "b", Interfaces: []string{"lan0"}})
	after := listenAsZyre(t, b, "lan0", group)
	far := listenAsZyre(t, a, "eth0", group)
	s.wantHeard("b", addrB, "eth0")
	o.wantHeard("b", b.LinkLocal("lan0").String(), "lan0")
	for _, conn := range []*net.UDPConn{before, after, far} {
		from, ok := hear(t, conn, "b")
		// The zone is that of whatever network this process is in.
		if got := from.Addr().WithZone("eth0").String(); ok && got != addrB {
			t.Errorf("heard from %s, want %s", got, addrB)
		}
	}
}

// A group of the user's, with the hops that it may make.
func TestIPv6GroupAndHops(t *testing.T) {
	onHosts(t, func(t *testing.T, start starter) {
		a, b, _, _ := lan6(t)
		a.IP("addr", "add", "fd00::1/64", "dev", "eth0")
		group := netip.MustParseAddr("ff05::5a:5245")
		conn := listenAsZyre(t, b, "lan0", group)
		start(t, a, hostConfig{Say: "a", Groups: []netip.AddrPort{netip.AddrPortFrom(group, 0)}})
		packets := ipv6.NewPacketConn(conn)
		err := errors.Join(
			packets.SetControlMessage(ipv6.FlagHopLimit, true),
			conn.SetReadDeadline(time.Now().Add(patience)),
		)
		if err != nil {
			t.Fatal(err)
		}
		_, control, from, err := packets.ReadFrom(make([]byte, 100))
		if err != nil {
			t.Fatal(err)
		}
		// It may leave the link, so it does not come from a link-local address.
		addr := from.(*net.UDPAddr).AddrPort().Addr()
		if addr.String() != "fd00::1" || control.HopLimit != DefaultTTL {
			t.Errorf("heard from %v with %d hops, want fd00::1 and %d", addr, control.HopLimit, DefaultTTL)
		}
	})
}
