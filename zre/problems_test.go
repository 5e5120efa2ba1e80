package zre

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/codec/zrebeacon"
	"github.com/gozre/zre/zre/internal/problems"
)

// onPort makes a node listen at one port.
func onPort(port int) func(*Config) {
	return func(c *Config) { c.Limits.Ports = PortRange{port, port} }
}

// freePort returns a TCP port that was free a moment ago.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// problem waits until a node has a problem of this kind, and returns it.
func problem(t *testing.T, n *Node, kind ProblemKind) (found Problem) {
	t.Helper()
	until(t, "a problem: "+string(kind), func() bool {
		for _, p := range n.Problems() {
			if p.Kind == kind {
				found = p
				return true
			}
		}
		return false
	})
	return found
}

// A configured peer that is not there is told of once, and that it has come.
func TestStaticPeerRefused(t *testing.T) {
	t.Parallel()
	w, port := newTestNet(t), freePort(t)
	quiet := func(c *Config) { c.Discovery.NoBeacon = true }
	var book logBook
	at := fmt.Sprintf("127.0.0.1:%d", port)
	a := w.start("a", quiet, book.config, func(c *Config) { c.Discovery.Peers = []string{"tcp://" + at} })
	p := problem(t, a, ProblemStatic)
	if p.Where != at || !strings.Contains(p.Cause, "refused") || p.Advice == "" || p.Since.IsZero() {
		t.Errorf("%+v", p)
	}
	until(t, "the warning", func() bool { return book.count("configured peer cannot be reached") == 1 })
	if n := a.Stats().Problems; n != 1 {
		t.Errorf("Stats has %d problems", n)
	}
	b := w.start("b", quiet, onPort(port))
	await(t, a, is(EventEnter, "b"))
	until(t, "the end", func() bool { return book.count("configured peer is reached now") == 1 })
	if book.count("level=WARN") != 2 || len(a.Problems()) != 0 {
		t.Errorf("%d warnings, problems %+v", book.count("level=WARN"), a.Problems())
	}
	must(t, b.Close())
}

// A peer that accepts connections and never greets is no peer, and is told of.
func TestPeerThatDoesNotGreet(t *testing.T) {
	t.Parallel()
	w := newTestNet(t)
	mute := newScripted(t)
	var book logBook
	a := w.start("a", book.config, func(c *Config) { c.Discovery.NoBeacon, c.Discovery.Peers = true, []string{mute.endpoint} })
	p := problem(t, a, ProblemStatic)
	if !strings.Contains(p.Cause, "neither greets") || !strings.Contains(p.Advice, fmt.Sprint(a.port)) {
		t.Errorf("%+v", p)
	}
	until(t, "the warning", func() bool { return book.count("neither greets") == 1 })
}

// A node that cannot find anybody says so, until somebody comes.
func TestAlone(t *testing.T) {
	t.Parallel()
	w := newTestNet(t)
	var book logBook
	a := w.start("a", book.config, withoutBeacon())
	if p := problem(t, a, ProblemAlone); p.Where != a.Endpoint() {
		t.Errorf("%+v", p)
	}
	until(t, "the warning", func() bool { return book.count("finds nobody by itself") == 1 })
	w.start("b", func(c *Config) { c.Discovery.NoBeacon, c.Discovery.Peers = true, []string{a.Endpoint()} })
	until(t, "the end", func() bool { return book.count("a peer has come") == 1 && len(a.Problems()) == 0 })
}

// send sends a datagram to a node's beacon port.
func (w *testNet) send(payload []byte) {
	w.t.Helper()
	conn, err := net.Dial("udp4", fmt.Sprintf("127.255.255.255:%d", w.port))
	must(w.t, err)
	defer conn.Close()
	_, err = conn.Write(payload)
	must(w.t, err)
}

// Beacons of another version are told of once; what is no beacon is not.
func TestOtherVersion(t *testing.T) {
	w := newTestNet(t)
	var book logBook
	a := w.start("a", book.config)
	until(t, "a warning", func() bool {
		w.send([]byte("something else"))
		w.send(append([]byte("ZRE\x07"), make([]byte, 18)...))
		return book.count("version 7") > 0
	})
	if p := problem(t, a, ProblemRefused); p.Where != "127.0.0.1" || !strings.Contains(p.Cause, "knows 1 and 3") {
		t.Errorf("%+v", p)
	}
	until(t, "ten refusals", func() bool {
		w.send(append([]byte("ZRE\x07"), make([]byte, 18)...))
		return a.Stats().BeaconsRefused >= 10
	})
	if n := book.count("level=WARN"); n != 1 {
		t.Errorf("%d warnings", n)
	}
}

// Forged beacons that no node stands behind give a bounded number of lines.
func TestForgedBeaconsDoNotFillTheLog(t *testing.T) {
	t.Parallel()
	w := newTestNet(t)
	var book logBook
	a := w.start("a", book.config)
	ids := make([]uuid.UUID, 300)
	for i := range ids {
		ids[i] = uuid.New()
	}
	forge := func() {
		for i, id := range ids {
			b := zrebeacon.Plain{UUID: id, Port: uint16(1 + i)} // where no node listens
			frame, err := b.AppendTo(nil)
			must(t, err)
			w.send(frame)
		}
	}
	until(t, "warnings", func() bool {
		forge()
		return book.count("level=WARN") >= 5
	})
	for range 3 {
		forge()
		a.Problems()
	}
	if n, listed := book.count("level=WARN"), len(a.Problems()); n > 10 || listed > 16 {
		t.Errorf("%d lines, %d listed", n, listed)
	}
}

// When a key becomes trusted, the end of the episode is told.
func TestKeyBecomesTrusted(t *testing.T) {
	t.Parallel()
	w, k1, k2 := newTestNet(t), newKeys(t), newKeys(t)
	var book logBook
	a := w.start("a", k1.with(), book.config)
	b := w.start("b", k2.with(k1))
	p := problem(t, a, ProblemRefused)
	if p.PublicKey != k2.public || p.Where != "127.0.0.1" && p.Where != "this process" {
		t.Errorf("%+v", p)
	}
	if p := problem(t, b, ProblemPeer); !strings.Contains(p.Cause, "does not trust our key") || p.Peer != a.ID() {
		t.Errorf("%+v", p)
	}
	must(t, a.SetTrustedKeys([]string{k2.public}))
	await(t, a, is(EventEnter, "b"))
	until(t, "the end", func() bool { return book.count("the peer is reached now") == 1 && len(a.Problems()) == 0 })
	until(t, "the end for the other one", func() bool { return len(b.Problems()) == 0 })
}

// The kinds are those of the parts of the node.
func TestProblemKinds(t *testing.T) {
	for kind, part := range map[ProblemKind]problems.Kind{
		ProblemPeer: problems.Peer, ProblemStatic: problems.Static, ProblemRefused: problems.Refused, ProblemGossip: problems.Gossip,
		ProblemBeacon: problems.Beacon, ProblemInterface: problems.Interface, ProblemAlone: problems.Alone,
	} {
		if string(kind) != string(part) {
			t.Errorf("%q is %q in the node", kind, part)
		}
	}
	n := newTestNet(t).start("n", func(c *Config) { c.Discovery.Interfaces = []string{"nosuch0"} })
	if p := problem(t, n, ProblemInterface); !strings.Contains(p.Where+p.Cause, "nosuch0") {
		t.Errorf("%+v", p)
	}
}

// A peer that does not trust our key is dialed now and then. It is a problem in between, too.
func TestProblemStays(t *testing.T) {
	t.Parallel()
	w, k1, k2 := newTestNet(t), newKeys(t), newKeys(t)
	w.start("a", k1.with())
	b := w.start("b", k2.with(k1))
	problem(t, b, ProblemPeer)
	for end := time.Now().Add(4 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if all := b.Problems(); len(all) != 1 {
			t.Fatalf("problems: %+v", all)
		}
	}
}

// A gossip server that is not there is told of once, also by a node that is a server itself.
func TestGossipProblem(t *testing.T) {
	t.Parallel()
	w := newTestNet(t)
	at := fmt.Sprintf("127.0.0.1:%d", freePort(t))
	var book, serverBook logBook
	nodes := map[*Node]*logBook{
		w.start("a", book.config, withoutBeacon(at)): &book,
		w.start("b", serverBook.config, withoutBeacon(at), func(c *Config) { c.Discovery.GossipBind = "tcp://127.0.0.1:*" }): &serverBook,
	}
	for n, book := range nodes {
		p := problem(t, n, ProblemGossip)
		if p.Where != at || !strings.Contains(p.Cause, "refused") || !strings.Contains(p.Advice, "zgossip_server") {
			t.Errorf("%s: %+v", n.Name(), p)
		}
		until(t, "the warning", func() bool { return book.count("gossip server cannot be used") == 1 })
		if n := book.count("level=WARN"); n != 1 {
			t.Errorf("%d warnings", n)
		}
	}
}
