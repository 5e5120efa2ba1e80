package zgossip

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gozre/zre/internal/codec/zgossipmsg"
	"github.com/gozre/zre/internal/gossip/wire"
)

func TestClientsMeet(t *testing.T) {
	p := inMemory(t)
	s, addr := p.server(ServerConfig{})
	var all []*listener
	for i := range 5 {
		all = append(all, p.client(i, addr))
	}
	eventually(t, "all have heard of all", func() bool {
		for _, l := range all {
			if l.count() != len(all)-1 {
				return false
			}
		}
		return true
	})
	if !all[0].knows(4) {
		t.Errorf("heard %v", all[0].heard)
	}
	if st := all[0].Servers()[0]; !st.Connected || st.Dialect != "ours" || st.Published != testEndpoint(0) {
		t.Errorf("state %+v", st)
	}
	if err := all[4].Close(); err != nil { // withdraws
		t.Fatal(err)
	}
	eventually(t, "the others have heard of the end", func() bool { return !all[0].knows(4) && len(s.Tuples()) == 4 })
	if st := s.Stats(); st.Published["node"] < 5 || st.Clients["node"] < 4 || st.Forwarded < 20 {
		t.Errorf("stats %+v", st)
	}
}

// TestOneMessagePerUpdate counts on the wire.
func TestOneMessagePerUpdate(t *testing.T) {
	p := inMemory(t)
	s, addr := p.server(ServerConfig{})
	var clients []*rawClient
	for range 10 {
		c := p.raw(addr, "")
		c.send(&zgossipmsg.Hello{})
		c.fence()
		clients = append(clients, c)
	}
	sent := s.Stats().Sent
	tuple := &zgossipmsg.Publish{Key: strings.Repeat("A", 32), Value: testEndpoint(1)}
	clients[0].send(tuple)
	clients[0].send(tuple)
	clients[0].fence()
	for _, c := range clients[1:] {
		if diff := cmp.Diff([]string{hexOf(t, tuple)}, c.fence()); diff != "" {
			t.Error(diff)
		}
	}
	if got := s.Stats().Sent - sent; got != 9+10 { // and the PONGs of the fences
		t.Errorf("%d messages, want 9 and 10 PONGs", got)
	}
}

// TestDialects has a client of each dialect. Each is told of the other in its own one.
func TestDialects(t *testing.T) {
	p := inMemory(t)
	_, addr := p.server(ServerConfig{})
	const raw = "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10"
	const text = "0102030405060708090A0B0C0D0E0F10"
	const raw2 = "\xf1\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10"
	const text2 = "F102030405060708090A0B0C0D0E0F10"
	zyre := p.raw(addr, "")
	zyre.send(&zgossipmsg.Hello{})
	zyre.fence()
	haskell := p.raw(addr, raw)
	haskell.send(&zgossipmsg.Hello{})
	haskell.send(&zgossipmsg.Publish{Key: raw, Value: testEndpoint(1), TTL: 600})
	zyre.expectPublish("", &zgossipmsg.Publish{Key: text, Value: testEndpoint(1), TTL: 600_000})
	zyre.send(&zgossipmsg.Publish{Key: strings.ToLower(text2), Value: testEndpoint(2), TTL: 90_500})
	haskell.expectPublish(raw, &zgossipmsg.Publish{Key: raw2, Value: testEndpoint(2), TTL: 91})
	zyre.send(&zgossipmsg.Publish{Key: "not-a-uuid", Value: testEndpoint(3)})
	zyre.send(&zgossipmsg.Publish{Key: text2, Value: testEndpoint(4)})
	haskell.expectPublish(raw, &zgossipmsg.Publish{Key: raw2, Value: testEndpoint(4), TTL: 600})

	// It says no HELLO to a server that has restarted, only PUBLISH.
	late := p.raw(addr, raw2)
	late.send(&zgossipmsg.Publish{Key: raw2, Value: testEndpoint(4), TTL: 600})
	late.expectPublish(raw2, &zgossipmsg.Publish{Key: raw, Value: testEndpoint(1), TTL: 600})
}

// TestCzmqSession is what czmq's clients do, from captured frames.
func TestCzmqSession(t *testing.T) {
	p := inMemory(t)
	_, addr := p.server(ServerConfig{})
	c := p.raw(addr, "")
	c.sendHex("aaa00301") // PING, before HELLO
	c.expect("aaa00401")
	tuple := hexOf(t, &zgossipmsg.Publish{Key: "k", Value: testEndpoint(0)})
	c.sendHex(tuple) // PUBLISH before HELLO
	c.expect("aaa00501")
	c.sendHex("aaa00101")
	if got := c.fence(); len(got) != 0 {
		t.Errorf("HELLO to an empty server was answered: %v; the tuple before it was kept", got)
	}
	c.sendHex(tuple)
	c.fence()
	other := p.raw(addr, "")
	other.sendHex("aaa00101")
	other.expect(tuple)
}

// TestRestart restarts a server. Its clients publish again.
func TestRestart(t *testing.T) {
	p := inMemory(t)
	first, addr := p.server(ServerConfig{})
	a, b := p.client(1, addr), p.client(2, addr)
	eventually(t, "both meet", func() bool { return a.knows(2) && b.knows(1) })
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second, _ := p.server(ServerConfig{Listen: []string{addr}})
	begun := time.Now()
	eventually(t, "both have published again", func() bool { return len(second.Tuples()) == 2 })
	t.Logf("repaired after %v", time.Since(begun).Round(time.Millisecond))
	c := p.client(3, addr)
	eventually(t, "the newcomer knows both, and they it", func() bool { return c.count() == 2 && a.knows(3) && b.knows(3) })
}

// TestPublisherVanishes ends a connection without a word.
func TestPublisherVanishes(t *testing.T) {
	p := inMemory(t)
	s, addr := p.server(ServerConfig{Grace: 300 * time.Millisecond})
	zyre := p.raw(addr, "") // it never sends PING, so only its connection shows that it is there
	zyre.send(&zgossipmsg.Hello{})
	zyre.send(&zgossipmsg.Publish{Key: strings.Repeat("A", 32), Value: testEndpoint(1)})
	eventually(t, "it is there", func() bool { return len(s.Tuples()) == 1 })
	zyre.vanish()
	eventually(t, "its tuple has gone", func() bool { return len(s.Tuples()) == 0 && s.Stats().Clients["czmq"] == 0 })
	if got := s.Stats().Idle; got != 0 {
		t.Error("it was closed for its silence, not for its connection")
	}
}

func TestIdleClient(t *testing.T) {
	t.Parallel()
	p := inMemory(t)
	s, addr := p.server(ServerConfig{IdleTimeout: 2 * time.Second})
	c := p.raw(addr, "")
	c.send(&zgossipmsg.Hello{})
	c.send(&zgossipmsg.Publish{Key: strings.Repeat("A", 32), Value: testEndpoint(1)})
	c.fence() // its last PING
	eventually(t, "its tuple has gone", func() bool { return len(s.Tuples()) == 0 })
	if got := s.Stats().Idle; got != 1 {
		t.Errorf("%d idle clients", got)
	}
	if p.exact() {
		c.wantDown()
		c = p.raw(addr, "")
	}
	c.send(&zgossipmsg.Publish{Key: strings.Repeat("A", 32), Value: testEndpoint(1)})
	c.expect("aaa00501") // it was forgotten
	c.send(&zgossipmsg.Hello{})
	c.send(&zgossipmsg.Publish{Key: strings.Repeat("A", 32), Value: testEndpoint(1)})
	eventually(t, "it is back", func() bool { return len(s.Tuples()) == 1 })
}

func TestTTL(t *testing.T) {
	p := inMemory(t)
	s, addr := p.server(ServerConfig{})
	c := p.raw(addr, "")
	c.send(&zgossipmsg.Hello{})
	c.send(&zgossipmsg.Publish{Key: "short", Value: testEndpoint(1), TTL: 200})
	c.send(&zgossipmsg.Publish{Key: "long", Value: testEndpoint(2), TTL: 200_000})
	eventually(t, "both are there", func() bool { return s.Stats().Published["czmq"] == 2 })
	eventually(t, "one is over", func() bool { tp := s.Tuples(); return len(tp) == 1 && tp[0].Key == "long" && tp[0].TTL > 0 })
}

func TestRefusals(t *testing.T) {
	p := inMemory(t)
	s, addr := p.server(ServerConfig{MaxTuplesPerClient: 3, MaxTuples: 5, MaxClients: 3, MaxMessageSize: 2048})
	c := p.raw(addr, "")
	c.send(&zgossipmsg.Hello{})
	publish := func(c *rawClient, key, value string) {
		t.Helper()
		c.send(&zgossipmsg.Publish{Key: key, Value: value})
	}
	refused := func(reason string, want uint64) {
		t.Helper()
		if got := s.Stats().Refused; got[reason] != want {
			t.Errorf("%s: %d, want %d of %v", reason, got[reason], want, got)
		}
	}
	for _, v := range []string{"", "tcp://", "tcp://host:1", "tcp://10.0.0.1:0", "tcp://10.0.0.1:1|"} {
		publish(c, "k", v)
	}
	publish(c, strings.Repeat("k", 65), testEndpoint(0))
	publish(c, "k", "tcp://10.0.0.1:1|"+strings.Repeat("x", 200))
	publish(c, "", testEndpoint(0))
	publish(c, "a b", testEndpoint(0))
	c.sendHex("aaa00901")
	c.sendHex("aaa0")
	c.sendHex("aaa0030100")
	c.sendHex(hexOf(t, &zgossipmsg.Publish{Key: "k", Value: testEndpoint(0)}) + "5a524547")
	for i := range 5 {
		publish(c, "k"+string(rune('0'+i)), testEndpoint(i))
	}
	c.fence()
	refused("bad endpoint", 5)
	refused("long key", 1)
	refused("long value", 1)
	refused("bad key", 2)
	refused("malformed message", 4)
	refused("too many tuples of one client", 2)

	d := p.raw(addr, "")
	d.send(&zgossipmsg.Hello{})
	for i := range 3 {
		publish(d, "d"+string(rune('0'+i)), testEndpoint(i))
	}
	d.fence()
	refused("too many tuples", 1)
	if got := len(s.Tuples()); got != 5 {
		t.Errorf("%d tuples", got)
	}
	e := p.raw(addr, "")
	e.fence()
	f := p.raw(addr, "")
	_ = f.conn.Send([]byte{0xaa, 0xa0, 3, 1}) // It may be closed already.
	eventually(t, "the fourth client is refused", func() bool { return s.Stats().Refused["too many clients"] > 0 })
	if p.exact() {
		f.wantDown()
	}
	e.sendFrames(make([]byte, 4096))
	eventually(t, "the one that sent too much has gone", func() bool { return s.Stats().Clients["unknown"] == 0 })
}

func TestFederation(t *testing.T) {
	p := inMemory(t)
	a, addrA := p.server(ServerConfig{})
	b, addrB := p.server(ServerConfig{Connect: []string{addrA}})
	c, addrC := p.server(ServerConfig{Connect: []string{"tcp://" + addrB, addrA}}) // a ring
	x, y := p.client(1, addrA), p.client(2, addrC)
	eventually(t, "clients of two servers meet", func() bool { return x.knows(2) && y.knows(1) })
	for _, s := range []*Server{a, b, c} {
		eventually(t, "every server knows the others and both tuples", func() bool {
			return len(s.Tuples()) == 2 && s.Stats().Servers == 2
		})
	}
	if err := y.Close(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the withdrawal has reached all", func() bool {
		return len(a.Tuples()) == 1 && len(b.Tuples()) == 1 && len(c.Tuples()) == 1 && !x.knows(2)
	})
}

func TestServerConnectsToItself(t *testing.T) {
	p := overTCP(t)
	s, addr := p.server(ServerConfig{})
	port := addr[strings.LastIndex(addr, ":"):]
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s, _ = p.server(ServerConfig{Listen: []string{addr}, Connect: []string{"localhost" + port}})
	eventually(t, "it has noticed", func() bool { return s.Stats().Received > 0 && s.Stats().Links == 0 })
	x, y := p.client(1, addr), p.client(2, addr)
	eventually(t, "clients meet all the same", func() bool { return x.knows(2) && y.knows(1) })
}

func TestEmbedded(t *testing.T) {
	p := inMemory(t)
	heard := make(chan Tuple, 10)
	s, addr := p.server(ServerConfig{OnTuple: func(tp Tuple) { heard <- tp }})
	if err := s.Publish(testID(9), "tcp://"); !errors.Is(err, ErrEndpoint) {
		t.Errorf("a bad endpoint: %v", err)
	}
	if err := s.Publish(testID(9), testEndpoint(9)); err != nil {
		t.Fatal(err)
	}
	x := p.client(1, addr)
	eventually(t, "the client knows the server's own tuple", func() bool { return x.knows(9) })
	if tp := <-heard; tp.UUID != testID(1) || tp.Endpoint != testEndpoint(1) || tp.Withdrawn {
		t.Errorf("heard %+v", tp)
	}
	s.Withdraw(testID(9))
	eventually(t, "it has gone", func() bool { return !x.knows(9) })
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	if tp := <-heard; tp.UUID != testID(1) || !tp.Withdrawn {
		t.Errorf("heard %+v", tp)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Publish(testID(9), testEndpoint(9)); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

func TestDump(t *testing.T) {
	p := inMemory(t)
	_, addr := p.server(ServerConfig{})
	if got, err := p.dump(addr, ""); err != nil || len(got) != 0 {
		t.Errorf("of an empty server: %v, %v", got, err)
	}
	c := p.raw(addr, "")
	c.send(&zgossipmsg.Hello{})
	for i := range 500 {
		id := testID(i)
		c.send(&zgossipmsg.Publish{Key: strings.ToUpper(hex.EncodeToString(id[:])), Value: testEndpoint(i)})
	}
	c.fence()
	got, err := p.dump("tcp://"+addr, "")
	if err != nil || len(got) != 500 || got[7].UUID != testID(7) || got[7].Endpoint != testEndpoint(7) {
		t.Errorf("%d tuples, %v, %v", len(got), got[7], err)
	}
	// It does not wait where nobody listens: the test's context has no deadline.
	_, err = Dump(t.Context(), DumpConfig{Transport: p.transport, Server: "127.0.0.1:1"})
	for _, want := range []error{ErrNoAnswer, ErrRefused} {
		if !errors.Is(err, want) {
			t.Errorf("of nobody: %v, want %v", err, want)
		}
	}
	if strings.Contains(err.Error(), context.DeadlineExceeded.Error()) {
		t.Errorf("of nobody: %v", err)
	}
}

// A client that sends too large messages does not keep others from being served.
func TestOversizedMessages(t *testing.T) {
	p := inMemory(t)
	s, addr := p.server(ServerConfig{})
	c := p.raw(addr, "")
	c.send(&zgossipmsg.Hello{})
	c.fence()
	for range 10 { // each frame is within the limit, and the message is not
		if err := c.conn.Send(make([]byte, 40<<10), make([]byte, 40<<10)); err != nil {
			break // The server has closed the connection.
		}
	}
	if p.exact() {
		c.wantDown()
		eventually(t, "the client is closed", func() bool { return s.Stats().Clients["czmq"] == 0 })
	}
	other := p.raw(addr, "")
	other.send(&zgossipmsg.Hello{})
	other.fence()
}

// One connection that invents 20,000 servers neither fills the store nor stops the server.
func TestInventedServers(t *testing.T) {
	p := inMemory(t)
	s, addr := p.server(ServerConfig{})
	hostile := p.raw(addr, "")
	mark := wire.Mark{Role: wire.RoleServer, ID: wire.ID{1}}
	hostile.sendFrames(wire.AppendMark([]byte{0xaa, 0xa0, 3, 1}, mark))
	hostile.send(&zgossipmsg.Hello{})
	random := rand.New(rand.NewPCG(1, 2))
	const servers = 20_000
	for i := range servers {
		frame, err := publishOf(i, testEndpoint(i%10_000)).AppendTo(nil)
		if err != nil {
			t.Fatal(err)
		}
		from := wire.Provenance{Seq: uint64(i + 1)}
		binary.BigEndian.PutUint64(from.Origin[:], random.Uint64())
		hostile.sendFrames(wire.AppendProvenance(frame, from))
	}
	hostile.send(&zgossipmsg.Ping{})
	good := p.raw(addr, "")
	good.send(&zgossipmsg.Hello{})
	good.fence()
	eventually(t, "all are handled", func() bool {
		return s.Stats().Refused["too many servers"] == servers-maxOriginsPerClient
	})
	if st := s.Stats(); st.Servers != maxOriginsPerClient || st.Tuples != maxOriginsPerClient {
		t.Errorf("%d servers and %d tuples, want %d", st.Servers, st.Tuples, maxOriginsPerClient)
	}
	if err := s.Check(); err != nil {
		t.Error(err)
	}
}

// All interfaces are those of IPv4 and IPv6.
func TestAllInterfaces(t *testing.T) {
	p := overTCP(t)
	s, _ := p.server(ServerConfig{Listen: []string{"*:*"}})
	port := netip.MustParseAddrPort(strings.TrimPrefix(s.Endpoints()[0], "tcp://")).Port()
	for _, host := range []string{"127.0.0.1", "::1"} {
		if l, err := net.Listen("tcp", net.JoinHostPort(host, "0")); err != nil {
			t.Logf("not tested: %v", err)
		} else if err := l.Close(); err != nil {
			t.Error(err)
		} else {
			c := p.raw(net.JoinHostPort(host, strconv.Itoa(int(port))), "")
			c.send(&zgossipmsg.Hello{})
			c.fence()
		}
	}
}
