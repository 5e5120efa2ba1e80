package zre

import (
	"log/slog"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/codec/zremsg"
	"github.com/gozre/zre/internal/endpoint"
	"github.com/gozre/zre/internal/transport"
	"github.com/gozre/zre/internal/transport/choose"
)

// testTransport names the transport of nodes and scripted peers in the tests.
func testTransport() string { return os.Getenv("ZRE_TRANSPORT") }

// scripted is a peer that does what a test says, over the transport: it accepts
// connections, dials nodes, and sends what the test says.
type scripted struct {
	t         *testing.T
	id        uuid.UUID
	transport transport.Transport
	addr      netip.AddrPort // where it listens
	endpoint  string         // what its HELLO names
	reads     reads

	mu    sync.Mutex
	route map[string]*transport.Conn // the connection that is read, by identity; guarded by mu

	in   chan heard // what nodes have sent
	out  *transport.Conn
	seq  uint16
	ends chan error  // of connections that it dialed
	done atomic.Bool // the node is being closed, so that sending may fail
}

// reads says which connections of one identity a peer reads.
type reads int

const (
	readsAll   reads = iota
	readsFirst       // while that is there, as gyre and haskell-zre do
	readsLast        // the others stay open and unread, as with zyre, pyre and zyre.js
)

// heard is a message that a scripted peer got, or with an error the end of the
// connection.
type heard struct {
	conn    *transport.Conn
	message zremsg.Message
	content [][]byte
	err     error
}

func newScripted(t *testing.T) *scripted {
	t.Helper()
	return newScriptedAt(t, netip.AddrPort{})
}

// newScriptedAt makes a peer that listens at this address, at any port of loopback if it is
// not valid.
func newScriptedAt(t *testing.T, at netip.AddrPort) *scripted {
	t.Helper()
	p := &scripted{
		t: t, id: uuid.New(), in: make(chan heard, 1<<18), ends: make(chan error, 100),
		route: make(map[string]*transport.Conn),
	}
	p.open(at)
	return p
}

// open makes the peer's transport.
func (p *scripted) open(at netip.AddrPort) {
	p.t.Helper()
	if !at.IsValid() {
		at = netip.MustParseAddrPort("127.0.0.1:0")
	}
	var err error
	p.transport, err = choose.New(testTransport(), transport.Config{
		Identity: append([]byte{1}, p.id[:]...), Accept: p.accept, Logger: slog.New(slog.DiscardHandler),
	})
	must(p.t, err)
	p.addr, err = p.transport.Listen(at)
	must(p.t, err)
	p.endpoint = "tcp://" + p.addr.String()
	closing := p.transport
	p.t.Cleanup(func() { must(p.t, closing.Close(0)) })
}

func (p *scripted) accept(c *transport.Conn) transport.Handler {
	p.mu.Lock()
	defer p.mu.Unlock()
	id := string(c.Identity)
	if old := p.route[id]; p.reads != readsFirst || old == nil || old.Err() != nil {
		p.route[id] = c
	}
	return (*scriptedIn)(p)
}

// isRead reports whether the peer reads a connection.
func (p *scripted) isRead(c *transport.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.reads == readsAll || p.route[string(c.Identity)] == c
}

// scriptedIn is the handler of accepted connections.
type scriptedIn scripted

func (p *scriptedIn) Up(*transport.Conn)           {}
func (p *scriptedIn) Retry(*transport.Conn, error) {}
func (p *scriptedIn) Down(c *transport.Conn, err error) {
	p.in <- heard{conn: c, err: err}
}
func (p *scriptedIn) Receive(c *transport.Conn, messages []transport.Message) {
	if !(*scripted)(p).isRead(c) {
		return
	}
	for _, m := range messages {
		decoded, err := zremsg.Decode(m.First)
		p.in <- heard{conn: c, message: decoded, content: m.Rest, err: err}
	}
}

// scriptedOut is the handler of dialed connections.
type scriptedOut scripted

func (p *scriptedOut) Up(*transport.Conn)                           {}
func (p *scriptedOut) Receive(*transport.Conn, []transport.Message) {}
func (p *scriptedOut) Retry(_ *transport.Conn, err error)           {}
func (p *scriptedOut) Down(_ *transport.Conn, err error)            { p.ends <- err }

// dial connects to a node.
func (p *scripted) dial(to string) *transport.Conn {
	p.t.Helper()
	e, err := endpoint.Parse(to)
	must(p.t, err)
	p.out = p.transport.Dial(transport.Target{Addr: e.Addr}, (*scriptedOut)(p))
	p.seq = 0
	return p.out
}

// send sends a message with the next sequence on the connection dialed last.
func (p *scripted) send(m zremsg.Message, content ...[]byte) {
	p.t.Helper()
	p.seq++
	p.sendAs(p.seq, m, content...)
}

// sendAs sends a message with any sequence.
func (p *scripted) sendAs(sequence uint16, m zremsg.Message, content ...[]byte) {
	p.t.Helper()
	m.SetHeaderSequence(sequence)
	first, err := m.AppendTo(nil)
	if err == nil {
		err = p.out.Send(first, content...)
	}
	if err != nil && !p.done.Load() {
		p.t.Errorf("scripted peer cannot send: %v", err)
	}
}

// hello is the peer's HELLO, with this name and groups.
func (p *scripted) hello(name string, groups ...string) *zremsg.Hello {
	return &zremsg.Hello{Endpoint: p.endpoint, Groups: groups, Status: uint8(len(groups)), Name: name}
}

// next returns the next message, or the end of a connection.
func (p *scripted) next() heard {
	p.t.Helper()
	select {
	case h := <-p.in:
		return h
	case <-time.After(patience):
		p.t.Fatal("the node has sent nothing")
		return heard{}
	}
}

// expect returns the next message of a kind; others are skipped.
func (p *scripted) expect(id zremsg.ID) heard {
	p.t.Helper()
	for {
		if h := p.next(); h.message != nil && h.message.ID() == id {
			return h
		}
	}
}

// enter says HELLO to a node and waits for its HELLO.
func (p *scripted) enter(n *Node, name string, groups ...string) {
	p.t.Helper()
	p.dial(n.Endpoint())
	p.send(p.hello(name, groups...))
	p.expect(zremsg.IDHello)
}
