package lab

import (
	"errors"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Host is a network namespace. It begins with a loopback interface, which is up, and no other.
type Host struct {
	t  testing.TB
	ns *namespace // nil: this is the machine itself
}

// New makes a host that is removed at the end of the test. It skips the test where there can
// be none, and says why.
func New(t testing.TB) *Host {
	t.Helper()
	if reason := unable(); reason != nil {
		t.Skipf("no lab of network namespaces here: %v", reason)
	}
	return start(t)
}

// Loopback makes a host for a test that needs no more than a loopback interface. Where there
// can be no lab, the host is the machine itself, and the test has to live with its neighbours.
func Loopback(t testing.TB) *Host {
	t.Helper()
	if unable() != nil {
		return &Host{t: t}
	}
	return start(t)
}

// Isolated reports whether hosts are separate from each other and from the machine.
func Isolated() bool { return unable() == nil }

func start(t testing.TB) *Host {
	t.Helper()
	ns, err := newNamespace()
	if err != nil {
		t.Fatalf("make a network namespace: %v", err)
	}
	h := &Host{t: t, ns: ns}
	t.Cleanup(func() { ns.close() })
	// No other host of a lab has the same address, so a new IPv6 address is used at once and not
	// after a second of asking for duplicates.
	h.setIPv6("accept_dad", "0")
	h.IP("link", "set", "lo", "up")
	return h
}

// setIPv6 gives a setting of the kernel's IPv6 (sysctl net.ipv6.conf.*.NAME) a value for the
// interfaces that the host has and for those that it will get. Without IPv6 it does nothing.
func (h *Host) setIPv6(name, value string) {
	h.t.Helper()
	h.Inside(func() {
		for _, which := range []string{"all", "default"} {
			file := "/proc/sys/net/ipv6/conf/" + which + "/" + name
			if err := os.WriteFile(file, []byte(value), 0); err != nil && !errors.Is(err, fs.ErrNotExist) {
				h.t.Errorf("set %s of IPv6: %v", name, err)
			}
		}
	})
}

// Alone says whether the host has a network of its own, and is not the machine itself.
func (h *Host) Alone() bool { return h.ns != nil }

// Command prepares a program to be run inside the host. It is killed at the end of the test,
// and with the test's process.
func (h *Host) Command(name string, args ...string) *exec.Cmd {
	if h.ns != nil {
		// nsenter becomes the program, so that the process is the program's own.
		args = append([]string{"--net=" + h.ns.path(), name}, args...)
		name = "nsenter"
	}
	cmd := exec.CommandContext(h.t.Context(), name, args...)
	dieWithParent(cmd)
	return cmd
}

// Run runs a program inside the host to its end; the test fails if it does.
func (h *Host) Run(name string, args ...string) {
	h.t.Helper()
	if out, err := h.Command(name, args...).CombinedOutput(); err != nil {
		h.t.Fatalf("%s %v: %v: %s", name, args, err, out)
	}
}

// IP runs ip(8) with the arguments inside the host.
func (h *Host) IP(args ...string) {
	h.t.Helper()
	if h.ns == nil {
		h.t.Fatal("the machine itself is not a lab's to change")
	}
	h.Run("ip", args...)
}

// IPBatch runs ip(8) once for many commands, one in each line: some hundred addresses would
// take long otherwise.
func (h *Host) IPBatch(commands string) {
	h.t.Helper()
	if h.ns == nil {
		h.t.Fatal("the machine itself is not a lab's to change")
	}
	cmd := h.Command("ip", "-batch", "-")
	cmd.Stdin = strings.NewReader(commands)
	if out, err := cmd.CombinedOutput(); err != nil {
		h.t.Fatalf("ip -batch: %v: %s", err, out)
	}
}

// Inside runs f inside the host, and returns when it has. Sockets that f opens stay in the
// host; goroutines that it starts do not run there. So f must not end the test: it reports
// by t.Error.
func (h *Host) Inside(f func()) {
	h.t.Helper()
	if h.ns == nil {
		f()
		return
	}
	if err := h.ns.inside(f); err != nil {
		h.t.Fatalf("enter the namespace: %v", err)
	}
}

// Cable joins two hosts, or two interfaces of one, by a cable of the kernel's: fast, and
// without losses. The interfaces are down and have no addresses.
func Cable(a *Host, nameA string, b *Host, nameB string) {
	a.t.Helper()
	a.IP("link", "add", "name", nameA, "type", "veth", "peer", "name", nameB, "netns", b.ns.path())
}

// Plug gives the interface an address such as 10.0.0.1/24 and sets it up.
func (h *Host) Plug(name, address string) {
	h.t.Helper()
	h.IP("addr", "add", address, "dev", name)
	h.IP("link", "set", name, "up")
}

// WithoutIPv6 turns IPv6 off, as many administrators do: no interface has an IPv6 address, and
// none can get one.
func (h *Host) WithoutIPv6() {
	h.t.Helper()
	h.setIPv6("disable_ipv6", "1")
}

// WithoutIPv4 takes 127.0.0.1 from the loopback interface. Other interfaces have no IPv4
// address unless the test gives them one.
func (h *Host) WithoutIPv4() {
	h.t.Helper()
	h.IP("-4", "addr", "flush", "dev", "lo")
}

// linkLocalDeadline is how long LinkLocal waits for the kernel.
const linkLocalDeadline = 30 * time.Second

// LinkLocal gives the IPv6 link-local address of the interface, with the interface as its zone.
// The kernel makes the address when the interface is up and connected; LinkLocal waits until it
// can be used.
func (h *Host) LinkLocal(name string) netip.Addr {
	h.t.Helper()
	for deadline := time.Now().Add(linkLocalDeadline); time.Now().Before(deadline); {
		if addr, ok := h.linkLocal(name); ok {
			return addr
		}
		time.Sleep(10 * time.Millisecond)
	}
	h.t.Fatalf("%s has no IPv6 link-local address after %v", name, linkLocalDeadline)
	panic("unreachable")
}

func (h *Host) linkLocal(name string) (found netip.Addr, ok bool) {
	h.t.Helper()
	h.Inside(func() {
		ifi, err := net.InterfaceByName(name)
		if err != nil {
			return
		}
		addrs, err := ifi.Addrs()
		if err != nil {
			return
		}
		for _, a := range addrs {
			prefix, err := netip.ParsePrefix(a.String())
			if err == nil && prefix.Addr().Is6() && prefix.Addr().IsLinkLocalUnicast() {
				found = prefix.Addr().WithZone(name)
				ok = usable(prefix.Addr().WithZone(strconv.Itoa(ifi.Index)))
			}
		}
	})
	return found, ok
}

// usable says whether the address can be sent from; the kernel lists it a while before.
func usable(addr netip.Addr) bool {
	conn, err := net.ListenUDP("udp6", net.UDPAddrFromAddrPort(netip.AddrPortFrom(addr, 0)))
	if err != nil {
		return false
	}
	conn.Close()
	return true
}

// Forward makes the host a router between its interfaces. Multicast and broadcast stay where
// they are, as with any router.
func (h *Host) Forward() {
	h.t.Helper()
	h.Run("sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward")
}
