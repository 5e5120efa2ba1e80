package core

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/codec/zremsg"
	"github.com/gozre/zre/internal/curve"
	"github.com/gozre/zre/internal/endpoint"
)

// kind is how another implementation behaves.
type kind struct {
	like string
	// sticky says that it ignores a second connection with an identity while the first
	// one is there, for ever, as a ROUTER without ROUTER_HANDOVER does. Otherwise
	// the second one takes over, and the first one stays open and unread.
	sticky  bool
	expires time.Duration // it removes a silent peer after that
	beacons bool          // it counts beacons as signs of life
	port0   bool          // it sends a beacon with port 0 when it leaves
}

// kinds are those that the simulation knows. All have libzmq's transport.
var kinds = []kind{
	{"zyre", false, 30 * time.Second, false, true},
	{"pyre", false, 10 * time.Second, true, true},
	{"gyre", true, 10 * time.Second, true, true},
	{"haskell-zre", true, 5 * time.Second, false, false},
}

// foreign is a node of another implementation, after the model of zyre.
type foreign struct {
	*process
	kind
	refuses  bool // our keys
	routes   map[uuid.UUID]*foreignIn
	peers    []*foreignPeer
	incoming simMessage
	enters   int // of peers
	exits    int
}

// foreignPeer is a peer as another implementation sees it.
type foreignPeer struct {
	f     *foreign
	id    uuid.UUID
	dial  *simDial
	seq   uint16 // of the last message sent
	want  uint16 // the next one to receive
	ready bool
	heard time.Duration
	got   []uint64 // numbers in its messages
}

// startForeign brings up a node of another implementation.
func (w *world) startForeign(k kind, id uuid.UUID, host int, port uint16) *foreign {
	f := &foreign{kind: k, routes: make(map[uuid.UUID]*foreignIn)}
	f.process = w.newProcess(fmt.Sprintf("%s%d.%d", k.like, host, w.serial), id, host, port, f)
	f.libzmq = true
	if w.secure {
		f.key = curve.Key{byte(host), 77}
	}
	w.hears = append(w.hears, f)
	f.tick()
	return f
}

func (f *foreign) trusts(curve.Key) bool { return !f.refuses }

// peer returns a peer, nil if it is not known.
func (f *foreign) peer(id uuid.UUID) *foreignPeer {
	for _, p := range f.peers {
		if p.id == id {
			return p
		}
	}
	return nil
}

func (f *foreign) hear(id uuid.UUID, from netip.Addr, port uint16, key curve.Key) {
	p := f.peer(id)
	switch {
	case id == f.id || key.IsZero() != f.key.IsZero():
	case port == 0 && p != nil:
		f.remove(p)
	case port == 0:
	case p == nil:
		f.require(id, endpoint.At(from, port, key))
	case f.kind.beacons:
		p.heard = f.w.now
	}
}

// require greets a peer, unless it is known.
func (f *foreign) require(id uuid.UUID, to endpoint.Endpoint) *foreignPeer {
	if p := f.peer(id); p != nil {
		return p
	}
	p := &foreignPeer{f: f, id: id, heard: f.w.now}
	p.dial = f.dial(to, stranger{})
	f.peers = append(f.peers, p)
	headers := map[string]string{}
	if !f.key.IsZero() {
		headers[KeyHeader] = f.key.String()
	}
	p.send(&zremsg.Hello{Endpoint: f.endpoint().String(), Name: f.name, Headers: headers}, nil)
	return p
}

func (f *foreign) remove(p *foreignPeer) {
	if p.ready {
		f.exits++
		f.w.logf("%s: EXIT %s", f.name, p.id)
	}
	p.dial.close()
	f.peers = slices.DeleteFunc(f.peers, func(q *foreignPeer) bool { return q == p })
}

func (p *foreignPeer) send(m zremsg.Message, content [][]byte) {
	p.seq++
	m.SetHeaderSequence(p.seq)
	header, err := m.AppendTo(nil)
	if err != nil {
		p.f.w.t.Fatal(err)
	}
	p.dial.send(simMessage{frames: append([][]byte{header}, content...), answers: p.f.incoming.asks})
}

// whisper sends a number to a peer that is ready.
func (f *foreign) whisper(to uuid.UUID, number uint64) {
	if p := f.peer(to); p != nil && p.ready {
		p.send(&zremsg.Whisper{}, [][]byte{binary.BigEndian.AppendUint64(nil, number)})
	}
}

// leave stops the node as its implementation does.
func (f *foreign) leave() {
	f.process.beacons = false
	if f.port0 {
		f.broadcast(0)
	}
	f.w.after(2*f.w.delay, f.kill)
}

// tick asks peers that are silent, and removes those that do not answer.
func (f *foreign) tick() {
	if !f.alive {
		return
	}
	if !f.frozen {
		for _, p := range slices.Clone(f.peers) {
			switch silent := f.w.now - p.heard; {
			case silent >= f.expires:
				f.remove(p)
			case silent >= f.expires/3:
				p.send(&zremsg.Ping{}, nil)
			}
		}
	}
	f.w.after(time.Second, f.tick)
}

// foreignIn is a connection to a ROUTER of libzmq.
type foreignIn struct {
	f       *foreign
	id      uuid.UUID
	ignored bool
}

func (f *foreign) accept(s *simStream) receiver {
	in := &foreignIn{f: f, id: uuid.UUID(s.dial.id[1:])}
	old := f.routes[in.id]
	switch {
	case old != nil && f.sticky:
		in.ignored = true
	case old != nil:
		old.ignored = true
		fallthrough
	default:
		f.routes[in.id] = in
	}
	return in
}

func (in *foreignIn) ended() {
	if in.f.routes[in.id] == in {
		delete(in.f.routes, in.id)
	}
}

func (in *foreignIn) receive(m simMessage) {
	if !in.ignored {
		in.f.incoming = m
		in.f.handle(in.id, m)
		in.f.incoming = simMessage{}
	}
}

// handle is what zyre_node_recv_peer does.
func (f *foreign) handle(id uuid.UUID, m simMessage) {
	message, err := zremsg.Decode(m.frames[0])
	if err != nil {
		f.w.t.Fatalf("%s: %v", f.name, err)
	}
	f.w.logf("%s ─▶ %s: %v %d", id, f.name, message.ID(), message.HeaderSequence())
	p := f.peer(id)
	if hello, ok := message.(*zremsg.Hello); ok {
		if p != nil && p.ready {
			f.remove(p)
		}
		to, err := endpoint.Parse(hello.Endpoint)
		if err != nil {
			f.w.t.Fatal(err)
		}
		if key := hello.Headers[KeyHeader]; key != "" {
			to.Key, _ = curve.Parse(key)
		}
		p = f.require(id, to)
		p.ready, p.want = true, 1
		f.enters++
		f.w.logf("%s: ENTER %s", f.name, id)
	}
	if p == nil || !p.ready {
		return
	}
	if message.HeaderSequence() != p.want {
		f.w.logf("%s: messages of %s are lost", f.name, id)
		f.remove(p)
		return
	}
	p.want++
	p.heard = f.w.now
	switch message.(type) {
	case *zremsg.Ping:
		p.send(&zremsg.PingOK{}, nil)
	case *zremsg.Whisper:
		p.got = append(p.got, binary.BigEndian.Uint64(m.frames[1]))
	}
}
