package hub

import (
	"errors"
	"log/slog"
	"math/rand"
	"slices"
	"time"

	"github.com/gozre/zre/internal/codec/zgossipmsg"
	"github.com/gozre/zre/internal/gossip/store"
	"github.com/gozre/zre/internal/gossip/uplink"
	"github.com/gozre/zre/internal/gossip/wire"
)

// world is a network of gossip servers and their clients in virtual time. A connection
// keeps the order of its messages. Which connection delivers next is random, and so is how
// long a message takes.
type world struct {
	now      time.Time
	rand     *rand.Rand
	conns    []*conn
	machines []machine
	tuples   int // PUBLISHes delivered
}

// machine is anything that time passes for.
type machine interface{ tick(now time.Time) }

// acceptor is a server.
type acceptor interface {
	machine
	opened(c *conn)
	closed(c *conn)
	fromClient(c *conn, frame []byte)
}

// dialer is a client's end of a connection.
type dialer interface {
	connected()
	disconnected()
	fromServer(frames [][]byte)
}

// sent is a frame in flight.
type sent struct {
	at    time.Time
	frame []byte
}

// conn is a connection that is tried again as long as it is wanted and not cut.
type conn struct {
	w         *world
	client    dialer
	server    acceptor
	fixed     string // the identity that the client has chosen, if any
	up        bool
	lives     int  // counts connections
	severed   bool // the network between is cut
	frozen    bool // the client's process is stopped
	ended     bool // the client is gone for good
	reopen    bool
	toServer  []sent
	toClient  [][][]byte
	noticeAt  time.Time // when both ends notice that it is down
	noticed   bool
	nextRetry time.Time
}

func newWorld(seed int64) *world {
	return &world{now: time.Unix(1_700_000_000, 0), rand: rand.New(rand.NewSource(seed))}
}

func (w *world) dial(client dialer, server acceptor) *conn {
	c := &conn{w: w, client: client, server: server, noticed: true}
	w.conns = append(w.conns, c)
	return c
}

func (c *conn) open() {
	c.lives++
	c.up, c.reopen, c.toServer, c.toClient = true, false, nil, nil
	c.server.opened(c)
	c.client.connected()
}

// close ends a connection; both ends notice after a moment.
func (c *conn) close() {
	if c.up {
		c.up, c.noticed, c.toServer, c.toClient = false, false, nil, nil
		c.noticeAt = c.w.now.Add(time.Duration(c.w.rand.Intn(500)) * time.Millisecond)
	}
}

// send sends a frame from the client.
func (c *conn) send(frame []byte) {
	if c.up {
		c.toServer = append(c.toServer, sent{c.w.now, slices.Clone(frame)})
	}
}

// end is one end of a connection, as a hub has it.
type end struct {
	c        *conn
	life     int // of the connection that it is the end of
	toClient bool
}

func (e *end) Send(first []byte, rest ...[]byte) error {
	switch {
	case e.life != e.c.lives || !e.c.up:
		return errGone
	case !e.toClient:
		e.c.send(first)
		return nil
	}
	m := [][]byte{slices.Clone(first)}
	for _, f := range rest {
		m = append(m, slices.Clone(f))
	}
	e.c.toClient = append(e.c.toClient, m)
	return nil
}

func (e *end) SendBatch(messages [][]byte) error {
	for _, m := range messages {
		if err := e.Send(m); err != nil {
			return err
		}
	}
	return nil
}

func (e *end) Queued() int { return 0 }

func (e *end) Abort() {
	if e.life == e.c.lives {
		e.c.close()
	}
}

var errGone = errors.New("the connection has ended")

// run lets time pass, 10 ms at a step.
func (w *world) run(d time.Duration) {
	for end := w.now.Add(d); w.now.Before(end); {
		w.step()
		w.now = w.now.Add(10 * time.Millisecond)
		for _, m := range w.machines {
			m.tick(w.now)
		}
	}
}

// step delivers a random part of what is on its way, in a random order of connections.
func (w *world) step() {
	for _, i := range w.rand.Perm(len(w.conns)) {
		c := w.conns[i]
		switch {
		case !c.up && !c.noticed && !w.now.Before(c.noticeAt):
			c.noticed = true
			c.server.closed(c)
			if !c.ended && !c.frozen {
				c.client.disconnected()
			}
			c.nextRetry = w.now.Add(time.Duration(w.rand.Intn(200)) * time.Millisecond)
		case !c.up && c.noticed && !c.severed && !c.frozen && !c.ended && !w.now.Before(c.nextRetry):
			c.open()
		case c.up && (c.severed || c.ended || c.reopen):
			c.close()
		}
		for n := w.rand.Intn(4); n > 0; n-- {
			// Messages that were sent together arrive together.
			for at := (time.Time{}); c.up && len(c.toServer) > 0 && (at.IsZero() || c.toServer[0].at.Equal(at)); {
				f := c.toServer[0]
				c.toServer, at = c.toServer[1:], f.at
				w.count(f.frame)
				c.server.fromClient(c, f.frame)
			}
			if c.up && len(c.toClient) > 0 && !c.frozen {
				f := c.toClient[0]
				c.toClient = c.toClient[1:]
				w.count(f[len(f)-1])
				c.client.fromServer(f)
			}
		}
	}
}

func (w *world) count(frame []byte) {
	if frame[2] == byte(zgossipmsg.IDPublish) {
		w.tuples++
	}
}

// ours is a server of this project.
type ours struct {
	w     *world
	h     *Hub
	peers map[*conn]*Peer
}

var simConfig = Config{
	Store: store.Config{
		Grace: 3 * time.Second, OriginTTL: 10 * time.Second, TombstoneTTL: time.Minute,
		HistoryWindow: 30 * time.Second, FlapLimit: 2, MaxTuples: 1000, MaxPerSource: 1000,
		MaxOrigins: 100, MaxOriginsPerSource: 50,
	},
	MaxClients: 100, MaxKey: 64, MaxValue: 128, SendQueue: 64 << 10,
	IdleTimeout: 5 * time.Second, SlowTimeout: 5 * time.Second, BeatInterval: 2 * time.Second,
	HelloDelay:   10 * time.Millisecond,
	PingInterval: 400 * time.Millisecond, CalmInterval: time.Second,
	LinkTimeout: 3 * time.Second, LinkProbeAfter: time.Second,
	Log: slog.New(slog.DiscardHandler),
}

func (w *world) ours(id byte) *ours {
	o := &ours{w: w, peers: make(map[*conn]*Peer)}
	cfg := simConfig
	cfg.ID = wire.ID{id}
	o.h = New(w.now, cfg)
	w.machines = append(w.machines, o)
	return o
}

func (o *ours) tick(now time.Time) {
	for next := o.h.Next(); !next.After(now); next = o.h.Next() {
		o.h.Tick(now)
	}
}

func (o *ours) opened(c *conn) {
	o.peers[c] = o.h.Accept(o.w.now, []byte(c.fixed), "sim", &end{c: c, life: c.lives, toClient: true})
}

func (o *ours) closed(c *conn) {
	if p := o.peers[c]; p != nil { // else the server is another one by now
		p.Closed(o.w.now, errGone)
		delete(o.peers, c)
	}
}

func (o *ours) fromClient(c *conn, frame []byte) {
	o.peers[c].Receive(o.w.now, frame)
	if o.w.rand.Intn(3) > 0 {
		o.h.Flush(o.w.now) // else the next message is handled first, as in a batch
	}
}

// link connects o to another server.
func (o *ours) link(to acceptor) *conn {
	e := &linkEnd{o: o}
	c := o.w.dial(e, to)
	e.c, e.l = c, o.h.NewLink("sim", func() { c.reopen = true }, func() { c.ended = true })
	return c
}

type linkEnd struct {
	o *ours
	c *conn
	l *Link
}

func (e *linkEnd) connected()    { e.l.Connected(e.o.w.now, &end{c: e.c, life: e.c.lives}) }
func (e *linkEnd) disconnected() { e.l.Disconnected(e.o.w.now) }
func (e *linkEnd) fromServer(f [][]byte) {
	e.l.Receive(e.o.w.now, f[0], f[1:]...)
	e.o.h.Flush(e.o.w.now)
}

// node is a client of this project.
type node struct {
	w          *world
	s          *uplink.Session
	c          *conn
	key, value string
	heard      map[string]string
}

func (w *world) node(to acceptor, key, value string) *node {
	n := &node{w: w, key: key, value: value, heard: make(map[string]string)}
	n.s = uplink.New(uplink.Config{
		Mark: wire.Mark{Role: wire.RoleNode, ID: wire.ID{255}}, Key: key,
		PingInterval: 400 * time.Millisecond, CalmInterval: time.Second, Timeout: 3 * time.Second, ProbeAfter: time.Second,
	}, n)
	n.c = w.dial(n, to)
	w.machines = append(w.machines, n)
	return n
}

func (n *node) tick(now time.Time)    { n.s.Tick(now) }
func (n *node) connected()            { n.s.Connected(n.w.now) }
func (n *node) disconnected()         { n.s.Disconnected() }
func (n *node) fromServer(f [][]byte) { _ = n.s.Receive(n.w.now, f[0], f[1:]...) }
func (n *node) Send(frame []byte)     { n.c.send(frame) }
func (n *node) Ready(uplink.Kind)     { n.publish(0) }
func (n *node) Lost()                 {}
func (n *node) Beats([]wire.Beat)     {}
func (n *node) Refresh(uplink.Kind)   { n.publish(0) }
func (n *node) Self()                 {}
func (n *node) Reopen(id []byte)      { n.c.reopen, n.c.fixed = true, string(id) }
func (n *node) Probe() (string, string, bool) {
	return n.key, n.value, true
}
func (n *node) Publish(t uplink.Tuple) {
	if t.TTL == time.Millisecond {
		delete(n.heard, t.Key)
	} else {
		n.heard[t.Key] = t.Value
	}
}

func (n *node) publish(ttl uint32) {
	m := zgossipmsg.Publish{Key: n.key, Value: n.value, TTL: ttl}
	frame, err := m.AppendTo(nil)
	if err != nil {
		panic(err)
	}
	n.Send(frame)
}

// move publishes another value.
func (n *node) move(value string) {
	n.value = value
	if n.s.Ready() {
		n.publish(0)
	}
}

// stop ends the node: politely, or as by SIGKILL.
func (n *node) stop(politely bool) {
	if politely && n.s.Ready() {
		n.publish(1)
		n.w.run(300 * time.Millisecond) // it drains
	}
	n.c.ended = true
	n.w.machines = slices.DeleteFunc(n.w.machines, func(m machine) bool { return m == machine(n) })
}
