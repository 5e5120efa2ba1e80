package beacon

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"slices"
	"testing"
	"time"

	"golang.org/x/net/ipv4"
	"golang.org/x/sys/unix"
)

// The sockets of other implementations, so that it shows who hears whom.

// listenAs opens a socket bound to the address, with the socket options set
// that an implementation sets, and no group but its own. Package net binds to
// 0.0.0.0 when it is asked for a group.
func listenAs(address string, options ...int) (*net.UDPConn, error) {
	to := netip.MustParseAddrPort(address)
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	file := os.NewFile(uintptr(fd), "udp")
	defer file.Close() // FilePacketConn makes a copy
	err = unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_MULTICAST_ALL, 0)
	for _, option := range options {
		err = errors.Join(err, unix.SetsockoptInt(fd, unix.SOL_SOCKET, option, 1))
	}
	err = errors.Join(err, unix.Bind(fd, &unix.SockaddrInet4{Port: int(to.Port()), Addr: to.Addr().As4()}))
	if err != nil {
		return nil, err
	}
	conn, err := net.FilePacketConn(file)
	if err != nil {
		return nil, err
	}
	return conn.(*net.UDPConn), nil
}

// A listener hears as an implementation does.
type listener struct {
	name    string
	options []int
	bind    func(broadcast netip.Addr) netip.Addr
	group   string
}

// The broadcast is what reaches a socket bound to the broadcast address, a
// group what reaches one bound to that group. zyre and zyre.js hear whatever
// reaches the port, so they are no proof of anything and are among those that
// share it (TestPortIsSharedWith).
var listeners = []listener{
	{"pyre", []int{unix.SO_REUSEADDR, unix.SO_REUSEPORT}, func(b netip.Addr) netip.Addr { return b }, ""},
	{"gyre", []int{unix.SO_REUSEADDR}, only("224.0.0.250"), "224.0.0.250"},
	{"haskell-zre", []int{unix.SO_REUSEADDR}, only("225.25.25.25"), "225.25.25.25"},
}

// only gives the address to bind to, whatever the broadcast address is.
func only(addr string) func(netip.Addr) netip.Addr {
	return func(netip.Addr) netip.Addr { return netip.MustParseAddr(addr) }
}

// listen opens the listener on the interface.
func (l listener) listen(ifi *net.Interface, broadcast netip.Addr, port int) (*net.UDPConn, error) {
	conn, err := listenAs(netip.AddrPortFrom(l.bind(broadcast), uint16(port)).String(), l.options...)
	if err == nil && l.group != "" {
		err = ipv4.NewPacketConn(conn).JoinGroup(ifi, &net.UDPAddr{IP: net.ParseIP(l.group)})
	}
	return conn, err
}

// hear waits for one datagram with the payload.
func hear(t *testing.T, conn *net.UDPConn, payload string) (from netip.AddrPort, ok bool) {
	t.Helper()
	buf := make([]byte, 100)
	if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Error(err)
	}
	for {
		n, from, err := conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			t.Errorf("waiting for %q: %v", payload, err)
			return from, false
		}
		if string(buf[:n]) == payload {
			return from, true
		}
	}
}

func TestOthersHearUs(t *testing.T) {
	lo := loopback(t)
	port := freePort(t)
	ifi := &net.Interface{Index: lo.Index, Name: lo.Name}
	conns := make([]*net.UDPConn, len(listeners))
	for i, l := range listeners {
		conn, err := l.listen(ifi, netip.MustParseAddr("127.255.255.255"), port)
		if err != nil {
			t.Fatalf("%s: %v", l.name, err)
		}
		defer conn.Close()
		conns[i] = conn
	}
	send(t, open(t, &shared, Config{Port: port}), "hello")
	for i, l := range listeners {
		from, ok := hear(t, conns[i], "hello")
		if want := netip.MustParseAddr("127.0.0.1"); ok && from.Addr() != want {
			t.Errorf("%s hears us from %v, want %v", l.name, from, want)
		}
	}
}

func TestWeHearOthers(t *testing.T) {
	kinds(t, func(t *testing.T, r *registry) {
		lo := loopback(t)
		port := freePort(t)
		in := newInbox()
		open(t, r, Config{Port: port, Handler: in.handle})
		conn, err := listenAs("127.0.0.1:0", unix.SO_BROADCAST)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if err := ipv4.NewPacketConn(conn).SetMulticastInterface(&net.Interface{Index: lo.Index}); err != nil {
			t.Fatal(err)
		}
		for _, to := range []string{"127.255.255.255", "225.25.25.25", "224.0.0.250"} {
			dst := netip.AddrPortFrom(netip.MustParseAddr(to), uint16(port))
			if _, err := conn.WriteToUDPAddrPort([]byte(to), dst); err != nil {
				t.Fatal(err)
			}
			if d := in.want(t, to); d.from.String() != conn.LocalAddr().String() || d.ifindex != lo.Index {
				t.Errorf("%s: heard %v", to, d)
			}
		}
	})
}

func TestTTL(t *testing.T) {
	kinds(t, func(t *testing.T, r *registry) {
		lo, port := loopback(t), freePort(t)
		l := listeners[2]
		conn, err := l.listen(&net.Interface{Index: lo.Index, Name: lo.Name}, netip.Addr{}, port)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		packets := ipv4.NewPacketConn(conn)
		err = errors.Join(
			packets.SetControlMessage(ipv4.FlagTTL, true),
			conn.SetReadDeadline(time.Now().Add(patience)),
		)
		if err != nil {
			t.Fatal(err)
		}
		for _, ttl := range []int{0, 3} {
			send(t, open(t, r, Config{Port: port, TTL: ttl}), "hello")
			_, control, _, err := packets.ReadFrom(make([]byte, 100))
			if err != nil {
				t.Fatal(err)
			}
			if want := max(ttl, DefaultTTL); control.TTL != want {
				t.Errorf("configured %d, heard with %d, want %d", ttl, control.TTL, want)
			}
		}
	})
}

// Whichever way another program shares the port, we share it with that one,
// whichever comes first.
func TestPortIsSharedWith(t *testing.T) {
	for name, options := range map[string][]int{
		"zyre.js, gyre, haskell-zre": {unix.SO_REUSEADDR},
		"by the BSDs' option":        {unix.SO_REUSEPORT},
		"zyre, pyre":                 {unix.SO_REUSEADDR, unix.SO_REUSEPORT},
	} {
		t.Run(name, func(t *testing.T) {
			port := freePort(t)
			address := netip.AddrPortFrom(netip.IPv4Unspecified(), uint16(port)).String()
			before, err := listenAs(address, options...)
			if err != nil {
				t.Fatal(err)
			}
			defer before.Close()
			in := newInbox()
			c := open(t, &shared, Config{Port: port, Handler: in.handle})
			after, err := listenAs(address, options...)
			if err != nil {
				t.Fatal(err)
			}
			defer after.Close()
			send(t, c, "hello")
			hear(t, before, "hello")
			hear(t, after, "hello")
			in.want(t, "hello")
		})
	}
}

// descriptors lists what the process has open.
func descriptors(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		// The directory itself is among them and already closed again.
		if name, err := os.Readlink("/proc/self/fd/" + entry.Name()); err == nil {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func TestDescriptors(t *testing.T) {
	port, lo := freePort(t), loopback(t)
	before := descriptors(t)
	var conns []*Conn
	var counts []int
	for _, n := range []int{1, 75} {
		for len(conns) < n {
			c, err := Open(Config{Port: port, Interfaces: []string{lo.Name}})
			if err != nil {
				t.Fatal(err)
			}
			conns = append(conns, c)
		}
		counts = append(counts, len(descriptors(t))-len(before))
	}
	// Two to hear, one to send on loopback, and that of rtnetlink.
	if counts[0] != 4 || counts[1] != 4 {
		t.Errorf("%d descriptors for one Conn, %d for 75, want 4", counts[0], counts[1])
	}
	for _, c := range conns {
		c.Close()
	}
	if after := descriptors(t); !slices.Equal(after, before) {
		t.Errorf("descriptors\n before %v\n after  %v", before, after)
	}
}

// A failed Open leaves nothing behind either.
func TestDescriptorsOfAFailedOpen(t *testing.T) {
	holder, err := net.ListenUDP("udp4", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer holder.Close()
	before := descriptors(t)
	for range 3 {
		held := Config{Port: holder.LocalAddr().(*net.UDPAddr).Port, Interfaces: []string{loopback(t).Name}}
		if _, err := Open(held); err == nil {
			t.Fatal("opened a port that is not shared")
		}
	}
	if after := descriptors(t); !slices.Equal(after, before) {
		t.Errorf("descriptors\n before %v\n after  %v", before, after)
	}
}

func TestNoAllocationPerDatagram(t *testing.T) {
	heard := make(chan struct{}, 3)
	port := freePort(t)
	hear := func([]byte, netip.AddrPort, int) { heard <- struct{}{} }
	c := open(t, &shared, Config{Port: port, Handler: hear})
	payload := make([]byte, 22)
	allocations := testing.AllocsPerRun(200, func() {
		if err := c.Send(payload); err != nil {
			t.Error(err)
		}
		for range 3 {
			<-heard
		}
	})
	if allocations != 0 {
		t.Errorf("%v allocations for a beacon sent and heard three times", allocations)
	}
}
