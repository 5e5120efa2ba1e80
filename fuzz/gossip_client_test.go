package fuzz

import (
	"testing"
	"time"

	"github.com/gozre/zre/internal/codec/zgossipmsg"
	"github.com/gozre/zre/internal/gossip/uplink"
	"github.com/gozre/zre/internal/gossip/wire"
)

const gossipClientKey = "00112233445566778899AABBCCDDEEFF"

// gossipClient is the owner of a client's session.
type gossipClient struct {
	t     *testing.T
	s     *uplink.Session
	ready bool
	asked bool // for a fresh connection
}

// Send checks that a server is sent only whole messages, and raw keys only when it is
// haskell-zre's for certain.
func (c *gossipClient) Send(frame []byte) {
	msg, trailer := wire.Split(frame)
	m, err := zgossipmsg.Decode(msg)
	if err != nil {
		c.t.Fatalf("sent %x: %v", frame, err)
	}
	if _, isPing := m.(*zgossipmsg.Ping); len(trailer) > 0 && !isPing {
		c.t.Fatalf("a trailer behind a %v", m.ID())
	}
	if c.asked {
		c.t.Fatal("sent on a connection that is being replaced")
	}
}

func (c *gossipClient) Ready(kind uplink.Kind) {
	if kind == uplink.Unknown {
		c.t.Fatal("ready with an unknown server")
	}
	c.ready = true
	c.s.Publish(gossipClientKey, "tcp://10.0.0.1:41000", 0)
}

func (c *gossipClient) Lost() {
	if !c.ready {
		c.t.Fatal("lost what was not there")
	}
	c.ready = false
}

func (c *gossipClient) Publish(t uplink.Tuple) {
	if !wire.Printable(t.Key) || len(t.Key) > 255 {
		c.t.Fatalf("key %q", t.Key)
	}
}

func (c *gossipClient) Beats([]wire.Beat) {}
func (c *gossipClient) Probe() (string, string, bool) {
	return gossipClientKey, "tcp://10.0.0.1:41000", true
}
func (c *gossipClient) Refresh(uplink.Kind) {
	c.s.Publish(gossipClientKey, "tcp://10.0.0.1:41000", 0)
}
func (c *gossipClient) Reopen([]byte) { c.asked = true }
func (c *gossipClient) Self()         { c.asked = true }

// FuzzGossipClient lets the input be a server: each step is two octets (what, length)
// and a message of that length.
func FuzzGossipClient(f *testing.F) {
	mark := wire.AppendMark(nil, wire.Mark{Role: wire.RoleServer, ID: wire.ID{9}})
	f.Add([]byte("\x00\x00\x02\x04\xaa\xa0\x04\x01\x02\x04\xaa\xa0\x04\x01\x02\x04\xaa\xa0\x05\x01\x02\x04\xaa\xa0\x05\x01\x02\x04\xaa\xa0\x04\x01\x01\x28"))
	f.Add(append([]byte{0, 0, 2, byte(4 + len(mark)), 0xaa, 0xa0, 4, 1}, mark...))
	f.Add([]byte("\x00\x00\x01\x05\x03\x11\xaa\xa0\x02\x01\x01k\x00\x00\x00\x01v\x00\x00\x00\x07\x00\x00\x01\xff"))
	f.Add([]byte("\x00\x00\x01\xff\x04\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, in []byte) {
		c := &gossipClient{t: t}
		c.s = uplink.New(uplink.Config{
			Mark: wire.Mark{Role: wire.RoleNode, ID: wire.ID{7}}, Key: gossipClientKey,
			PingInterval: 400 * time.Millisecond, CalmInterval: time.Second, Timeout: 3 * time.Second, ProbeAfter: time.Second,
			Refresh: uplink.Refresh{Czmq: 5 * time.Second, Zre: 50 * time.Second, Ours: 20 * time.Second},
		}, c)
		now := time.Unix(1000, 0)
		for len(in) >= 2 {
			what, n := in[0]%5, int(in[1])
			in = in[2:]
			switch what {
			case 0:
				c.asked = false
				c.s.Connected(now)
			case 1:
				for range n {
					now = now.Add(200 * time.Millisecond)
					c.s.Tick(now)
				}
			case 2, 3:
				frame := in[:min(n, len(in))]
				in = in[len(frame):]
				if what == 3 {
					_ = c.s.Receive(now, []byte("identity"), frame)
				} else {
					_ = c.s.Receive(now, frame) // An error is a refusal.
				}
			case 4:
				c.s.Disconnected()
			}
			if c.ready != c.s.Ready() {
				t.Fatal("the session and its handler disagree")
			}
		}
	})
}
