package hub

import (
	"maps"
	"slices"
	"time"

	"github.com/gozre/zre/internal/codec/zgossipmsg"
)

// czmq behaves like czmq's zgossip, as observed: it takes every change for new,
// tells it to all its clients, the author too, and to all its remotes; it forgets a
// client after a second without traffic, and a tuple never; a second HELLO is
// invalid. A zyre node is one that has a remote and no clients.
type czmq struct {
	w       *world
	tuples  map[string]string
	clients map[*conn]*czmqClient
	remotes []*czmqRemote
	changes int
}

type czmqClient struct {
	hello bool
	heard time.Time
}

type czmqRemote struct {
	z      *czmq
	c      *conn
	active bool
}

func (w *world) czmq() *czmq {
	z := &czmq{w: w, tuples: make(map[string]string), clients: make(map[*conn]*czmqClient)}
	w.machines = append(w.machines, z)
	return z
}

func (z *czmq) connect(to acceptor) *conn {
	r := &czmqRemote{z: z}
	r.c = z.w.dial(r, to)
	z.remotes = append(z.remotes, r)
	return r.c
}

func (z *czmq) tick(now time.Time) {
	for c, cl := range z.clients {
		if now.Sub(cl.heard) > time.Second {
			delete(z.clients, c)
		}
	}
}

func frameOf(m zgossipmsg.Message) []byte {
	f, err := m.AppendTo(nil)
	if err != nil {
		panic(err)
	}
	return f
}

func (z *czmq) publish(key, value string) {
	if z.tuples[key] == value {
		return
	}
	z.tuples[key] = value
	z.changes++
	f := frameOf(&zgossipmsg.Publish{Key: key, Value: value})
	for c, cl := range z.clients {
		if cl.hello {
			c.toClient = append(c.toClient, [][]byte{f})
		}
	}
	for _, r := range z.remotes {
		if r.active {
			r.c.send(f)
		}
	}
}

func (z *czmq) opened(*conn)   {}
func (z *czmq) closed(c *conn) { delete(z.clients, c) }

func (z *czmq) fromClient(c *conn, frame []byte) {
	cl := z.clients[c]
	if cl == nil {
		cl = &czmqClient{}
		z.clients[c] = cl
	}
	cl.heard = z.w.now
	reply := func(m zgossipmsg.Message) { c.toClient = append(c.toClient, [][]byte{frameOf(m)}) }
	switch id := zgossipmsg.ID(frame[2]); {
	case id == zgossipmsg.IDPing:
		reply(&zgossipmsg.Pong{}) // whatever follows the PING is ignored
	case id == zgossipmsg.IDHello && !cl.hello:
		cl.hello = true
		for _, k := range slices.Sorted(maps.Keys(z.tuples)) {
			reply(&zgossipmsg.Publish{Key: k, Value: z.tuples[k]})
		}
	case id == zgossipmsg.IDPublish && cl.hello:
		var m zgossipmsg.Publish
		if err := m.Decode(frame); err != nil {
			panic(err) // czmq asserts; it must never get such a thing from us
		}
		z.publish(m.Key, m.Value)
	default:
		reply(&zgossipmsg.Invalid{})
		delete(z.clients, c)
	}
}

func (r *czmqRemote) connected() {
	r.active = true
	r.c.send(frameOf(&zgossipmsg.Hello{}))
	for _, k := range slices.Sorted(maps.Keys(r.z.tuples)) {
		r.c.send(frameOf(&zgossipmsg.Publish{Key: k, Value: r.z.tuples[k]}))
	}
}

func (r *czmqRemote) disconnected() { r.active = false }

func (r *czmqRemote) fromServer(frames [][]byte) {
	if len(frames) != 1 {
		panic("a czmq client was sent more than one frame")
	}
	var m zgossipmsg.Publish
	switch zgossipmsg.ID(frames[0][2]) {
	case zgossipmsg.IDPublish:
		if err := m.Decode(frames[0]); err != nil {
			panic(err)
		}
		r.z.publish(m.Key, m.Value)
	case zgossipmsg.IDInvalid:
		r.c.send(frameOf(&zgossipmsg.Hello{}))
	}
}
