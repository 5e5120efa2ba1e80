package zre

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/codec/zremsg"
	"github.com/gozre/zre/internal/curve"
	"github.com/gozre/zre/internal/endpoint"
	"github.com/gozre/zre/internal/transport"
	"github.com/gozre/zre/internal/transport/choose"
)

// asOfAnotherProcess makes a node reach those of this process like those of another one.
func asOfAnotherProcess(c *Config) { c.apart = true }

// overTCP makes a node reach all others over TCP.
func overTCP(c *Config) {
	c.apart = true
	if c.Transport == "" {
		c.Transport = choose.TCP
	}
}

// A stranger that connects with the identity of a live peer, and sends HELLO and
// data under it, neither cuts the peer off nor speaks for it. (Package libzmq cannot
// prevent that: its ROUTER hands the identity over.)
func TestStrangerWithIdentityOfPeer(t *testing.T) {
	if testTransport() == choose.Libzmq {
		t.Skip("libzmq's ROUTER gives an identity to the connection that asks for it last")
	}
	w := newTestNet(t)
	a, b := w.start("a", overTCP), w.start("b", overTCP)
	talk(t, a, b)
	stranger := newScripted(t)
	stranger.id = b.ID()
	stranger.open(netip.AddrPort{}) // with this identity
	for range 15 {
		stranger.dial(a.Endpoint())
		stranger.send(stranger.hello("b"))
		stranger.send(&zremsg.Whisper{}, []byte("forged"))
	}
	until(t, "the stranger to connect", func() bool { return a.Stats().Conflicts > 0 })
	const count = 2000
	go func() {
		for i := range count {
			if err := b.Whisper(bg(t), a.ID(), fmt.Append(nil, i)); err != nil {
				t.Error(err)
				return
			}
		}
	}()
	for i := range count {
		ev := await(t, a, func(ev Event) bool { return ev.Peer == b.ID() })
		if ev.Type != EventWhisper || string(ev.Content[0]) != fmt.Sprint(i) {
			t.Fatalf("event %d of b: %v %q %v", i, ev.Type, ev.Content, ev.Reason)
		}
	}
	must(t, b.Flush(bg(t)))
	must(t, a.Whisper(bg(t), b.ID(), []byte("still there")))
	if ev := await(t, b, is(EventWhisper, "a")); string(ev.Content[0]) != "still there" {
		t.Errorf("got %q", ev.Content)
	}
	if s := a.Stats(); s.Restarts+s.Gaps+s.Lost > 0 {
		t.Errorf("%+v", s)
	}
}

// A peer whose connection goes silent, and that connects again with the same identity, is let
// in after it was asked. From the same address it has to begin with HELLO.
func TestSilentConnectionIsReplaced(t *testing.T) {
	t.Parallel()
	if os.Getenv("ZRE_TRANSPORT") == "libzmq" {
		t.Skip("libzmq does not tell the causes that this test is about")
	}
	w := newTestNet(t)
	n := w.start("n", func(c *Config) { c.Discovery.NoBeacon = true })
	p := newScripted(t)
	p.enter(n, "p", "g")
	await(t, n, is(EventJoin, "p"))
	p.dial(n.Endpoint()) // The old connection is not closed.
	p.seq = 1            // It goes on with the next sequence, as libzmq does.
	p.send(&zremsg.Whisper{}, []byte("from the new one"))
	if ev := await(t, n, is(EventExit, "p")); ev.Reason != ReasonGap {
		t.Errorf("EXIT with the reason %v", ev.Reason)
	}
	p.seq = 0
	p.send(p.hello("p"))
	p.send(&zremsg.Whisper{}, []byte("from the new one"))
	await(t, n, is(EventEnter, "p"))
	if ev := await(t, n, is(EventWhisper, "p")); string(ev.Content[0]) != "from the new one" {
		t.Errorf("got %q", ev.Content)
	}
}

// The process of a peer ends and starts again on the same port, with the same UUID. Each
// time it comes back, and both receive from each other.
func TestRestartOnSamePort(t *testing.T) {
	w := newTestNet(t)
	a := w.start("a", overTCP)
	id := uuid.New()
	var port int
	for round := range 30 {
		b := w.start("b", overTCP, func(c *Config) {
			c.UUID = id
			if port != 0 {
				c.Limits.Ports = PortRange{port, port}
			}
		})
		port = int(b.port)
		talk(t, a, b)
		must(t, a.Flush(bg(t)))
		must(t, b.Flush(bg(t)))
		if round%2 == 0 {
			must(t, b.Close())
		} else {
			b.release() // without GOODBYE
			b.closeOnce.Do(func() {})
		}
		ev := await(t, a, is(EventExit, "b"))
		if want := []Reason{ReasonGoodbye, ReasonLost}[round%2]; ev.Reason != want && ev.Reason != ReasonGoodbye {
			t.Errorf("round %d: EXIT because of %v, want %v", round, ev.Reason, want)
		}
	}
}

// The end of a connection ends the session at once. A peer that is still there comes
// back. Flush names the peer whose messages were in flight.
func TestLostConnection(t *testing.T) {
	t.Parallel()
	w := newTestNet(t)
	n := w.start("n", func(c *Config) { c.Discovery.NoBeacon = true })
	p := newScripted(t)
	p.enter(n, "p")
	await(t, n, is(EventEnter, "p"))
	must(t, n.Whisper(bg(t), p.id, []byte("x")))
	h := p.expect(zremsg.IDWhisper)
	h.conn.Abort()
	if testTransport() == choose.Libzmq {
		return // Its accepted connections cannot be closed.
	}
	if ev := await(t, n, is(EventExit, "p")); ev.Reason != ReasonLost {
		t.Errorf("EXIT because of %v", ev.Reason)
	}
	p.expect(zremsg.IDHello) // of the next session
	p.seq = 0
	p.send(p.hello("p"))
	await(t, n, is(EventEnter, "p"))
	var missed *DeliveryError
	if err := n.Flush(shortly(t)); !errors.As(err, &missed) || missed.Missed[0].Peer != p.id {
		t.Errorf("flush: %v", err)
	}
}

// shortly is a context that ends soon.
func shortly(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	t.Cleanup(cancel)
	return ctx
}

// A message without frames is sent as one empty frame, because some implementations fail
// on none. It is received from every peer.
func TestMessageWithoutFrames(t *testing.T) {
	w := newTestNet(t)
	n := w.start("n", func(c *Config) { c.Discovery.NoBeacon = true })
	p := newScripted(t)
	p.enter(n, "p", "g")
	await(t, n, is(EventJoin, "p"))
	must(t, n.Whisper(bg(t), p.id))
	must(t, n.Shout(bg(t), "g"))
	for _, id := range []zremsg.ID{zremsg.IDWhisper, zremsg.IDShout} {
		if h := p.expect(id); len(h.content) != 1 || len(h.content[0]) != 0 {
			t.Errorf("%v with the frames %q", id, h.content)
		}
	}
	p.send(&zremsg.Whisper{})
	p.send(&zremsg.Shout{Group: "g"})
	for _, typ := range []EventType{EventWhisper, EventShout} {
		if ev := await(t, n, is(typ, "p")); len(ev.Content) != 0 {
			t.Errorf("%v with the frames %q", typ, ev.Content)
		}
	}
}

// A node that was found where it cannot be reached, and that says in its HELLO where
// it is, or connects from there, is reached in the first session.
func TestFoundAtWrongEndpoint(t *testing.T) {
	w := newTestNet(t)
	other := w.start("other", func(c *Config) { c.Discovery.NoBeacon = true }) // Another node is there.
	for name, wrong := range map[string]string{
		"nobody there":       "tcp://127.0.0.1:9",
		"another network":    "tcp://192.0.2.1:41000",
		"another node there": other.Endpoint(),
	} {
		t.Run(name, func(t *testing.T) {
			n := w.start("n", func(c *Config) { c.Discovery.NoBeacon = true })
			p := newScripted(t)
			at, err := endpoint.Parse(wrong)
			must(t, err)
			n.engine.Discovered(p.id, at)
			p.enter(n, "p")
			await(t, n, is(EventEnter, "p"))
			must(t, n.Whisper(bg(t), p.id, []byte("first")))
			if h := p.expect(zremsg.IDWhisper); string(h.content[0]) != "first" {
				t.Errorf("got %q", h.content)
			}
			if s := n.Stats(); s.Lost+s.Restarts > 0 {
				t.Errorf("%+v", s)
			}
		})
	}
}

// A peer that does not trust our key, or cannot be reached, gives no ENTER, however
// often it says HELLO.
func TestNoEnterOfUnreachable(t *testing.T) {
	w, k := newTestNet(t), newKeys(t)
	n := w.start("n", k.with(), func(c *Config) { c.Discovery.NoBeacon = true })
	public, err := curve.Parse(k.public)
	must(t, err)
	secret, err := curve.Parse(k.secret)
	must(t, err)
	p := &scripted{t: t, id: uuid.New(), in: make(chan heard, 100), ends: make(chan error, 100)}
	refused := make(chan struct{}, 100)
	p.transport, err = choose.New(testTransport(), transport.Config{
		Identity: append([]byte{1}, p.id[:]...), Logger: slog.New(slog.DiscardHandler), Accept: p.accept,
		Security: &transport.Security{Public: public, Secret: secret, Allow: func(curve.Key, netip.AddrPort) error {
			refused <- struct{}{}
			return transport.ErrNotTrusted
		}},
	})
	must(t, err)
	t.Cleanup(func() { must(t, p.transport.Close(0)) })
	addr, err := p.transport.Listen(netip.MustParseAddrPort("127.0.0.1:0"))
	must(t, err)
	p.endpoint = "tcp://" + addr.String()
	at, err := endpoint.Parse(n.Endpoint())
	must(t, err)
	hello := p.hello("p")
	hello.Headers = map[string]string{"X-PUBLICKEY": k.public}
	p.out = p.transport.Dial(transport.Target{Addr: at.Addr, Key: public}, (*scriptedOut)(p))
	for range 3 {
		p.seq = 0
		p.send(hello)
		<-refused
	}
	if ev, err := n.Next(shortly(t)); err == nil {
		t.Errorf("event %v %v", ev.Type, ev.Reason)
	}
}

// The context of Start does not keep a closed node in memory.
func TestClosedNodeIsFreed(t *testing.T) {
	w := newTestNet(t)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	freed := make(chan struct{})
	func() {
		n, err := Start(ctx, Config{Transport: testTransport(), Discovery: Discovery{Interfaces: []string{"lo"}, BeaconPort: w.port}})
		must(t, err)
		runtime.AddCleanup(n, func(c chan struct{}) { close(c) }, freed)
		must(t, n.Close())
	}()
	for deadline := time.After(patience); ; {
		runtime.GC()
		select {
		case <-freed:
			return
		case <-deadline:
			t.Fatal("the node is still in memory")
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// Messages beyond the limits end the connection of the peer that sends them, as
// they arrive; other peers are not disturbed.
func TestTooLargeMessages(t *testing.T) {
	t.Parallel()
	w := newTestNet(t)
	a := w.start("a", overTCP, func(c *Config) { c.Limits.MaxMessageSize = 1 << 20 })
	p := newScripted(t)
	for name, send := range map[string]func(){
		"a frame":       func() { p.send(&zremsg.Whisper{}, make([]byte, 1<<20+1)) },
		"many frames":   func() { p.send(&zremsg.Whisper{}, make([][]byte, transport.DefaultMaxFrames+1)...) },
		"all of them":   func() { p.send(&zremsg.Whisper{}, bytes.Repeat([]byte{1}, 1<<20), bytes.Repeat([]byte{1}, 3<<20)) },
		"a first frame": func() { must(t, p.out.Send(make([]byte, 1<<20+1))) },
	} {
		p.enter(a, "p")
		await(t, a, is(EventEnter, "p"))
		send()
		if testTransport() != choose.Libzmq {
			select {
			case err := <-p.ends:
				t.Logf("%s: %v", name, err)
			case <-time.After(patience):
				t.Fatalf("%s: the connection is still there", name)
			}
			await(t, a, is(EventExit, "p"))
		}
		p.transport.Close(0)
		p = newScripted(t)
	}
	b := w.start("b", overTCP)
	talk(t, a, b)
	for name, frames := range map[string][][]byte{
		"octets": {make([]byte, 1<<20), nil, {1}},
		"frames": make([][]byte, maxContentFrames+1),
	} {
		if err := a.Whisper(bg(t), b.ID(), frames...); !errors.Is(err, ErrTooLarge) {
			t.Errorf("too many %s, which peers would refuse: %v", name, err)
		}
	}
	must(t, a.Whisper(bg(t), b.ID(), make([][]byte, maxContentFrames)...))
	if ev := await(t, b, is(EventWhisper, "a")); len(ev.Content) != maxContentFrames {
		t.Errorf("%d frames came, want %d", len(ev.Content), maxContentFrames)
	}
}

// A node that is closed says GOODBYE on its connection, after all that it has sent.
func TestGoodbye(t *testing.T) {
	w := newTestNet(t)
	for range 20 {
		n := w.start("n", func(c *Config) { c.Discovery.NoBeacon = true })
		p := newScripted(t)
		p.enter(n, "p")
		await(t, n, is(EventEnter, "p"))
		must(t, n.Close())
		for {
			h := p.next()
			if h.err != nil {
				t.Fatalf("the connection ends without a GOODBYE: %v", h.err)
			}
			if h.message.ID() == zremsg.IDGoodbye {
				break
			}
		}
	}
}
