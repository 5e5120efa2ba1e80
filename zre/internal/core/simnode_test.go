package core

import (
	"encoding/binary"
	"fmt"
	"log/slog"
	"net/netip"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/codec/zremsg"
	"github.com/gozre/zre/internal/curve"
)

// simNode is a node of this implementation: a core and its shell.
type simNode struct {
	*process
	core     *Core
	bans     curve.Key         // it does not trust the owner of this key
	late     map[uuid.UUID]int // PINGs of closed links that may still be answered
	incoming simMessage        // the one that is being received
	serial   int               // links so far

	views  map[uuid.UUID]*view
	events []Event

	slow bool // its application takes nothing, so it answers no PING

	elections int  // ELECT and LEADER messages sent
	electless bool // it knows no elections
	refused   int  // messages of elections that it was sent all the same
}

// start brings up a node on the host with this number.
func (w *world) start(id uuid.UUID, host int, port uint16) *simNode {
	n := &simNode{views: make(map[uuid.UUID]*view), late: make(map[uuid.UUID]int)}
	n.process = w.newProcess(fmt.Sprintf("n%d.%d", host, w.serial), id, host, port, n)
	headers := make(map[string]string)
	if w.secure { // Some share one, and a node that comes back may have another one.
		n.key = curve.Key{byte(1 + host%5), byte(w.rand.IntN(4) / 3 * (1 + w.rand.IntN(255)))}
		headers[KeyHeader] = n.key.String()
	}
	n.core = New(Config{
		ID: id, Name: n.name, PublicKey: n.key, Headers: headers,
		QuietPeriod: 5 * time.Second, PingRate: time.Second, DeadPeriod: 30 * time.Second,
		MaxPeers: 10_000, Shell: n, Logger: slog.New(slog.DiscardHandler),
	})
	w.nodes = append(w.nodes, n)
	w.hears = append(w.hears, n)
	n.tick()
	return n
}

func (n *simNode) tick() {
	if !n.alive {
		return
	}
	if !n.frozen {
		n.core.Tick(n.w.now, false)
	}
	n.w.after(500*time.Millisecond, n.tick)
}

// freezeFor stops the node for a time.
func (n *simNode) freezeFor(d time.Duration) {
	n.freeze()
	n.w.after(d, func() {
		if n.alive && n.frozen {
			n.core.Hear(n.w.now, d)
			n.thaw()
		}
	})
}

// leave stops a node after a GOODBYE.
func (n *simNode) leave() {
	n.w.logf("%s leaves", n.name)
	n.beacons = false
	n.core.Goodbye()
	n.broadcast(0)
	n.w.after(2*n.w.delay, n.kill)
}

func (n *simNode) hear(id uuid.UUID, from netip.Addr, port uint16, key curve.Key) {
	n.core.Beacon(n.w.now, id, from, port, key)
}

func (n *simNode) trusts(key curve.Key) bool {
	return key.IsZero() == n.key.IsZero() && (key.IsZero() || key != n.bans)
}

// simIn is a connection that a node has accepted. Its messages wait, and its end
// behind them, while the core says so: the goroutine that reads does not go on.
type simIn struct {
	n      *simNode
	stream *simStream
	conn   *Conn
	held   []simMessage
	waits  bool // until Resume is called
	busy   bool
}

func (n *simNode) accept(s *simStream) receiver {
	in := &simIn{n: n, stream: s}
	from := s.from.localTo(s.dial.to.Host())
	if s.from.via.IsValid() {
		from = s.from.via
	}
	in.conn = n.core.Accept(n.w.now, s.dial.id, s.from.key, from, in)
	if in.conn == nil {
		return nil
	}
	return in
}

func (in *simIn) receive(m simMessage) {
	in.held = append(in.held, m)
	in.drain()
}

func (in *simIn) ended() { in.receive(simMessage{last: true}) }

// Admit implements Inbound.
func (in *simIn) Admit() {}

// Ended implements Inbound.
func (in *simIn) Ended() bool {
	return len(in.held) > 0 && in.held[len(in.held)-1].last
}

// Arriving implements Inbound: messages are small here.
func (in *simIn) Arriving() bool { return false }

// Resume implements Inbound. It is called by the core, so it must not call that.
func (in *simIn) Resume() {
	if in.waits {
		in.waits = false
		in.n.w.after(0, func() { in.n.do(in.drain) })
	}
}

// Close implements Inbound.
func (in *simIn) Close() {
	in.waits = false
	in.stream.closeByAcceptor()
}

// drain hands messages to the core until one has to wait.
func (in *simIn) drain() {
	for len(in.held) > 0 && !in.busy {
		if in.waits = in.waits || in.conn.Waits(); in.waits {
			return
		}
		m := in.held[0]
		in.held = in.held[1:]
		in.busy = true
		in.n.handle(in, m)
		in.busy = false
	}
}

// handle gives a message to the core.
func (n *simNode) handle(in *simIn, m simMessage) {
	if m.last {
		n.core.ConnDown(n.w.now, in.conn)
		return
	}
	header := m.frames[0]
	id, seq := zremsg.ID(header[2]), binary.BigEndian.Uint16(header[4:])
	n.w.logf("%s ─▶ %s: %v %d", in.stream.from.name, n.name, id, seq)
	if n.electless && (id == zremsg.IDElect || id == zremsg.IDLeader) {
		// As pyre: it drops the sender, and greets it again by its next beacon.
		n.refused++
		if p := n.core.peers.get(in.conn.id); p != nil {
			n.core.remove(p, ReasonGap)
		}
		return
	}
	n.incoming = m
	if id == zremsg.IDWhisper && n.w.rand.IntN(2) == 0 {
		run := Run{First: seq, Last: seq, Messages: 1}
		if l := n.core.ReceiveRun(n.w.now, in.conn, run); l != nil {
			n.Data(l, EventWhisper, "", m.frames[1:])
		}
	} else {
		n.core.Receive(n.w.now, in.conn, header, m.frames[1:])
	}
	n.incoming = simMessage{}
}
