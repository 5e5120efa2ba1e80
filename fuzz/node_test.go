package fuzz

import (
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/gozre/zre/internal/codec/zremsg"
	"github.com/gozre/zre/zre"
)

// FuzzNode lets octets drive what several hosts say to a node over TCP: connections that come and
// go beside each other, also several with one identity, handshakes, messages in and out of
// sequence, and octets that are no ZMTP. Core and transport run together. The node must not fail,
// and must close when all is over.
func FuzzNode(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{0, 1, 1, 2, 0, 2, 0, 3, 4})
	f.Add([]byte{0, 1, 1, 1, 0, 1, 1, 1, 2, 5, 9, 4, 0, 2, 1, 1})
	f.Add([]byte{0, 3, 5, 8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 3, 0, 3, 1, 0})
	// Two connections with one identity, of which the first one goes on, then the second one.
	f.Add([]byte{0, 1, 1, 2, 0, 2, 0, 6, 1, 0, 1, 1, 1, 0, 0, 6, 0, 3, 1, 4, 4, 6, 1, 3, 1, 0})
	// Two peers in one group; one leaves, and a third one has its identity at once.
	f.Add([]byte{0, 1, 1, 1, 0, 0, 6, 1, 0, 2, 1, 1, 1, 0, 2, 0, 1, 6, 0, 3, 1, 5, 4, 6, 2, 0, 1, 1, 0, 0, 0})
	f.Fuzz(func(t *testing.T, octets []byte) {
		if len(octets) > 512 {
			t.Skip("long conversations find nothing that short ones do not")
		}
		n, err := zre.Start(context.Background(), zre.Config{
			Name: "node", DiscardEvents: true,
			Discovery: zre.Discovery{Interfaces: []string{"lo"}, NoBeacon: true},
			Limits:    zre.Limits{Ports: zre.PortRange{First: 20000, Last: 40000}, MaxPeers: 8},
			Timing:    zre.Timing{CloseTimeout: 100 * time.Millisecond},
		})
		if err != nil {
			t.Fatal(err)
		}
		c := conversation{t: t, to: strings.TrimPrefix(n.Endpoint(), "tcp://"), octets: octets}
		c.call = &c.calls[0]
		for len(c.octets) > 0 {
			c.step()
		}
		n.Stats()
		for i := range c.calls {
			c.call = &c.calls[i]
			c.hangUp()
		}
		closed := make(chan struct{})
		go func() {
			defer close(closed)
			_ = n.Close() // Some of what it sent was not acknowledged.
		}()
		select {
		case <-closed:
		case <-time.After(time.Minute):
			t.Fatal("the node does not close within a minute")
		}
	})
}

// conversation is what is left of the octets, and the connections that they speak on.
type conversation struct {
	t      *testing.T
	to     string
	octets []byte
	calls  [3]call
	*call  // the one that is used now
}

// call is a connection.
type call struct {
	conn net.Conn
	id   byte
	seq  uint16
}

func (c *conversation) next() byte {
	if len(c.octets) == 0 {
		return 0
	}
	b := c.octets[0]
	c.octets = c.octets[1:]
	return b
}

func (c *conversation) step() {
	switch c.next() % 7 {
	case 0:
		c.hangUp()
		c.connect()
	case 1:
		groups := make([]string, c.next()%5)
		for i := range groups {
			groups[i] = fmt.Sprint("g", i)
		}
		c.seq = 1
		c.message(&zremsg.Hello{
			Sequence: 1, Endpoint: fmt.Sprintf("tcp://127.0.0.1:%d", 1+c.next()%4), Name: "x", Groups: groups, Status: c.next(),
		})
	case 2:
		c.seq++
		c.message(&zremsg.Join{Sequence: c.seq, Group: fmt.Sprint("g", c.next()%4), Status: c.next()})
	case 3:
		c.seq += uint16(c.next() % 3)
		c.message([]zremsg.Message{
			&zremsg.Whisper{Sequence: c.seq}, &zremsg.Shout{Sequence: c.seq, Group: "g"}, &zremsg.Leave{Sequence: c.seq, Group: "g1"},
			&zremsg.Ping{Sequence: c.seq}, &zremsg.PingOK{Sequence: c.seq}, &zremsg.Goodbye{Sequence: c.seq},
			&zremsg.Elect{Sequence: c.seq, Group: "g1"}, &zremsg.Leader{Sequence: c.seq, Group: "g1"},
		}[c.next()%8])
	case 4:
		c.hangUp()
	case 5:
		n := min(int(c.next()), len(c.octets))
		c.write(c.octets[:n])
		c.octets = c.octets[n:]
	case 6:
		c.call = &c.calls[int(c.next())%len(c.calls)]
	}
}

// connect makes a connection and does the handshake of ZMTP 3 (ZeroMQ RFC 23) without reading.
func (c *conversation) connect() {
	conn, err := net.DialTimeout("tcp", c.to, 10*time.Second)
	if err != nil {
		c.t.Fatal(err)
	}
	c.conn, c.id, c.seq = conn, c.next()%4, 0
	greeting := make([]byte, 64)
	copy(greeting, "\xff\x00\x00\x00\x00\x00\x00\x00\x00\x7f\x03\x00NULL")
	ready := []byte("\x05READY\x0bSocket-Type\x00\x00\x00\x06DEALER\x08Identity\x00\x00\x00\x11\x01")
	ready = append(ready, make([]byte, 15)...)
	ready = append(ready, c.id)
	c.write(append(append(greeting, 4, byte(len(ready))), ready...))
}

func (c *conversation) message(m zremsg.Message) {
	header, err := m.AppendTo(nil)
	if err != nil {
		c.t.Fatal(err)
	}
	frame := binary.BigEndian.AppendUint64([]byte{3}, uint64(len(header)))
	c.write(append(append(frame, header...), 0, 1, 'x'))
}

// write sends octets. The node may have closed the connection.
func (c *conversation) write(b []byte) {
	if c.conn != nil {
		_, _ = c.conn.Write(b)
	}
}

func (c *conversation) hangUp() {
	if c.conn != nil {
		c.conn.Close()
		c.conn = nil
	}
}
