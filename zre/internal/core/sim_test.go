package core

import (
	"container/heap"
	"encoding/binary"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/codec/zremsg"
)

// world is a network of cores in virtual time. UDP loses and reorders; TCP
// connections keep the order, with a random delay; they connect again to
// whoever listens at the endpoint, as libzmq does.
type world struct {
	t      *testing.T
	rand   *rand.Rand
	now    time.Duration
	todo   agenda
	serial int
	hosts  map[string]*simNode // by endpoint, those that listen
	nodes  []*simNode
	loss   float64 // of beacons
	sticky bool    // half of the nodes know no hand-over
	secure bool    // nodes have keys
	delay  time.Duration
}

// job is something to be done at a time; jobs of one time are done in the order
// that they were planned.
type job struct {
	at     time.Duration
	serial int
	do     func()
}

type agenda []job

func (a agenda) Len() int { return len(a) }
func (a agenda) Less(i, j int) bool {
	if a[i].at == a[j].at {
		return a[i].serial < a[j].serial
	}
	return a[i].at < a[j].at
}
func (a agenda) Swap(i, j int) { a[i], a[j] = a[j], a[i] }
func (a *agenda) Push(x any)   { *a = append(*a, x.(job)) }
func (a *agenda) Pop() any {
	old := *a
	last := old[len(old)-1]
	*a = old[:len(old)-1]
	return last
}

func newWorld(t *testing.T, seed uint64) *world {
	return &world{
		t: t, rand: rand.New(rand.NewPCG(seed, 36)), now: time.Hour,
		hosts: make(map[string]*simNode), delay: 5 * time.Millisecond,
	}
}

func (w *world) after(d time.Duration, do func()) {
	w.serial++
	heap.Push(&w.todo, job{w.now + d, w.serial, do})
}

// run lets virtual time go on.
func (w *world) run(d time.Duration) {
	end := w.now + d
	for len(w.todo) > 0 && w.todo[0].at <= end {
		j := heap.Pop(&w.todo).(job)
		w.now = j.at
		j.do()
	}
	w.now = end
}

func (w *world) some(limit time.Duration) time.Duration {
	return time.Duration(w.rand.Int64N(int64(limit) + 1))
}

// simNode is a node of the world and the shell of its core.
type simNode struct {
	w      *world
	id     uuid.UUID
	key    string // "" in a plain world
	addr   netip.AddrPort
	core   *Core
	alive  bool
	frozen bool
	beacon bool
	sticky bool                   // an identity in use is not handed over to another connection
	from   map[uuid.UUID]*simConn // the connection that has each identity
	views  map[uuid.UUID]*view
	events []Event

	elections int  // ELECT and LEADER messages sent
	mute      bool // it knows no elections
	refused   int  // messages of elections that it was sent all the same
}

// view is what an application knows of a peer from the events.
type view struct {
	here   bool
	groups map[string]bool
	got    []uint64 // numbers in the messages of its present session
}

func (w *world) random() uuid.UUID {
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[:8], w.rand.Uint64())
	binary.BigEndian.PutUint64(id[8:], w.rand.Uint64())
	return id
}

// start brings up a node at 10.x.y.z with the host's number in it.
func (w *world) start(id uuid.UUID, host int, port uint16) *simNode {
	n := &simNode{
		w: w, id: id, alive: true, beacon: true, sticky: w.sticky && w.rand.IntN(2) == 0,
		addr:  netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(host >> 8), byte(host)}), port),
		from:  make(map[uuid.UUID]*simConn),
		views: make(map[uuid.UUID]*view),
	}
	headers := make(map[string]string)
	if w.secure { // some share one, and who comes back may have a new one
		n.key = fmt.Sprint("key", host%5, "-", w.rand.IntN(4)/3*w.serial)
		headers[KeyHeader] = n.key
	}
	n.core = New(Config{
		ID: id, Name: fmt.Sprint("n", host), PublicKey: n.key, Headers: headers,
		QuietPeriod: 5 * time.Second, PingRate: time.Second, DeadPeriod: 30 * time.Second,
		MaxPeers: 10_000, Shell: n, Logger: slog.New(slog.DiscardHandler),
	})
	w.hosts[n.endpoint()] = n
	w.nodes = append(w.nodes, n)
	n.beat()
	n.tick()
	return n
}

func (n *simNode) endpoint() string { return "tcp://" + n.addr.String() }

func (n *simNode) beat() {
	if !n.alive {
		return
	}
	if n.beacon && !n.frozen {
		n.broadcast(n.addr.Port())
	}
	n.w.after(time.Second, n.beat)
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

// broadcast sends a beacon to everybody, each with its own fate.
func (n *simNode) broadcast(port uint16) {
	for _, to := range n.w.nodes {
		if !to.alive || n.w.rand.Float64() < n.w.loss {
			continue
		}
		n.w.after(n.w.some(3*n.w.delay), func() {
			if to.alive && !to.frozen {
				to.core.Beacon(n.w.now, n.id, n.addr.Addr(), port, n.key)
			}
		})
	}
}

// forge lets a beacon be heard by all that is none of the node's.
func (n *simNode) forge(id uuid.UUID, port uint16, key string) {
	for _, to := range n.w.nodes {
		if to.alive && !to.frozen && to != n {
			to.core.Beacon(n.w.now, id, n.addr.Addr(), port, key)
		}
	}
}

// usurp connects to another node with the identity of a third one, and says something.
func (n *simNode) usurp(to *simNode, id uuid.UUID) {
	if p := to.core.peers[id]; !to.alive || to.id == id || n.id == id || p == nil || p.key == n.key {
		return // With the same key it is the same node, as far as one can tell.
	}
	to.from[id] = &simConn{from: n, to: to.endpoint(), closed: true}
	header, err := (&zremsg.Whisper{Sequence: 2}).AppendTo(nil)
	if err != nil {
		n.w.t.Fatal(err)
	}
	to.core.Receive(n.w.now, append([]byte{1}, id[:]...), []byte(n.key), header, nil)
}

// leave stops a node politely.
func (n *simNode) leave() {
	n.core.Goodbye()
	n.broadcast(0)
	n.w.after(2*n.w.delay, n.kill)
}

// kill stops a node without a word.
func (n *simNode) kill() {
	n.alive = false
	if n.w.hosts[n.endpoint()] == n {
		delete(n.w.hosts, n.endpoint())
	}
}

// simLink numbers what it sends on a connection.
type simLink struct {
	*simConn
	peer uuid.UUID
	seq  uint16
}

// simConn is one connection. Messages that nobody takes wait in it.
type simConn struct {
	from    *simNode
	to      string
	key     string // that whoever is there must have
	queue   [][][]byte
	moving  bool
	closed  bool
	last    bool // closed when the queue is empty
	ignored bool // by a node that knows no hand-over
}

func (n *simNode) Open(peer uuid.UUID, endpoint, key string) (Link, error) {
	return &simLink{&simConn{from: n, to: endpoint, key: key}, peer, 0}, nil
}

func (n *simNode) Reopen(l Link, peer uuid.UUID, _, _, _ string) (Link, error) {
	return &simLink{l.(*simLink).simConn, peer, 0}, nil
}

func (n *simNode) Local(string) string          { return n.endpoint() }
func (n *simNode) IsLocal(endpoint string) bool { return endpoint == n.endpoint() }

func (n *simNode) Ban(string) {}

// Probe is answered after a while, as a connection is.
func (n *simNode) Probe(id uuid.UUID, endpoint string, _ Link) {
	n.w.after(n.w.some(n.w.delay), func() {
		if n.alive && n.w.hosts[endpoint] == nil {
			n.core.Unheard(id, endpoint)
		}
	})
}

func (l *simLink) Send(m zremsg.Message) { l.send(m, nil) }

func (l *simLink) send(m zremsg.Message, content [][]byte) {
	header, err := m.AppendTo(nil)
	if err != nil {
		l.from.w.t.Fatalf("encode %v: %v", m, err)
	}
	if id := m.ID(); id == zremsg.IDElect || id == zremsg.IDLeader {
		l.from.elections++
	}
	l.seq++
	binary.BigEndian.PutUint16(header[4:], l.seq)
	l.queue = append(l.queue, append([][]byte{header}, content...))
	l.move()
}

// move delivers the first message of the queue after a while, then the next.
func (l *simConn) move() {
	if l.moving || len(l.queue) == 0 {
		return
	}
	l.moving = true
	l.from.w.after(l.from.w.some(l.from.w.delay), l.arrive)
}

func (l *simConn) arrive() {
	w := l.from.w
	l.moving = false
	if l.closed {
		l.queue = nil
		return
	}
	to := w.hosts[l.to]
	if to == nil || to.frozen || to.key != l.key {
		l.moving = true
		w.after(100*time.Millisecond, l.arrive)
		return
	}
	frames := l.queue[0]
	l.queue = l.queue[1:]
	// A newer connection of the same identity takes over, or is ignored for
	// ever.
	if now := to.from[l.from.id]; now != l {
		if now != nil && to.sticky && !now.done() {
			l.ignored = true
		} else if now == nil || frames[0][2] == byte(zremsg.IDHello) {
			to.from[l.from.id] = l
		}
	}
	if id := zremsg.ID(frames[0][2]); to.mute && (id == zremsg.IDElect || id == zremsg.IDLeader) {
		// As pyre: it drops the sender, and greets it anew by its next beacon.
		to.refused++
		if p := to.core.peers[l.from.id]; p != nil {
			to.core.remove(p, ReasonGap)
		}
		l.move()
		return
	}
	if to.from[l.from.id] == l && !l.ignored {
		to.core.Receive(w.now, append([]byte{1}, l.from.id[:]...), []byte(l.from.key), frames[0], frames[1:])
	}
	l.move()
}

// done reports whether nothing can come from the connection any more.
func (l *simConn) done() bool {
	return l.closed || len(l.queue) == 0 && (l.last || !l.from.alive)
}

func (l *simLink) Answer()        { l.Send(&zremsg.PingOK{}) }
func (l *simLink) Ack()           {}
func (l *simLink) Owes() bool     { return false }
func (l *simLink) Failed() string { return "" }
func (l *simLink) Shorten()       {}

// Close cuts the connection; what was under way may still arrive.
func (l *simLink) Close(string) {
	if l.from.w.rand.IntN(2) == 0 {
		l.closed = true
	}
	l.last = true
}

// Deliver checks the promises that the events make to the application.
func (n *simNode) Deliver(_ Link, e *Event) {
	ev := *e
	t := n.w.t
	if ev.Type == EventLeader {
		if v := n.views[ev.Peer]; ev.Peer != n.id && (v == nil || !v.groups[ev.Group]) {
			t.Fatalf("%s: %s leads %q and is not in it", n.core.cfg.Name, ev.Name, ev.Group)
		}
		n.events = append(n.events, ev)
		return
	}
	v := n.views[ev.Peer]
	if v == nil {
		v = &view{}
		n.views[ev.Peer] = v
	}
	if (ev.Type == EventEnter) == v.here {
		t.Fatalf("%s: %v of %s, but here is %v; events:\n%v", n.core.cfg.Name, ev.Type, ev.Name, v.here, n.events)
	}
	n.events = append(n.events, ev)
	switch ev.Type {
	case EventEnter:
		*v = view{here: true, groups: make(map[string]bool)}
	case EventExit:
		*v = view{}
	case EventJoin, EventLeave:
		if v.groups[ev.Group] == (ev.Type == EventJoin) {
			t.Fatalf("%s: %v %q of %s twice", n.core.cfg.Name, ev.Type, ev.Group, ev.Name)
		}
		v.groups[ev.Group] = ev.Type == EventJoin
	}
}

// Data notes the number in a message, which only a peer that is here may send.
func (n *simNode) Data(l Link, typ EventType, _ string, content [][]byte) {
	id := l.(*simLink).peer
	v := n.views[id]
	if v == nil || !v.here {
		n.w.t.Fatalf("%s: %v of %v, who is not here", n.core.cfg.Name, typ, id)
	}
	v.got = append(v.got, binary.BigEndian.Uint64(content[0]))
}

// whisper sends a number to a peer.
func (n *simNode) whisper(to uuid.UUID, number uint64) {
	if p := n.core.Peer(to); p != nil {
		p.Link().(*simLink).send(&zremsg.Whisper{}, [][]byte{binary.BigEndian.AppendUint64(nil, number)})
	}
}

// checkOneView fails unless every living node sees every other, and its groups.
func (w *world) checkOneView() {
	w.t.Helper()
	for _, a := range w.nodes {
		if !a.alive {
			continue
		}
		var want, got []string
		for _, b := range w.nodes {
			if b.alive && b != a {
				want = append(want, fmt.Sprint(b.id, b.core.OwnGroups()))
			}
		}
		a.core.Peers(func(p *Peer) { got = append(got, fmt.Sprint(p.ID(), p.Groups())) })
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(want, got) {
			w.t.Fatalf("%s sees %d peers\n%v\nthere are %d\n%v", a.core.cfg.Name, len(got), got, len(want), want)
		}
	}
}

// checkExact fails when a node counted a status or sequence that was not exact.
func (w *world) checkExact() {
	w.t.Helper()
	for _, n := range w.nodes {
		if s := n.core.Stats(); s.StatusRepaired+s.Gaps+s.Refused > 0 {
			w.t.Fatalf("%s: %+v", n.core.cfg.Name, s)
		}
	}
}

func TestSimulatedNodesReachOneView(t *testing.T) {
	for _, size := range []int{2, 3, 10, 100} {
		for seed := range uint64(max(1, 40/size)) {
			t.Run(fmt.Sprintf("%d nodes, seed %d", size, seed), func(t *testing.T) {
				w := newWorld(t, seed)
				w.loss, w.secure = 0.5, seed%2 == 1
				for i := range size {
					w.after(w.some(time.Second), func() {
						n := w.start(w.random(), i+1, 41000)
						for g := range w.rand.IntN(4) {
							n.core.Join(fmt.Sprint("g", g))
						}
					})
				}
				w.run(15 * time.Second)
				w.checkOneView()
				w.checkExact()
			})
		}
	}
}

// Nodes join, leave groups, talk, leave, die and come back; when the unrest ends
// there is one view again.
func TestSimulatedUnrest(t *testing.T) {
	for seed := range uint64(96) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			w := newWorld(t, seed)
			w.secure = seed >= 48
			w.loss, w.sticky = 0.3, seed%2 == 1 && !w.secure // all that have keys know hand-over
			if seed%3 == 0 {
				w.delay = 200 * time.Millisecond
			}
			for i := range 8 {
				w.start(w.random(), i+1, 41000)
			}
			number := uint64(0)
			for range 300 {
				w.run(w.some(400 * time.Millisecond))
				n := w.nodes[w.rand.IntN(len(w.nodes))]
				if !n.alive {
					continue
				}
				group := fmt.Sprint("g", w.rand.IntN(5))
				if w.secure && w.rand.IntN(4) == 0 { // what strangers, and trusted nodes, may try
					other := w.nodes[w.rand.IntN(len(w.nodes))]
					switch w.rand.IntN(4) {
					case 0:
						n.forge(n.id, 0, n.key)
					case 1:
						n.forge(w.random(), n.addr.Port(), other.key)
					case 2:
						n.forge(n.id, 9, n.key)
					case 3:
						n.usurp(w.nodes[w.rand.IntN(len(w.nodes))], other.id)
					}
				}
				switch w.rand.IntN(20) {
				case 0:
					n.leave()
				case 1:
					n.kill()
				case 2: // the same UUID at a new port
					n.kill()
					w.start(n.id, int(n.addr.Addr().As4()[3]), n.addr.Port()+1)
				case 3: // another UUID at the same port
					n.kill()
					w.start(w.random(), int(n.addr.Addr().As4()[3]), n.addr.Port())
				case 4: // the same UUID at the same port
					n.kill()
					w.start(n.id, int(n.addr.Addr().As4()[3]), n.addr.Port())
				case 5:
					w.start(w.random(), len(w.nodes)+1, 41000)
				case 6, 7, 8:
					n.core.Join(group)
				case 9, 10, 11:
					n.core.Leave(group)
				case 12: // a message is lost
					n.core.Peers(func(p *Peer) { p.Link().(*simLink).seq++ })
				default:
					number++
					n.whisper(w.nodes[w.rand.IntN(len(w.nodes))].id, number)
				}
			}
			w.run(90 * time.Second)
			w.checkOneView()
			w.run(60 * time.Second)
			w.checkQuiet()
		})
	}
}

// checkQuiet fails when nodes that nothing happens to still enter and exit.
func (w *world) checkQuiet() {
	w.t.Helper()
	before := make([]int, len(w.nodes))
	for i, n := range w.nodes {
		before[i] = len(n.events)
	}
	w.run(2 * time.Minute)
	for i, n := range w.nodes {
		if n.alive && len(n.events) != before[i] {
			w.t.Fatalf("%s: events although nothing happened: %v", n.core.cfg.Name, n.events[before[i]:])
		}
	}
}

// Within a session nothing is lost and nothing comes twice, across the wrap of
// the sequence.
func TestSimulatedSequenceWrap(t *testing.T) {
	w := newWorld(t, 1)
	w.delay = time.Microsecond
	a, b := w.start(w.random(), 1, 41000), w.start(w.random(), 2, 41000)
	w.run(2 * time.Second)
	const count = 140_000
	for i := range uint64(count) {
		a.whisper(b.id, i)
		if i%1000 == 0 {
			w.run(10 * time.Millisecond)
		}
	}
	w.run(3 * time.Second)
	got := b.views[a.id].got
	if len(got) != count {
		t.Fatalf("got %d messages, want %d", len(got), count)
	}
	for i, v := range got {
		if v != uint64(i) {
			t.Fatalf("message %d is %d", i, v)
		}
	}
	w.checkExact()
}

// A frozen peer is told EVASIVE, then SILENT, then EXIT, each once; one that
// goes on before that loses nothing.
func TestSimulatedFreeze(t *testing.T) {
	for _, frozen := range []time.Duration{20 * time.Second, 40 * time.Second} {
		w := newWorld(t, 3)
		a, b := w.start(w.random(), 1, 41000), w.start(w.random(), 2, 41000)
		w.run(2 * time.Second)
		a.events, b.frozen = nil, true
		w.run(frozen)
		a.whisper(b.id, 7)
		b.frozen = false
		b.core.Hear(w.now, frozen)
		w.run(time.Minute)
		var types []EventType
		for _, ev := range a.events {
			types = append(types, ev.Type)
		}
		want := []EventType{EventEvasive, EventSilent}
		if frozen > 30*time.Second {
			want = append(want, EventExit, EventEnter)
		} else if got := b.views[a.id].got; !slices.Equal(got, []uint64{7}) {
			t.Errorf("frozen for %v: got %v", frozen, got)
		}
		if !slices.Equal(types, want) {
			t.Errorf("frozen for %v: events %v, want %v", frozen, types, want)
		}
		w.checkOneView()
	}
}

// A killed peer is gone as soon as it is missed: nobody listens at its port.
func TestSimulatedKill(t *testing.T) {
	w := newWorld(t, 6)
	a, b := w.start(w.random(), 1, 41000), w.start(w.random(), 2, 41000)
	w.run(2 * time.Second)
	b.kill()
	a.events = nil
	w.run(8 * time.Second)
	if n := len(a.events); n != 2 || a.events[0].Type != EventEvasive || a.events[1].Reason != ReasonRefused {
		t.Errorf("events %v", a.events)
	}
}

// Peers that hear each other's beacons are hardly ever sent a PING.
func TestSimulatedPingEconomy(t *testing.T) {
	w := newWorld(t, 4)
	for i := range 10 {
		w.start(w.random(), i+1, 41000)
	}
	w.run(10 * time.Second)
	count := func() (sum uint64) {
		for _, n := range w.nodes {
			sum += n.core.Stats().MessagesIn
		}
		return sum
	}
	before := count()
	w.run(150 * time.Second)
	// 45 pairs, one PING and one PING-OK in each 15 s.
	if got, most := count()-before, uint64(45*2*10); got > most {
		t.Errorf("%d messages in 150 s of rest, want at most %d", got, most)
	}
	// Without beacons everybody is asked, and nobody is lost.
	for _, n := range w.nodes {
		n.beacon = false
	}
	w.run(2 * time.Minute)
	w.checkOneView()
	for _, n := range w.nodes {
		for _, ev := range n.events {
			if ev.Type != EventEnter {
				t.Fatalf("%s: %v", n.core.cfg.Name, ev)
			}
		}
	}
}

// A peer whose messages are lost ends and comes back at once.
func TestSimulatedGap(t *testing.T) {
	w := newWorld(t, 5)
	a, b := w.start(w.random(), 1, 41000), w.start(w.random(), 2, 41000)
	w.run(2 * time.Second)
	b.events = nil
	a.core.Peer(b.id).Link().(*simLink).seq += 3
	a.whisper(b.id, 1)
	w.run(time.Second)
	a.whisper(b.id, 2)
	w.run(time.Second)
	if len(b.events) < 2 || b.events[0].Type != EventExit || b.events[0].Reason != ReasonGap || b.events[1].Type != EventEnter {
		t.Fatalf("events %v", b.events)
	}
	if got := b.views[a.id].got; !slices.Equal(got, []uint64{2}) {
		t.Errorf("after the gap: got %v", got)
	}
	w.checkOneView()
}
