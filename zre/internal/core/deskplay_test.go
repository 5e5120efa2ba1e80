package core

import (
	"net/netip"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/codec/zremsg"
	"github.com/gozre/zre/internal/curve"
	"github.com/gozre/zre/internal/endpoint"
)

func hello(endpoint string, groups ...string) *zremsg.Hello {
	return &zremsg.Hello{Sequence: 1, Endpoint: endpoint, Groups: groups, Status: uint8(len(groups)), Name: "friend"}
}

// identity is what a node of this implementation connects with.
func identity(id uuid.UUID) []byte { return append([]byte{1}, id[:]...) }

// accept makes a connection from an address, nil if it is refused.
func (d *desk) accept(id []byte, key curve.Key, from netip.Addr) *deskConn {
	dc := &deskConn{desk: d, key: key}
	dc.conn = d.core.Accept(d.now, id, key, from, dc)
	if dc.conn == nil {
		return nil
	}
	d.conns = append(d.conns, dc)
	return dc
}

// connect makes a connection of a peer in a plain network.
func (d *desk) connect(id uuid.UUID, from netip.Addr) *deskConn {
	d.t.Helper()
	dc := d.accept(identity(id), curve.Key{}, from)
	if dc == nil {
		d.t.Fatal("the connection is refused")
	}
	return dc
}

// say lets a message arrive on a connection.
func (dc *deskConn) say(m zremsg.Message, content ...string) {
	dc.desk.t.Helper()
	header, err := m.AppendTo(nil)
	if err != nil {
		dc.desk.t.Fatal(err)
	}
	dc.octets(header, content...)
}

// octets lets a message arrive, or holds it back while the connection waits.
func (dc *deskConn) octets(header []byte, content ...string) {
	var frames [][]byte
	for _, c := range content {
		frames = append(frames, []byte(c))
	}
	dc.held = append(dc.held, func() { dc.desk.core.Receive(dc.desk.now, dc.conn, header, frames) })
	dc.desk.settle()
}

// end lets a connection end, after what was sent on it before.
func (dc *deskConn) end() {
	dc.ended = true
	dc.held = append(dc.held, func() { dc.desk.core.ConnDown(dc.desk.now, dc.conn) })
	dc.desk.settle()
}

// cut lets a connection end while its messages wait.
func (dc *deskConn) cut() {
	dc.ended, dc.held = true, nil
	dc.desk.core.ConnDown(dc.desk.now, dc.conn)
	dc.desk.settle()
}

// settle lets everything happen that can happen at once: links come up, and held
// back messages arrive.
func (d *desk) settle() {
	for moved := true; moved; {
		moved = false
		for _, l := range d.links {
			if !l.up && !d.slow && !l.down && l.closed == 0 {
				l.up, moved = true, true
				d.core.LinkUp(d.now, l)
			}
		}
		for _, dc := range d.conns {
			dc.waits = dc.waits || dc.conn.Waits()
			if len(dc.held) > 0 && !dc.waits {
				next := dc.held[0]
				dc.held, moved = dc.held[1:], true
				next()
			}
		}
	}
}

// linkUp lets a link come up.
func (d *desk) linkUp(l *deskLink) {
	l.up = true
	d.core.LinkUp(d.now, l)
	d.settle()
}

// linkDown lets a link end.
func (d *desk) linkDown(l *deskLink) {
	l.down = true
	d.core.LinkDown(d.now, l)
	d.settle()
}

// conn returns the open connection with a peer's identity and this key, a new one
// if there is none.
func (d *desk) conn(id uuid.UUID, key curve.Key, from netip.Addr) *deskConn {
	for _, dc := range d.conns {
		if dc.conn.id == id && dc.key == key && !dc.closed && !dc.ended {
			return dc
		}
	}
	return d.accept(identity(id), key, from)
}

// from lets a message arrive from a peer, in a plain network.
func (d *desk) from(id uuid.UUID, m zremsg.Message, content ...string) {
	d.t.Helper()
	host := friendHost
	if h, ok := m.(*zremsg.Hello); ok {
		if e, err := endpoint.Parse(h.Endpoint); err == nil {
			host = e.Host()
		}
	}
	dc := d.conn(id, curve.Key{}, host)
	if dc == nil {
		d.t.Fatalf("no connection for %v", m.ID())
	}
	dc.say(m, content...)
}

// pass lets time go by.
func (d *desk) pass(seconds int) {
	for range 2 * seconds {
		d.tick(time.Second / 2)
	}
}

// tick lets a time pass and ticks.
func (d *desk) tick(after time.Duration) {
	d.now += after
	d.core.Tick(d.now, false)
	d.settle()
}

// alive lets time go by, in which all peers send messages.
func (d *desk) alive(t time.Duration) {
	for end := d.now + t; d.now < end; {
		d.now += 500 * time.Millisecond
		for _, p := range d.core.peers.all() {
			d.core.alive(d.now, p, 0, 0)
		}
		d.core.Tick(d.now, false)
		d.settle()
	}
}

func (d *desk) wantLog(want ...string) {
	d.t.Helper()
	if !slices.Equal(d.log, want) {
		d.t.Errorf("events\n%q\nwant\n%q", d.log, want)
	}
}

// peer returns a peer in any state, nil if it is not known.
func (d *desk) peer(id uuid.UUID) *Peer { return d.core.peers.get(id) }

// open counts the links and the connections that are open.
func (d *desk) open() (links, conns int) {
	for _, l := range d.links {
		if l.closed == 0 {
			links++
		}
	}
	for _, dc := range d.conns {
		if !dc.closed && !dc.ended {
			conns++
		}
	}
	return links, conns
}
