package zgossip

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/gozre/zre/internal/codec/zgossipmsg"
	"github.com/gozre/zre/internal/gossip/wire"
	"github.com/gozre/zre/internal/zmq"
)

// zreServer behaves as haskell-zre's server was observed to: it answers no PING,
// names the receiver in front of each message, and forwards a tuple to those
// clients whose identity is a stored key.
type zreServer struct {
	socket *zmq.Socket
	addr   string
	done   sync.WaitGroup

	mu     sync.Mutex
	tuples map[string]zgossipmsg.Publish
}

func startZreServer(t testing.TB) *zreServer {
	t.Helper()
	z, err := zmq.Open()
	if err != nil {
		t.Fatal(err)
	}
	s := &zreServer{tuples: make(map[string]zgossipmsg.Publish)}
	var bound string
	if s.socket, err = z.Router(zmq.Options{}); err == nil {
		bound, err = s.socket.Bind("tcp://127.0.0.1:*")
	}
	if err != nil {
		t.Fatal(err)
	}
	s.addr = strings.TrimPrefix(bound, "tcp://")
	s.done.Go(func() {
		var batch zmq.Batch
		for s.socket.Receive(&batch) == nil {
			for i := range batch.Len() {
				if m := batch.Message(i); len(m) == 2 {
					s.handle(t, m[0], m[1])
				}
			}
		}
	})
	t.Cleanup(func() {
		_ = s.socket.Close()
		s.done.Wait()
		if err := z.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func (s *zreServer) handle(t testing.TB, from, frame []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	msg, _ := wire.Split(frame)
	m, err := zgossipmsg.Decode(msg)
	if err != nil {
		t.Errorf("malformed message to a haskell-zre server: %v", err)
		return
	}
	tell := func(to []byte, p zgossipmsg.Publish) {
		f, err := p.AppendTo(nil)
		if err == nil {
			err = s.socket.Send(to, to, f)
		}
		if err != nil && !errors.Is(err, zmq.ErrClosed) { // the test may be over
			t.Error(err)
		}
	}
	switch m := m.(type) {
	case *zgossipmsg.Hello:
		for _, p := range s.tuples {
			tell(from, p)
		}
	case *zgossipmsg.Publish:
		s.tuples[m.Key] = *m
		for key := range s.tuples {
			if key != string(from) {
				tell([]byte(key), *m)
			}
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

// TestZreServer has our clients find out that it is one, though it is empty at first
// and so has nothing to say.
func TestZreServer(t *testing.T) {
	server := startZreServer(t)
	a := startClient(t, 1, server.addr)
	eventually(t, "the first has published", func() bool {
		p, ok := server.published(1)
		return ok && p.Value == testEndpoint(1) && p.TTL == 600
	})
	if st := a.Servers()[0]; st.Dialect != "zre" || !st.Connected {
		t.Errorf("state %+v", st)
	}
	b := startClient(t, 2, server.addr)
	eventually(t, "both meet", func() bool { return a.knows(2) && b.knows(1) })
	if dumped, err := Dump(withPatience(t), server.addr, ""); err != nil || len(dumped) < 2 {
		t.Errorf("dump: %v, %v", dumped, err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is withdrawn, as far as TTLs go", func() bool {
		p, ok := server.published(2)
		return ok && p.TTL == 1
	})
}

// TestLinkToZreServer has one of our servers hand on what a haskell-zre server knows.
func TestLinkToZreServer(t *testing.T) {
	server := startZreServer(t)
	there := startClient(t, 1, server.addr)
	_, addr := startServer(t, ServerConfig{Connect: []string{server.addr}})
	here := startClient(t, 2, addr)
	eventually(t, "both meet", func() bool { return there.knows(2) && here.knows(1) })
}
