package zgossip

import (
	"fmt"
	"net/netip"
	"sync"
	"testing"

	"github.com/gozre/zre/internal/codec/zgossipmsg"
	"github.com/gozre/zre/internal/gossip/wire"
	"github.com/gozre/zre/internal/transport"
	"github.com/gozre/zre/internal/transport/choose"
)

// zreServer behaves as haskell-zre's server does: it puts the identity of the receiver before
// each message, and forwards a tuple to clients whose identity is a stored key. Since version
// 0.1.5 it answers PINGs.
type zreServer struct {
	t       testing.TB
	net     transport.Transport
	addr    string
	answers bool // PINGs

	mu       sync.Mutex
	tuples   map[string]zgossipmsg.Publish
	conns    map[string]*transport.Conn // by identity; as with libzmq, a second one is ignored
	accepted int
}

func (p *place) zreServer(answers bool) *zreServer {
	p.Helper()
	s := &zreServer{
		t: p, answers: answers,
		tuples: make(map[string]zgossipmsg.Publish), conns: make(map[string]*transport.Conn),
	}
	var err error
	s.net, err = choose.New(p.transport, transport.Config{Accept: s.accept, Logger: testLog()})
	if err != nil {
		p.Fatal(err)
	}
	bound, err := s.net.Listen(netip.MustParseAddrPort("127.0.0.1:0"))
	if err != nil {
		p.Fatal(err)
	}
	s.addr = bound.String()
	p.Cleanup(func() {
		if err := s.net.Close(0); err != nil {
			p.Error(err)
		}
	})
	return s
}

// zrePeer is one connection of a zreServer.
type zrePeer struct {
	s  *zreServer
	id string
}

func (s *zreServer) accept(c *transport.Conn) transport.Handler {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accepted++
	id := string(c.Identity)
	if id == "" {
		id = fmt.Sprintf("\x00%04d", s.accepted)
	}
	if s.conns[id] == nil {
		s.conns[id] = c
	}
	return &zrePeer{s, id}
}

func (p *zrePeer) Up(*transport.Conn)           {}
func (p *zrePeer) Retry(*transport.Conn, error) {}

func (p *zrePeer) Down(c *transport.Conn, _ error) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	if p.s.conns[p.id] == c {
		delete(p.s.conns, p.id)
	}
}

func (p *zrePeer) Receive(c *transport.Conn, messages []transport.Message) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	for _, m := range messages {
		if len(m.Rest) == 0 && p.s.conns[p.id] == c {
			p.s.handle(p.id, m.First)
		}
	}
}

func (s *zreServer) tell(to string, m zgossipmsg.Message) {
	frame, err := m.AppendTo(nil)
	if err != nil {
		s.t.Error(err)
	}
	if c := s.conns[to]; c != nil {
		_ = c.Send([]byte(to), frame) // It fails only if the connection has ended.
	}
}

func (s *zreServer) handle(from string, frame []byte) {
	msg, _ := wire.Split(frame)
	m, err := zgossipmsg.Decode(msg)
	if err != nil {
		s.t.Errorf("malformed message to a haskell-zre server: %v", err)
		return
	}
	switch m := m.(type) {
	case *zgossipmsg.Hello:
		for _, p := range s.tuples {
			s.tell(from, &p)
		}
	case *zgossipmsg.Publish:
		s.tuples[m.Key] = *m
		for key := range s.tuples {
			if key != from {
				s.tell(key, m)
			}
		}
	case *zgossipmsg.Ping:
		if s.answers {
			s.tell(from, &zgossipmsg.Pong{})
		}
	}
}

func (s *zreServer) published(i int) (zgossipmsg.Publish, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := testID(i)
	p, ok := s.tuples[string(id[:])]
	return p, ok
}

// TestZreServer connects our clients to haskell-zre's server, which is empty at first and
// sends nothing by itself.
func TestZreServer(t *testing.T) {
	for name, answers := range map[string]bool{"silent": false, "answers PINGs": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := inMemory(t)
			server := p.zreServer(answers)
			a := p.client(1, server.addr)
			eventually(t, "the first has published", func() bool {
				got, ok := server.published(1)
				return ok && got.Value == testEndpoint(1) && got.TTL == 600
			})
			if st := a.state(); st.Dialect != "zre" || !st.Connected || st.Err != nil {
				t.Errorf("state %+v", st)
			}
			b := p.client(2, server.addr)
			eventually(t, "both meet", func() bool { return a.knows(2) && b.knows(1) })
			if dumped, err := p.dump(server.addr, ""); err != nil || len(dumped) < 2 {
				t.Errorf("dump: %v, %v", dumped, err)
			}
			if st := a.state(); st.Sessions != 1 || server.connections() > 2*2+1 {
				t.Errorf("%d sessions, %d connections; want one with and one without identity each, and the dump's",
					st.Sessions, server.connections())
			}
			if err := b.Close(); err != nil {
				t.Fatal(err)
			}
			eventually(t, "it is withdrawn, as far as TTLs do that", func() bool {
				got, ok := server.published(2)
				return ok && got.TTL == 1
			})
		})
	}
}

func (s *zreServer) connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.accepted
}

// TestLinkToZreServer passes on the tuples of a haskell-zre server through a server of ours.
func TestLinkToZreServer(t *testing.T) {
	for name, answers := range map[string]bool{"silent": false, "answers PINGs": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := inMemory(t)
			server := p.zreServer(answers)
			there := p.client(1, server.addr)
			_, addr := p.server(ServerConfig{Connect: []string{server.addr}})
			here := p.client(2, addr)
			eventually(t, "both meet", func() bool { return there.knows(2) && here.knows(1) })
		})
	}
}
