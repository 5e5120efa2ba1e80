//go:build unix

package e2e

import (
	"strings"
	"syscall"
	"testing"

	"github.com/gozre/zre/internal/lab"
)

// apart makes two hosts in two networks with a router between them, which passes on neither
// multicast nor broadcast: beacons do not get through.
func apart(t *testing.T) (router, a, b *lab.Host) {
	t.Helper()
	left, right := lab.NewSwitch(t, "10.1.0.0/24", lab.Line{}), lab.NewSwitch(t, "10.2.0.0/24", lab.Line{})
	router, a, b = lab.New(t), lab.New(t), lab.New(t)
	left.Plug(router, "eth0")
	right.Plug(router, "eth1")
	router.Forward()
	left.Plug(a, "eth0")
	right.Plug(b, "eth0")
	a.IP("route", "add", "default", "via", "10.1.0.1")
	b.IP("route", "add", "default", "via", "10.2.0.1")
	return router, a, b
}

// TestGossip meets across networks through a server, which is killed and comes back.
func TestGossip(t *testing.T) {
	parallel(t)
	router, hostA, hostB := apart(t)
	server := start(t, router, nil, "zgossip_server")
	alice := startShell(t, hostA, "-g", "10.1.0.1:31337", "--name", "alice")
	bob := startShell(t, hostB, "-g", "10.2.0.1:31337", "--name", "bob")
	alice.expect("ENTER", from(bob))
	bob.expect("ENTER", from(alice))
	alice.say("/whisper bob how is it over there?")
	bob.expect("WHISPER", from(alice))

	// Without the server, nodes that have met go on; with it, new nodes meet all.
	server.signal(syscall.SIGKILL)
	<-server.exited
	bob.say("/whisper alice quiet")
	alice.expect("WHISPER", from(bob))
	start(t, router, nil, "zgossip_server")
	carol := startShell(t, hostA, "-g", "10.1.0.1:31337", "--name", "carol")
	bob.expect("ENTER", from(carol))
	for range 2 {
		if e := carol.expect("ENTER", nil); e.Peer != alice.id && e.Peer != bob.id {
			t.Errorf("carol met %+v", e)
		}
	}
}

// TestDeadNodeIsForgotten: after a while a server no longer gives out a node that was killed.
func TestDeadNodeIsForgotten(t *testing.T) {
	parallel(t)
	router, hostA, hostB := apart(t)
	start(t, router, nil, "zgossip_server", "--idle-timeout", "2", "--grace", "0.5")
	alice := startShell(t, hostA, "-g", "10.1.0.1:31337")
	bob := startShell(t, hostB, append(impatient, "-g", "10.2.0.1:31337")...)
	bob.expect("ENTER", from(alice))
	knows(t, router, alice, true)
	alice.signal(syscall.SIGKILL)
	bob.expect("EXIT", from(alice))
	knows(t, router, alice, false)
	knows(t, router, bob, true)
}

// TestGossipServerOfANodeThatMoves: a node that is a server publishes its endpoint, also when it
// started before there was a network.
func TestGossipServerOfANodeThatMoves(t *testing.T) {
	parallel(t)
	h, other := lab.New(t), lab.New(t)
	node := startShell(t, h, "--gossip-bind", "*:31337")
	publishes := func(ip string) {
		t.Helper()
		for t.Context().Err() == nil {
			var out log
			start(t, h, &out, "zgossip_server", "--dump").wait(0)
			if strings.Contains(out.String(), node.id+"  tcp://"+ip+":") {
				return
			}
		}
	}
	publishes("127.0.0.1")
	lab.Cable(h, "eth0", other, "eth0")
	other.IP("link", "set", "eth0", "up")
	h.Plug("eth0", "10.9.0.1/24")
	publishes("10.9.0.1")
	h.IP("addr", "del", "10.9.0.1/24", "dev", "eth0")
	h.IP("addr", "add", "10.9.0.2/24", "dev", "eth0")
	publishes("10.9.0.2")
}

// knows asks the server until it knows a node, or until it does not.
func knows(t *testing.T, server *lab.Host, node *shell, want bool) {
	t.Helper()
	for t.Context().Err() == nil {
		var out log
		start(t, server, &out, "zgossip_server", "--dump", "--json").wait(0)
		// A UUID may be spelled in several ways.
		text := strings.ToLower(strings.ReplaceAll(out.String(), "-", ""))
		if strings.Contains(text, strings.ReplaceAll(node.id, "-", "")) == want {
			return
		}
	}
}
