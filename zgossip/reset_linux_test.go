package zgossip

import (
	"net"
	"testing"

	"github.com/gozre/zre/internal/codec/zgossipmsg"
)

// Clients that reset their connections right after the handshake, many at a time, do not end
// the server: libzmq 4.3.4 aborts then, if heartbeats are set.
func TestResetAfterHandshake(t *testing.T) {
	p := overTCP(t)
	s, addr := p.server(ServerConfig{})
	for range 3 {
		var conns []*net.TCPConn
		for range 40 {
			conns = append(conns, dialGossip(t, addr, func(uintptr) error { return nil }).(*net.TCPConn))
		}
		for _, c := range conns {
			if err := c.SetLinger(0); err != nil { // Close resets it.
				t.Fatal(err)
			}
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	c := p.raw(addr, "")
	c.send(&zgossipmsg.Hello{})
	c.fence()
	if err := s.Check(); err != nil {
		t.Error(err)
	}
	if p.exact() {
		eventually(t, "the clients are gone", func() bool {
			clients := 0
			for _, n := range s.Stats().Clients {
				clients += n
			}
			return clients == 1
		})
	}
}
