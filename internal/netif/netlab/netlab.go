// Package netlab gives tests hosts of their own: network namespaces of Linux,
// with interfaces that can be plugged, unplugged and renumbered, and without a
// way to the network of the machine.
//
// It needs root and iproute2; tests that use it are skipped without them.
// Only tests import it.
package netlab

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"sync/atomic"
	"testing"
)

// count makes the names of one process different. It is package-level state
// because namespaces are named for the whole machine.
var count atomic.Uint32

// A Host is a network namespace. It has a loopback interface, which is up, and
// no other.
type Host struct {
	t    testing.TB
	name string
}

// New makes a host that is removed at the end of the test. It skips the test
// where there can be none, and says why.
func New(t testing.TB) *Host {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root to make network namespaces")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("needs ip (iproute2) to make network namespaces")
	}
	h := &Host{t: t, name: fmt.Sprintf("zre-%d-%d", os.Getpid(), count.Add(1))}
	if out, err := exec.Command("ip", "netns", "add", h.name).CombinedOutput(); err != nil {
		t.Skipf("cannot make network namespaces here: %v: %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("ip", "netns", "del", h.name).CombinedOutput(); err != nil {
			t.Errorf("remove namespace: %v: %s", err, out)
		}
	})
	h.IP("link", "set", "lo", "up")
	return h
}

// IP runs ip(8) with the arguments inside the host.
func (h *Host) IP(args ...string) {
	h.t.Helper()
	if out, err := exec.Command("ip", append([]string{"-n", h.name}, args...)...).CombinedOutput(); err != nil {
		h.t.Fatalf("ip %v: %v: %s", args, err, out)
	}
}

// Command prepares a program to be run inside the host, until ctx ends.
func (h *Host) Command(ctx context.Context, name string, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, "ip", append([]string{"netns", "exec", h.name, name}, args...)...)
}

// Cable joins two hosts, or two interfaces of one, by an Ethernet cable. The
// interfaces are down and without addresses.
func Cable(a *Host, nameA string, b *Host, nameB string) {
	a.t.Helper()
	a.IP("link", "add", "name", nameA, "type", "veth", "peer", "name", nameB, "netns", b.name)
}

// Plug gives the interface an address such as 10.0.0.1/24 and sets it up.
func (h *Host) Plug(name, address string) {
	h.t.Helper()
	h.IP("addr", "add", address, "dev", name)
	h.IP("link", "set", name, "up")
}
