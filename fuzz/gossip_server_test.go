package fuzz

import (
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/gozre/zre/internal/codec/zgossipmsg"
	"github.com/gozre/zre/internal/gossip/hub"
	"github.com/gozre/zre/internal/gossip/store"
	"github.com/gozre/zre/internal/gossip/wire"
)

// The limits of the fuzzed gossip server.
const (
	gossipTuples  = 20
	gossipOrigins = 5
	gossipClients = 4
	gossipValue   = 100
)

// gossipServer is a server without sockets. Each message that it sends is checked.
type gossipServer struct {
	t       *testing.T
	hub     *hub.Hub
	now     time.Time
	clients map[string]*gossipConn // by identity, the latest connection
	all     []*gossipConn
}

// gossipConn is a client's connection.
type gossipConn struct {
	t      *testing.T
	id     string
	peer   *hub.Peer // nil if it was refused
	full   bool      // its queue is full
	gone   bool      // it has ended
	marked bool      // the client has sent a mark, and may be sent one
}

func newGossipServer(t *testing.T) *gossipServer {
	s := &gossipServer{t: t, now: time.Unix(1000, 0), clients: map[string]*gossipConn{}}
	s.hub = hub.New(s.now, hub.Config{
		ID: wire.ID{1},
		Store: store.Config{
			Grace: 3 * time.Second, OriginTTL: 10 * time.Second, TombstoneTTL: time.Minute,
			HistoryWindow: 30 * time.Second, FlapLimit: 2, MaxTuples: gossipTuples, MaxPerSource: 10,
			MaxOrigins: gossipOrigins, MaxOriginsPerSource: 3,
		},
		MaxClients: gossipClients, MaxKey: 64, MaxValue: gossipValue, SendQueue: 64 << 10,
		IdleTimeout: 5 * time.Second, SlowTimeout: 5 * time.Second, BeatInterval: 2 * time.Second,
		HelloDelay: 25 * time.Millisecond, PingInterval: 400 * time.Millisecond, CalmInterval: time.Second,
		LinkTimeout: 3 * time.Second, LinkProbeAfter: time.Second,
		Log: slog.New(slog.DiscardHandler),
	})
	return s
}

// client returns the connection of an identity. It connects if there is none.
func (s *gossipServer) client(id []byte) *gossipConn {
	c := s.clients[string(id)]
	if c == nil || c.gone {
		c = &gossipConn{t: s.t, id: string(id)}
		c.peer = s.hub.Accept(s.now, id, "fuzz", c)
		s.clients[c.id] = c
		s.all = append(s.all, c)
	}
	return c
}

// close ends a connection, and reports that to the hub.
func (s *gossipServer) close(c *gossipConn) {
	c.gone = true
	if c.peer != nil {
		c.peer.Closed(s.now, errGossipGone)
	}
}

var errGossipGone = errors.New("the connection has ended")

func (c *gossipConn) Queued() int {
	if c.full {
		return 1 << 20
	}
	return 0
}

func (c *gossipConn) Abort() { c.gone = true }

func (c *gossipConn) SendBatch(messages [][]byte) error {
	for _, m := range messages {
		if err := c.Send(m); err != nil {
			return err
		}
	}
	return nil
}

// Send checks that a client is sent only what its implementation can handle.
func (c *gossipConn) Send(first []byte, rest ...[]byte) error {
	frame, raw := first, len(rest) > 0
	if c.gone {
		return errGossipGone
	}
	if raw {
		frame = rest[0]
		if string(first) != c.id || len(rest) > 1 {
			c.t.Fatalf("sent %x and %d frames to %x", first, len(rest), c.id)
		}
	}
	msg, trailer := wire.Split(frame)
	if len(trailer) > 0 && !c.marked {
		c.t.Fatalf("a client that is not ours was sent a trailer: %x", frame)
	}
	m, err := zgossipmsg.Decode(msg)
	if err != nil {
		c.t.Fatalf("sent %x: %v", frame, err)
	}
	if p, ok := m.(*zgossipmsg.Publish); ok {
		if err := wire.CheckEndpoint(p.Value); err != nil || len(p.Value) > gossipValue {
			c.t.Fatalf("sent the value %q: %v", p.Value, err)
		}
		if raw && len(p.Key) != 16 || !raw && !wire.Printable(p.Key) {
			c.t.Fatalf("sent the key %q in the wrong dialect", p.Key)
		}
		if p.TTL == 1 && !c.marked && !raw {
			c.t.Fatal("a withdrawal was sent to a client that may be czmq's")
		}
	}
	return nil
}

// gossipIdentity returns one of both kinds: as libzmq makes them, and as haskell-zre has them.
func gossipIdentity(b byte) []byte {
	if b%6 < 4 {
		return []byte{0, 0, 0, 0, b % 6}
	}
	return []byte(fmt.Sprintf("\xf0%015d", b%6))
}

// FuzzGossipServer lets the input drive whole sessions of several clients. Each step
// is three octets (what, who, length) and a message of that length, complete with
// the protocol's signature.
func FuzzGossipServer(f *testing.F) {
	step := func(what, who byte, m zgossipmsg.Message, trailer []byte) []byte {
		frame, err := m.AppendTo(nil)
		if err != nil {
			f.Fatal(err)
		}
		frame = append(frame, trailer...)
		return append([]byte{what, who, byte(len(frame) - 2)}, frame[2:]...)
	}
	hello, ping := &zgossipmsg.Hello{}, &zgossipmsg.Ping{}
	publish := func(key, value string, ttl uint32) *zgossipmsg.Publish {
		return &zgossipmsg.Publish{Key: key, Value: value, TTL: ttl}
	}
	const text, v1, v2 = "00112233445566778899AABBCCDDEEFF", "tcp://10.0.0.1:41000", "tcp://10.0.0.2:41000"
	raw := string(gossipIdentity(4))
	join := func(parts ...[]byte) (all []byte) {
		for _, p := range parts {
			all = append(all, p...)
		}
		return all
	}
	node := wire.AppendMark(nil, wire.Mark{Role: wire.RoleNode, ID: wire.ID{7}})
	server := wire.Mark{Role: wire.RoleServer, ID: wire.ID{8}}
	record := func(state wire.State, seq uint64) []byte {
		return wire.AppendProvenance(nil, wire.Provenance{Origin: wire.ID{8}, Seq: seq, State: state})
	}
	wait := func(n byte) []byte { return []byte{1, n, 0} }
	f.Add(join(step(0, 0, hello, nil), step(0, 1, hello, nil), wait(3), step(0, 0, publish(text, v1, 0), nil),
		step(0, 0, publish(text, v2, 0), nil), step(0, 1, publish(text, v1, 0), nil), step(0, 1, ping, nil), []byte{2, 0, 0}, wait(40)))
	f.Add(join(step(0, 4, hello, nil), step(0, 4, publish(raw, v1, 600), nil), step(0, 0, hello, nil), wait(5), step(0, 0, publish(text, v2, 5000), nil), wait(60)))
	f.Add(join(step(0, 0, ping, node), step(0, 0, hello, nil), step(0, 0, publish(text, v1, 60000), nil), step(0, 1, ping, node), step(0, 1, hello, nil),
		step(0, 0, publish(text, v1, 1), nil), []byte{3, 1, 0}, wait(200)))
	f.Add(join(step(0, 2, ping, wire.AppendBeats(nil, server, []wire.Beat{{Origin: wire.ID{8}, Beat: 1}})), step(0, 2, hello, nil),
		step(0, 2, publish(text, v1, 0), record(wire.Alive, 5)), step(0, 0, hello, nil), wait(5), step(0, 2, publish(text, v1, 0), record(wire.Withdrawn, 6)), wait(255)))
	f.Add([]byte{0, 0, 2, 9, 1, 0, 0, 0, 0, 0, 20, 2, 1})

	f.Fuzz(func(t *testing.T, in []byte) {
		s := newGossipServer(t)
		for len(in) >= 3 {
			what, who, n := in[0]%5, in[1], int(in[2])
			in = in[3:]
			id := gossipIdentity(who)
			switch what {
			case 0: // a message
				body := in[:min(n, len(in))]
				in = in[len(body):]
				frame := append([]byte{0xaa, 0xa0}, body...)
				_, trailer := wire.Split(frame)
				if c := s.client(id); c.peer != nil {
					c.marked = c.marked || len(trailer) > 0
					c.peer.Receive(s.now, frame)
				}
				if who >= 128 { // else the next message is of the same batch
					s.hub.Flush(s.now)
				}
			case 1: // time passes, in steps of 50 ms
				for range who {
					s.now = s.now.Add(50 * time.Millisecond)
					if !s.hub.Next().After(s.now) {
						s.hub.Tick(s.now)
					}
				}
			case 2: // a connection ends
				if c := s.clients[string(id)]; c != nil && n%2 == 0 {
					s.close(c)
				} else if c != nil { // without a report to the hub
					c.gone = true
					s.hub.Lost(s.now)
				}
			case 3: // a client stops reading, or begins again
				if c := s.clients[string(id)]; c != nil {
					c.full = !c.full
				}
			case 4: // a message of one or several empty frames
				if c := s.client(id); c.peer != nil {
					c.peer.Receive(s.now, nil, make([][]byte, n%3)...)
				}
			}
		}
		s.hub.Flush(s.now)
		gauges := s.hub.Gauges()
		clients := 0
		for _, n := range gauges.Clients {
			clients += n
		}
		if gauges.Tuples > gossipTuples || clients > gossipClients || gauges.Servers > gossipOrigins {
			t.Fatalf("over the limits: %+v", gauges)
		}
		// When all have gone, nothing is left.
		for _, c := range s.all {
			s.close(c)
		}
		for range 3 * 60 * 4 {
			s.now = s.now.Add(250 * time.Millisecond)
			s.hub.Tick(s.now)
		}
		if left := s.hub.Tuples(s.now); len(left) != 0 {
			t.Fatalf("left when all had gone: %v", left)
		}
	})
}
