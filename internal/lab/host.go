package lab

import (
	"os/exec"
	"testing"
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

func start(t testing.TB) *Host {
	t.Helper()
	ns, err := newNamespace()
	if err != nil {
		t.Fatalf("make a network namespace: %v", err)
	}
	h := &Host{t: t, ns: ns}
	t.Cleanup(func() { ns.close() })
	h.IP("link", "set", "lo", "up")
	return h
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

// Forward makes the host a router between its interfaces. Multicast and broadcast stay where
// they are, as with any router.
func (h *Host) Forward() {
	h.t.Helper()
	h.Run("sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward")
}
