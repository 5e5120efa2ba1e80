package zgossip

import (
	"context"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gozre/zre/internal/codec/zgossipmsg"
)

func TestClientsMeet(t *testing.T) {
	s, addr := startServer(t, ServerConfig{})
	var all []*listener
	for i := range 5 {
		all = append(all, startClient(t, i, addr))
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
	s, addr := startServer(t, ServerConfig{})
	var clients []*rawClient
	for range 10 {
		c := dialRaw(t, addr, "")
		c.send(&zgossipmsg.Hello{})
		c.fence()
		clients = append(clients, c)
	}
	sent := s.Stats().Sent
	p := &zgossipmsg.Publish{Key: strings.Repeat("A", 32), Value: testEndpoint(1)}
	clients[0].send(p)
	clients[0].send(p)
	clients[0].fence()
	for _, c := range clients[1:] {
		if diff := cmp.Diff([]string{hexOf(t, p)}, c.fence()); diff != "" {
			t.Error(diff)
		}
	}
	if got := s.Stats().Sent - sent; got != 9+10 { // and the PONGs of the fences
		t.Errorf("%d messages, want 9 and 10 PONGs", got)
	}
}

// TestDialects has one client of each, and each hears the other in its own.
func TestDialects(t *testing.T) {
	_, addr := startServer(t, ServerConfig{})
	const raw = "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10"
	const text = "0102030405060708090A0B0C0D0E0F10"
	const raw2 = "\xf1\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10"
	const text2 = "F102030405060708090A0B0C0D0E0F10"
	zyre := dialRaw(t, addr, "")
	zyre.send(&zgossipmsg.Hello{})
	zyre.fence()
	haskell := dialRaw(t, addr, raw)
	haskell.send(&zgossipmsg.Hello{})
	haskell.send(&zgossipmsg.Publish{Key: raw, Value: testEndpoint(1), TTL: 600})
	zyre.expectPublish("", &zgossipmsg.Publish{Key: text, Value: testEndpoint(1), TTL: 600_000})
	zyre.send(&zgossipmsg.Publish{Key: strings.ToLower(text2), Value: testEndpoint(2), TTL: 90_500})
	haskell.expectPublish(raw, &zgossipmsg.Publish{Key: raw2, Value: testEndpoint(2), TTL: 91})
	zyre.send(&zgossipmsg.Publish{Key: "not-a-uuid", Value: testEndpoint(3)})
	zyre.send(&zgossipmsg.Publish{Key: text2, Value: testEndpoint(4)})
	haskell.expectPublish(raw, &zgossipmsg.Publish{Key: raw2, Value: testEndpoint(4), TTL: 600})

	// It says no HELLO to a server that has restarted, only PUBLISH.
	late := dialRaw(t, addr, raw2)
	late.send(&zgossipmsg.Publish{Key: raw2, Value: testEndpoint(4), TTL: 600})
	late.expectPublish(raw2, &zgossipmsg.Publish{Key: raw, Value: testEndpoint(1), TTL: 600})
}

// TestCzmqSession is what czmq's clients do, from captured frames.
func TestCzmqSession(t *testing.T) {
	_, addr := startServer(t, ServerConfig{})
	c := dialRaw(t, addr, "")
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
	other := dialRaw(t, addr, "")
	other.sendHex("aaa00101")
	other.expect(tuple)
}

// TestRestart has clients publish again to a server that has forgotten everything.
func TestRestart(t *testing.T) {
	first, addr := startServer(t, ServerConfig{})
	a, b := startClient(t, 1, addr), startClient(t, 2, addr)
	eventually(t, "both meet", func() bool { return a.knows(2) && b.knows(1) })
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second, _ := startServer(t, ServerConfig{Listen: []string{addr}})
	begun := time.Now()
	eventually(t, "both have published again", func() bool { return len(second.Tuples()) == 2 })
	t.Logf("repaired after %v", time.Since(begun).Round(time.Millisecond))
	c := startClient(t, 3, addr)
	eventually(t, "the newcomer knows both, and they it", func() bool { return c.count() == 2 && a.knows(3) && b.knows(3) })
}

// TestPublisherVanishes has a connection end without a word.
func TestPublisherVanishes(t *testing.T) {
	s, addr := startServer(t, ServerConfig{Grace: 300 * time.Millisecond})
	zyre := dialRaw(t, addr, "") // it never PINGs, so that only the connection tells
	zyre.send(&zgossipmsg.Hello{})
	zyre.send(&zgossipmsg.Publish{Key: strings.Repeat("A", 32), Value: testEndpoint(1)})
	eventually(t, "it is there", func() bool { return len(s.Tuples()) == 1 })
	zyre.close()
	eventually(t, "its tuple has gone", func() bool { return len(s.Tuples()) == 0 && s.Stats().Clients["czmq"] == 0 })
	if got := s.Stats().Idle; got != 0 {
		t.Error("it was given up for its silence, not for its connection")
	}
}

func TestIdleClient(t *testing.T) {
	s, addr := startServer(t, ServerConfig{IdleTimeout: 2 * time.Second})
	c := dialRaw(t, addr, "")
	c.send(&zgossipmsg.Hello{})
	c.send(&zgossipmsg.Publish{Key: strings.Repeat("A", 32), Value: testEndpoint(1)})
	c.fence() // it PINGs, and from now on no more
	eventually(t, "its tuple has gone", func() bool { return len(s.Tuples()) == 0 })
	if got := s.Stats().Idle; got != 1 {
		t.Errorf("%d idle clients", got)
	}
	c.send(&zgossipmsg.Ping{})
	c.expect("aaa00501")
	c.send(&zgossipmsg.Hello{})
	c.send(&zgossipmsg.Publish{Key: strings.Repeat("A", 32), Value: testEndpoint(1)})
	eventually(t, "it is back", func() bool { return len(s.Tuples()) == 1 })
}

func TestTTL(t *testing.T) {
	s, addr := startServer(t, ServerConfig{})
	c := dialRaw(t, addr, "")
	c.send(&zgossipmsg.Hello{})
	c.send(&zgossipmsg.Publish{Key: "short", Value: testEndpoint(1), TTL: 200})
	c.send(&zgossipmsg.Publish{Key: "long", Value: testEndpoint(2), TTL: 200_000})
	eventually(t, "both are there", func() bool { return s.Stats().Published["czmq"] == 2 })
	eventually(t, "one is over", func() bool { tp := s.Tuples(); return len(tp) == 1 && tp[0].Key == "long" && tp[0].TTL > 0 })
}

func TestRefusals(t *testing.T) {
	s, addr := startServer(t, ServerConfig{MaxTuplesPerClient: 3, MaxTuples: 5, MaxClients: 3, MaxMessageSize: 2048})
	c := dialRaw(t, addr, "")
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

	d := dialRaw(t, addr, "")
	d.send(&zgossipmsg.Hello{})
	for i := range 3 {
		publish(d, "d"+string(rune('0'+i)), testEndpoint(i))
	}
	d.fence()
	refused("too many tuples", 1)
	if got := len(s.Tuples()); got != 5 {
		t.Errorf("%d tuples", got)
	}
	e, f := dialRaw(t, addr, ""), dialRaw(t, addr, "")
	e.fence()
	f.send(&zgossipmsg.Ping{})
	eventually(t, "the fourth client is refused", func() bool { return s.Stats().Refused["too many clients"] == 1 })
	if err := e.socket.Send(make([]byte, 4096)); err != nil { // libzmq ends the connection
		t.Fatal(err)
	}
	eventually(t, "the one that sent too much has gone", func() bool { return s.Stats().Clients["unknown"] == 0 })
}

func TestFederation(t *testing.T) {
	a, addrA := startServer(t, ServerConfig{})
	b, addrB := startServer(t, ServerConfig{Connect: []string{addrA}})
	c, addrC := startServer(t, ServerConfig{Connect: []string{"tcp://" + addrB, addrA}}) // a ring
	x, y := startClient(t, 1, addrA), startClient(t, 2, addrC)
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
	s, addr := startServer(t, ServerConfig{})
	port := addr[strings.LastIndex(addr, ":"):]
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s, _ = startServer(t, ServerConfig{Listen: []string{addr}, Connect: []string{"localhost" + port}})
	eventually(t, "it has noticed", func() bool { return s.Stats().Received > 0 && s.Stats().Links == 0 })
	x, y := startClient(t, 1, addr), startClient(t, 2, addr)
	eventually(t, "clients meet all the same", func() bool { return x.knows(2) && y.knows(1) })
}

func TestEmbedded(t *testing.T) {
	heard := make(chan Tuple, 10)
	s, addr := startServer(t, ServerConfig{OnTuple: func(tp Tuple) { heard <- tp }})
	if err := s.Publish(testID(9), "tcp://"); !errors.Is(err, ErrEndpoint) {
		t.Errorf("a bad endpoint: %v", err)
	}
	if err := s.Publish(testID(9), testEndpoint(9)); err != nil {
		t.Fatal(err)
	}
	x := startClient(t, 1, addr)
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
	_, addr := startServer(t, ServerConfig{})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if got, err := Dump(ctx, addr, ""); err != nil || len(got) != 0 {
		t.Errorf("of an empty server: %v, %v", got, err)
	}
	c := dialRaw(t, addr, "")
	c.send(&zgossipmsg.Hello{})
	for i := range 500 {
		id := testID(i)
		c.send(&zgossipmsg.Publish{Key: strings.ToUpper(hex.EncodeToString(id[:])), Value: testEndpoint(i)})
	}
	c.fence()
	got, err := Dump(ctx, "tcp://"+addr, "")
	if err != nil || len(got) != 500 || got[7].UUID != testID(7) || got[7].Endpoint != testEndpoint(7) {
		t.Errorf("%d tuples, %v, %v", len(got), got[7], err)
	}
	gone, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := Dump(gone, "127.0.0.1:1", ""); !errors.Is(err, ErrNoAnswer) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("of nobody: %v", err)
	}
}

// Whoever sends nothing but what is too large keeps nobody else from being heard.
func TestOversizedMessages(t *testing.T) {
	s, addr := startServer(t, ServerConfig{})
	c := dialRaw(t, addr, "")
	for range 10 { // each frame is within the limit, and the message is not
		if err := c.socket.Send(make([]byte, 40<<10), make([]byte, 40<<10)); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "they are refused", func() bool { return s.router.Refused() == 10 })
	other := dialRaw(t, addr, "")
	other.send(&zgossipmsg.Hello{})
	other.fence()
}
