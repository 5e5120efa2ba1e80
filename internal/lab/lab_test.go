package lab

import (
	"crypto/rand"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"
)

func TestMain(m *testing.M) { os.Exit(Main(m)) }

// network plugs hosts into one switch.
func network(t *testing.T, count int) (*Switch, []*Port) {
	t.Helper()
	s := NewSwitch(t, "10.36.0.0/24", Line{})
	var ports []*Port
	for range count {
		ports = append(ports, s.Plug(New(t), "eth0"))
	}
	return s, ports
}

// listen opens a UDP socket in the host, for both versions of IP.
func listen(t *testing.T, h *Host) net.PacketConn {
	t.Helper()
	var conn net.PacketConn
	h.Inside(func() {
		var err error
		if conn, err = net.ListenPacket("udp", ":5670"); err != nil {
			t.Error(err)
		}
	})
	if conn == nil {
		t.FailNow()
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// expect holds that a datagram to an address comes out at a socket, or that it does not. It tries
// for long when it should come, and not so long when it should not.
func expect(t *testing.T, want bool, from net.PacketConn, to string, at net.PacketConn) {
	t.Helper()
	addr, err := net.ResolveUDPAddr("udp", to)
	if err != nil {
		t.Fatal(err)
	}
	tries := 50
	if !want {
		tries = 2
	}
	// No two calls send the same: what came before must not be taken for what comes now.
	text := rand.Text()
	came := false
	for range tries {
		if _, err := from.WriteTo([]byte(text), addr); err != nil {
			t.Fatal(err)
		}
		if came = receives(t, at, text); came {
			break
		}
	}
	if came != want {
		t.Errorf("a datagram to %s came through: %v, want %v", to, came, want)
	}
}

// receives reads until the text comes, or nothing for a while.
func receives(t *testing.T, at net.PacketConn, text string) bool {
	t.Helper()
	buf := make([]byte, 100)
	for {
		if err := at.SetReadDeadline(time.Now().Add(200 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		n, _, err := at.ReadFrom(buf)
		if err != nil {
			return false
		}
		if string(buf[:n]) == text {
			return true
		}
	}
}

func TestSwitchCarriesUnicastAndBroadcast(t *testing.T) {
	s, ports := network(t, 3)
	a, b, c := listen(t, ports[0].Host), listen(t, ports[1].Host), listen(t, ports[2].Host)
	expect(t, true, a, "10.36.0.2:5670", b)
	expect(t, true, a, "10.36.0.255:5670", b)
	expect(t, true, a, "10.36.0.255:5670", c)

	s.Filter(UnicastOnly)
	expect(t, true, b, "10.36.0.3:5670", c)
	expect(t, false, b, "10.36.0.255:5670", a)
}

func TestSwitchParts(t *testing.T) {
	s, ports := network(t, 3)
	a, b, c := listen(t, ports[0].Host), listen(t, ports[1].Host), listen(t, ports[2].Host)
	s.Filter(Between([]*Host{ports[0].Host, ports[1].Host}, []*Host{ports[2].Host}))
	expect(t, true, a, "10.36.0.2:5670", b)
	expect(t, false, a, "10.36.0.3:5670", c)
	s.Filter(nil)
	expect(t, true, a, "10.36.0.3:5670", c)
}

func TestCutAndMend(t *testing.T) {
	_, ports := network(t, 2)
	a, b := listen(t, ports[0].Host), listen(t, ports[1].Host)
	expect(t, true, a, "10.36.0.2:5670", b)
	ports[1].Cut()
	expect(t, false, a, "10.36.0.2:5670", b)
	if ports[1].Lost() == 0 {
		t.Error("a cut line has lost nothing")
	}
	ports[1].Mend()
	expect(t, true, a, "10.36.0.2:5670", b)
}

func TestCutOneWay(t *testing.T) {
	_, ports := network(t, 2)
	// So that no question who has an address is needed on the way that is cut.
	for i, p := range ports {
		other := ports[1-i]
		var hardware string
		other.Host.Inside(func() {
			ifi, err := net.InterfaceByName(other.Name)
			if err != nil {
				t.Error(err)
				return
			}
			hardware = ifi.HardwareAddr.String()
		})
		p.Host.IP("neigh", "replace", other.Addr.String(), "lladdr", hardware, "dev", p.Name)
	}
	a, b := listen(t, ports[0].Host), listen(t, ports[1].Host)
	ports[0].CutOut()
	expect(t, false, a, "10.36.0.2:5670", b)
	expect(t, true, b, "10.36.0.1:5670", a)
	ports[0].CutIn()
	expect(t, true, a, "10.36.0.2:5670", b)
	expect(t, false, b, "10.36.0.1:5670", a)
	ports[0].Mend()
	expect(t, true, b, "10.36.0.1:5670", a)
}

func TestReaddress(t *testing.T) {
	s := NewSwitch(t, "10.36.0.0/24", Line{})
	s.Subnet("fd36::/64")
	a, b := s.Plug(New(t), "eth0"), s.Plug(New(t), "eth0")
	from, at := listen(t, a.Host), listen(t, b.Host)
	expect(t, true, from, "10.36.0.2:5670", at)
	expect(t, true, from, "[fd36::2]:5670", at)
	b.Readdress()
	if b.Addr.String() != "10.36.0.3" || b.Addrs[1].String() != "fd36::3" {
		t.Errorf("the new addresses are %v", b.Addrs)
	}
	for _, to := range []string{"10.36.0.3:5670", "[fd36::3]:5670"} {
		expect(t, true, from, to, at)
	}
	for _, to := range []string{"10.36.0.2:5670", "[fd36::2]:5670"} {
		expect(t, false, from, to, at)
	}
}

func TestIPv6(t *testing.T) {
	s := NewSwitch(t, "fd36::/64", Line{})
	a, b := s.Plug(New(t), "eth0"), s.Plug(New(t), "eth0")
	from, at := listen(t, a.Host), listen(t, b.Host)
	expect(t, true, from, "[fd36::2]:5670", at)
	multicast := &net.UDPAddr{IP: net.ParseIP("ff02::1"), Zone: "2", Port: 5670}
	expect(t, true, from, multicast.String(), at)
	s.Filter(UnicastOnly)
	b.Readdress() // so that the address has to be asked for
	expect(t, true, from, "[fd36::3]:5670", at)
	expect(t, false, from, multicast.String(), at)

	addr := b.Host.LinkLocal("eth0")
	if !addr.IsLinkLocalUnicast() || addr.Zone() != "eth0" {
		t.Errorf("link-local address %v", addr)
	}
	expect(t, true, from, netip.AddrPortFrom(addr.WithZone("2"), 5670).String(), at)
}

func TestHostsWithoutAFamily(t *testing.T) {
	addresses := func(h *Host) string {
		t.Helper()
		out, err := h.Command("ip", "-o", "addr").Output()
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	h := New(t)
	h.WithoutIPv4()
	if all := addresses(h); strings.Contains(all, "inet ") || !strings.Contains(all, "inet6 ::1") {
		t.Errorf("without IPv4: %s", all)
	}
	h = New(t)
	h.WithoutIPv6()
	Cable(h, "eth0", h, "eth1")
	h.Plug("eth0", "10.0.0.1/24")
	h.IP("link", "set", "eth1", "up")
	if all := addresses(h); strings.Contains(all, "inet6") || !strings.Contains(all, "127.0.0.1") {
		t.Errorf("without IPv6: %s", all)
	}
}

func TestRouterBetweenSwitches(t *testing.T) {
	left, right := NewSwitch(t, "10.1.0.0/24", Line{}), NewSwitch(t, "10.2.0.0/24", Line{})
	router, a, b := New(t), New(t), New(t)
	left.Plug(router, "eth0")
	right.Plug(router, "eth1")
	router.Forward()
	left.Plug(a, "eth0")
	right.Plug(b, "eth0")
	a.IP("route", "add", "default", "via", "10.1.0.1")
	b.IP("route", "add", "default", "via", "10.2.0.1")
	expect(t, true, listen(t, a), "10.2.0.2:5670", listen(t, b))
}

func TestCableAndCommand(t *testing.T) {
	a, b := New(t), New(t)
	Cable(a, "eth0", b, "eth0")
	a.Plug("eth0", "10.0.0.1/24")
	b.IPBatch("link set eth0 up\naddr add 10.0.0.2/24 dev eth0\n")
	expect(t, true, listen(t, a), "10.0.0.2:5670", listen(t, b))

	out, err := b.Command("ip", "-o", "-4", "addr").Output()
	if err != nil || !strings.Contains(string(out), "10.0.0.2/24") || strings.Contains(string(out), "10.0.0.1") {
		t.Errorf("a command in b sees %q, %v", out, err)
	}
}

// TestLoopbackAnswers holds for the machine itself as well, where there is no lab.
func TestLoopbackAnswers(t *testing.T) {
	h := Loopback(t)
	h.Inside(func() {
		conn, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		client, err := net.Dial("tcp4", conn.Addr().String())
		if err != nil {
			t.Error(err)
			return
		}
		client.Close()
	})
	if out, err := h.Command("sh", "-c", "echo inside").Output(); err != nil || string(out) != "inside\n" {
		t.Errorf("a command said %q, %v", out, err)
	}
}

// A program goes on whatever the test does inside hosts meanwhile, though it is to die with the
// test's process.
func TestProgramsOutliveVisits(t *testing.T) {
	h := New(t)
	cmd := h.Command("cat")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for range 200 {
		h.Inside(func() {})
	}
	New(t)
	if _, err := in.Write([]byte("x")); err != nil {
		t.Error(err)
	}
	if _, err := out.Read(make([]byte, 1)); err != nil {
		t.Errorf("the program has ended: %v", err)
	}
	in.Close()
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}
