package zre

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/transport"
)

// What a program sends after Settle reaches everybody who was there when it started, also
// those that started at the same moment.
func TestSettle(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, way func(*Config)) {
		w := newTestNet(t)
		in := func(c *Config) { c.Groups = []string{"time"} }
		const members = 5
		var nodes []*Node
		for i := range members {
			nodes = append(nodes, w.start(fmt.Sprint("member", i), way, in))
		}
		sender := w.start("sender", way)
		must(t, sender.Settle(bg(t)))
		if there := sender.PeersByGroup("time"); len(there) != members {
			t.Fatalf("%d members are known, want %d", len(there), members)
		}
		must(t, sender.Shout(bg(t), "time", []byte("hi")))
		for _, n := range nodes {
			await(t, n, is(EventShout, "sender"))
		}
		must(t, sender.Settle(bg(t))) // now there is nothing to wait for
	})
}

// The groups of Config.Groups are in the HELLO: no peer sees the node without them.
func TestConfigGroups(t *testing.T) {
	w := newTestNet(t)
	w.start("alice", func(c *Config) { c.Groups = []string{"a", "b"} })
	bob := w.start("bob")
	await(t, bob, is(EventEnter, "alice"))
	if got := bob.Peers()[0].Groups; fmt.Sprint(got) != "[a b]" {
		t.Errorf("after ENTER alice is in %v", got)
	}
	_, err := Start(bg(t), Config{Groups: []string{""}})
	if bad, ok := errors.AsType[*ConfigError](err); !ok || bad.Field != "Groups" {
		t.Errorf("a group without a name: %v", err)
	}
}

// An endpoint of the configuration at which nobody listens is named, with the cause.
func TestSettleRefused(t *testing.T) {
	t.Parallel()
	if os.Getenv("ZRE_TRANSPORT") == "libzmq" {
		t.Skip("libzmq does not tell the causes that this test is about")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	endpoint := "tcp://" + l.Addr().String()
	must(t, l.Close())
	w := newTestNet(t)
	n := w.start("alone", func(c *Config) {
		c.Discovery.NoBeacon, c.Discovery.Peers = true, []string{endpoint}
	})
	err = n.Settle(bg(t))
	unsettled, ok := errors.AsType[*UnsettledError](err)
	if !ok || unsettled.Err != nil || len(unsettled.Peers) != 1 {
		t.Fatalf("error %v", err)
	}
	if p := unsettled.Peers[0]; p.Endpoint != endpoint || p.Peer != uuid.Nil || !errors.Is(err, transport.ErrRefused) {
		t.Errorf("it names %+v", p)
	}
	if !strings.Contains(err.Error(), endpoint+": connection refused") {
		t.Errorf("it says %v", err)
	}
}

// A node that accepts connections and says nothing is waited for, until ctx ends.
func TestSettleContext(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	w := newTestNet(t)
	n := w.start("alone", func(c *Config) {
		c.Discovery.NoBeacon, c.Discovery.Peers = true, []string{"tcp://" + l.Addr().String()}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	err = n.Settle(ctx)
	unsettled, ok := errors.AsType[*UnsettledError](err)
	if !ok || len(unsettled.Peers) != 1 || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
}

// Close ends the wait.
func TestSettleClosed(t *testing.T) {
	w := newTestNet(t)
	n := w.start("alone")
	waits := make(chan error, 2)
	go func() { waits <- n.Settle(bg(t)) }()
	go func() { waits <- n.WaitFor(bg(t), "time", 1) }()
	must(t, n.Close())
	for range 2 {
		if err := <-waits; !errors.Is(err, ErrClosed) {
			t.Errorf("error %v", err)
		}
	}
}

func TestWaitFor(t *testing.T) {
	w := newTestNet(t)
	n := w.start("alice")
	in := func(c *Config) { c.Groups = []string{"time"} }
	w.start("bob", in)
	must(t, n.WaitFor(bg(t), "time", 1))
	done := make(chan error, 1)
	go func() { done <- n.WaitFor(bg(t), "time", 2) }()
	w.start("carol", in)
	must(t, <-done)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := n.WaitFor(ctx, "time", 3)
	few, ok := errors.AsType[*MembersError](err)
	if !ok || few.Want != 3 || few.Have != 2 || few.Group != "time" || !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if err := n.WaitFor(ctx, "", 1); !errors.Is(err, ErrGroupName) {
		t.Errorf("a group without a name: %v", err)
	}
}

// Without beacons the gossip server tells who is there.
func TestSettleGossip(t *testing.T) {
	t.Parallel()
	w := newTestNet(t)
	_, addr := gossipServer(t)
	in := func(c *Config) { c.Groups = []string{"time"} }
	for i := range 3 {
		member := w.start(fmt.Sprint("member", i), withoutBeacon(addr), in)
		must(t, member.Settle(bg(t))) // so that the server has its tuple
	}
	bind := func(c *Config) { c.Discovery.GossipBind = "tcp://127.0.0.1:*" }
	for name, change := range map[string]func(*Config){"client": func(*Config) {}, "server": bind} {
		sender := w.start(name, withoutBeacon(addr), change)
		must(t, sender.Settle(bg(t)))
		if there := sender.PeersByGroup("time"); len(there) != 3 {
			t.Errorf("%s: %d members are known, want 3", name, len(there))
		}
	}
}

// A gossip server that cannot be used is named: it may know of somebody.
func TestSettleGossipRefused(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	must(t, l.Close())
	w := newTestNet(t)
	n := w.start("alone", withoutBeacon(l.Addr().String()))
	err = n.Settle(bg(t))
	unsettled, ok := errors.AsType[*UnsettledError](err)
	if !ok || len(unsettled.Servers) != 1 || unsettled.Servers[0].Server != l.Addr().String() || unsettled.Servers[0].Err == nil {
		t.Errorf("error %v", err)
	}
}

// The text of the error names as many as can be read, and tells how many more there are.
func TestUnsettledErrorText(t *testing.T) {
	e := &UnsettledError{Err: context.Canceled}
	if got := e.Error(); got != "settle: context canceled: not yet clear who is there" {
		t.Error(got)
	}
	id := uuid.New()
	for range 25 {
		e.Peers = append(e.Peers, Unreached{Peer: id, Name: "bob", Endpoint: "tcp://10.0.0.1:1", Err: errNoConnection})
	}
	got := e.Error()
	if !strings.HasPrefix(got, "settle: context canceled: still awaited: bob "+id.String()+" tcp://10.0.0.1:1: no answer; bob") ||
		!strings.HasSuffix(got, "; and 15 more") {
		t.Error(got)
	}
	e.Err, e.Servers = nil, []UnansweredServer{{"h:1", context.DeadlineExceeded}}
	if got := e.Error(); !strings.HasPrefix(got, "settle: not reached: gossip server h:1: context deadline exceeded; bob ") {
		t.Error(got)
	}
	if !errors.Is(e, errNoConnection) || !errors.Is(e, context.DeadlineExceeded) {
		t.Error("the causes are not found")
	}
}
