package zre

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/goleak"

	"github.com/gozre/zre/zre/internal/core"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what has to come.
const patience = 2 * time.Minute

// testNet makes nodes that meet only each other: loopback, and a UDP port of
// their own.
type testNet struct {
	t    *testing.T
	port int
}

var nextPort = struct {
	sync.Mutex
	port int
}{port: 20000 + rand.IntN(20000)}

func newTestNet(t *testing.T) *testNet {
	nextPort.Lock()
	defer nextPort.Unlock()
	nextPort.port++
	return &testNet{t, nextPort.port}
}

func (w *testNet) start(name string, change ...func(*Config)) *Node {
	w.t.Helper()
	cfg := Config{Name: name, Transport: testTransport(), Discovery: Discovery{Interfaces: []string{"lo"}, BeaconPort: w.port}}
	for _, f := range change {
		f(&cfg)
	}
	n, err := Start(context.Background(), cfg)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { n.Close() })
	return n
}

// await returns the first event that is wanted; others are skipped.
func await(t *testing.T, n *Node, want func(Event) bool) Event {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		ev, err := n.Next(ctx)
		if err != nil {
			t.Fatalf("%s: waiting for an event: %v", n.Name(), err)
		}
		if want(ev) {
			return ev
		}
	}
}

func is(typ EventType, name string) func(Event) bool {
	return func(ev Event) bool { return ev.Type == typ && ev.Name == name }
}

func bg(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// The ways between nodes: within the process, as between processes of a host, and as between hosts.
func eachWay(t *testing.T, f func(t *testing.T, way func(*Config))) {
	t.Run("inproc", func(t *testing.T) { f(t, func(*Config) {}) })
	t.Run("tcp", func(t *testing.T) { f(t, overTCP) })
	if runtime.GOOS == "linux" && testTransport() == "" {
		t.Run("local", func(t *testing.T) { f(t, asOfAnotherProcess) })
	}
}

func TestConversation(t *testing.T) {
	eachWay(t, func(t *testing.T, way func(*Config)) {
		w := newTestNet(t)
		alice := w.start("alice", way, func(c *Config) { c.Headers = map[string]string{"X-A": "1"} })
		bob := w.start("bob", way)
		must(t, alice.Join("chat"))

		enter := await(t, bob, is(EventEnter, "alice"))
		if enter.Peer != alice.ID() || enter.Endpoint != alice.Endpoint() || enter.Headers["X-A"] != "1" {
			t.Errorf("ENTER %+v, alice is %s at %s", enter, alice.ID(), alice.Endpoint())
		}
		if ev := await(t, bob, is(EventJoin, "alice")); ev.Group != "chat" {
			t.Errorf("JOIN %+v", ev)
		}
		must(t, bob.Shout(bg(t), "chat", []byte("hello"), nil, []byte("there")))
		must(t, bob.Whisper(bg(t), alice.ID(), []byte("psst")))
		must(t, bob.Whisper(bg(t), alice.ID()))
		ev := await(t, alice, is(EventShout, "bob"))
		if ev.Group != "chat" || fmt.Sprintf("%q", ev.Content) != `["hello" "" "there"]` {
			t.Errorf("SHOUT %q", ev.Content)
		}
		if ev := await(t, alice, is(EventWhisper, "bob")); fmt.Sprintf("%q", ev.Content) != `["psst"]` {
			t.Errorf("WHISPER %q", ev.Content)
		}
		if ev := await(t, alice, is(EventWhisper, "bob")); fmt.Sprintf("%q", ev.Content) != `[""]` {
			t.Errorf("WHISPER %q", ev.Content)
		}
		must(t, bob.Flush(bg(t)))

		peer, ok := bob.Peer(alice.ID())
		if !ok || peer.Name != "alice" || !slices.Equal(peer.Groups, []string{"chat"}) {
			t.Errorf("peer %+v", peer)
		}
		if got := bob.PeersByGroup("chat"); len(got) != 1 || got[0].ID != alice.ID() {
			t.Errorf("peers in chat: %+v", got)
		}
		must(t, alice.Leave("chat"))
		await(t, bob, is(EventLeave, "alice"))
		must(t, alice.Close())
		if ev := await(t, bob, is(EventExit, "alice")); ev.Reason != ReasonGoodbye {
			t.Errorf("EXIT because of %q", ev.Reason)
		}
		if err := bob.Whisper(bg(t), alice.ID(), nil); !errors.Is(err, ErrUnknownPeer) {
			t.Errorf("whisper to nobody: %v", err)
		}
	})
}

// A hundred thousand messages in both directions arrive whole, in order, once,
// across the wrap of the sequence.
func TestManyMessages(t *testing.T) {
	eachWay(t, func(t *testing.T, way func(*Config)) {
		w := newTestNet(t)
		a, b := w.start("a", way), w.start("b", way)
		await(t, a, is(EventEnter, "b"))
		await(t, b, is(EventEnter, "a"))
		const count = 100_000
		var group sync.WaitGroup
		send := func(from, to *Node) {
			ctx := bg(t)
			for i := range count {
				must(t, from.Whisper(ctx, to.ID(), fmt.Append(nil, i)))
			}
			must(t, from.Flush(bg(t)))
		}
		receive := func(n *Node) {
			ctx := bg(t)
			for i := range count {
				ev, err := n.Next(ctx)
				if err != nil || ev.Type != EventWhisper || string(ev.Content[0]) != fmt.Sprint(i) {
					t.Errorf("event %d: %v %q, %v", i, ev.Type, ev.Content, err)
					return
				}
			}
		}
		for _, f := range []func(){
			func() { send(a, b) }, func() { receive(b) },
			func() { send(b, a) }, func() { receive(a) },
		} {
			group.Go(f)
		}
		group.Wait()
	})
}

// A receiver that does not read makes the sender wait; memory stays within the
// bounds, no peer counts as dead, and nothing is lost when it reads again.
func TestStoppedReader(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, way func(*Config)) {
		w := newTestNet(t)
		fast := func(c *Config) {
			c.Limits.SendWindow, c.Limits.ReceiveQueue = 256<<10, 256<<10
			c.Timing.QuietPeriod, c.Timing.QuietPingRate, c.Timing.DeadPeriod = 200*time.Millisecond, 100*time.Millisecond, time.Second
			c.Discovery.BeaconPeriod = 50 * time.Millisecond
		}
		a, b := w.start("a", way, fast), w.start("b", way, fast)
		await(t, a, is(EventEnter, "b"))
		payload := make([]byte, 10_000)
		sum, want := sha256.New(), sha256.New()
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
		defer cancel()
		sent := 0
		for {
			payload[sent%len(payload)]++
			if err := a.Whisper(ctx, b.ID(), payload); err != nil {
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Fatal(err)
				}
				payload[sent%len(payload)]--
				break
			}
			want.Write(payload)
			sent++
		}
		if most := (256 << 10) / len(payload) * 2; sent > most {
			t.Errorf("%d messages were sent to a stopped reader, want at most %d", sent, most)
		}
		if s := b.Stats(); s.Queued > 2*256<<10 {
			t.Errorf("%d octets queued", s.Queued)
		}
		if a.Stats().Waits != 1 {
			t.Errorf("waits: %d, want 1", a.Stats().Waits)
		}
		more := 500
		go func() {
			for range more {
				if err := a.Whisper(bg(t), b.ID(), payload); err != nil {
					t.Error(err)
					return
				}
			}
		}()
		for range more {
			want.Write(payload)
		}
		for range sent + more {
			ev := await(t, b, func(ev Event) bool { return ev.Type == EventWhisper || ev.Type == EventExit })
			if ev.Type == EventExit {
				t.Fatalf("EXIT: %s", ev.Reason)
			}
			sum.Write(ev.Content[0])
		}
		if string(sum.Sum(nil)) != string(want.Sum(nil)) {
			t.Error("checksums differ")
		}
		must(t, a.Flush(bg(t)))
		for _, n := range []*Node{a, b} {
			if s := n.Stats(); s.Expired+s.Gaps+s.Restarts > 0 {
				t.Errorf("%s: %+v", n.Name(), s)
			}
		}
	})
}

// Flush waits for the application of the peer, and names a peer that went away
// before it had acknowledged everything.
func TestFlushNamesThePeer(t *testing.T) {
	w := newTestNet(t)
	a, b := w.start("a"), w.start("b")
	await(t, a, is(EventEnter, "b"))
	must(t, a.Whisper(bg(t), b.ID(), []byte("x")))
	short, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	var delivery *DeliveryError
	if err := a.Flush(short); !errors.As(err, &delivery) || delivery.Missed[0].Peer != b.ID() {
		t.Fatalf("flush: %v", err)
	}
	must(t, b.Close())
	await(t, a, is(EventExit, "b"))
	if err := a.Flush(bg(t)); !errors.As(err, &delivery) || !errors.Is(err, ErrPeerGone) ||
		delivery.Missed[0].Peer != b.ID() || delivery.Missed[0].Name != "b" {
		t.Fatalf("flush: %v", err)
	}
	must(t, a.Flush(bg(t))) // said once
}

func TestCloseDelivers(t *testing.T) {
	eachWay(t, func(t *testing.T, way func(*Config)) {
		w := newTestNet(t)
		a, b := w.start("a", way), w.start("b", way)
		await(t, a, is(EventEnter, "b"))
		const count = 5000
		for i := range count {
			must(t, a.Whisper(bg(t), b.ID(), fmt.Append(nil, i)))
		}
		done := make(chan error)
		go func() { done <- a.Close() }()
		for i := range count {
			ev := await(t, b, func(ev Event) bool { return ev.Type == EventWhisper || ev.Type == EventExit })
			if ev.Type == EventExit || string(ev.Content[0]) != fmt.Sprint(i) {
				t.Fatalf("event %d: %+v", i, ev)
			}
		}
		must(t, <-done)
		await(t, b, is(EventExit, "a"))
	})
}

func TestEventsEnd(t *testing.T) {
	n := newTestNet(t).start("a")
	must(t, n.Close())
	for ev := range n.Events() {
		t.Errorf("event %v", ev)
	}
	if _, err := n.Next(bg(t)); err != io.EOF {
		t.Errorf("Next after Close: %v", err)
	}
	for name, err := range map[string]error{
		"Join":    n.Join("g"),
		"Whisper": n.Whisper(bg(t), uuid.New(), nil),
		"Shout":   n.Shout(bg(t), "g", nil),
		"Flush":   n.Flush(bg(t)),
	} {
		if !errors.Is(err, ErrClosed) {
			t.Errorf("%s after Close: %v", name, err)
		}
	}
}

func TestContextClosesNode(t *testing.T) {
	w := newTestNet(t)
	ctx, cancel := context.WithCancel(context.Background())
	n, err := Start(ctx, Config{Transport: testTransport(), Discovery: Discovery{Interfaces: []string{"lo"}, BeaconPort: w.port}})
	must(t, err)
	cancel()
	if _, err := n.Next(bg(t)); err != io.EOF {
		t.Errorf("Next: %v", err)
	}
	must(t, n.Close())
	if _, err := Start(ctx, Config{}); !errors.Is(err, context.Canceled) {
		t.Errorf("Start with an ended context: %v", err)
	}
}

// A program that exits when its events end has sent GOODBYE.
func TestEventsEndLast(t *testing.T) {
	n := newTestNet(t).start("n", func(c *Config) { c.Discovery.NoBeacon = true })
	hold, held := make(chan struct{}), make(chan struct{})
	go n.engine.Inspect(func(*core.Core) { // keeps the links from being closed
		close(held)
		<-hold
	})
	<-held
	closed := make(chan error)
	go func() { closed <- n.Close() }()
	short, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	if _, err := n.Next(short); err == io.EOF {
		t.Error("the events end before the links are closed")
	}
	close(hold)
	if _, err := n.Next(bg(t)); err != io.EOF {
		t.Errorf("Next: %v", err)
	}
	must(t, <-closed)
}

func TestPortsTaken(t *testing.T) {
	w := newTestNet(t)
	a := w.start("a")
	taken := func(c *Config) { c.Limits.Ports = PortRange{int(a.port), int(a.port)} }
	cfg := Config{Transport: testTransport(), Discovery: Discovery{Interfaces: []string{"lo"}, BeaconPort: w.port}}
	taken(&cfg)
	if _, err := Start(bg(t), cfg); !errors.Is(err, ErrNoPort) {
		t.Errorf("Start: %v", err)
	}
}

func TestConfigErrors(t *testing.T) {
	for field, cfg := range map[string]Config{
		"Timing.DeadPeriod":      {Timing: Timing{QuietPeriod: time.Second, DeadPeriod: time.Second}},
		"Timing.StallTimeout":    {Timing: Timing{StallTimeout: time.Millisecond}},
		"Discovery.BeaconPeriod": {Discovery: Discovery{BeaconPeriod: -1}},
		"Limits.Ports.Last":      {Limits: Limits{Ports: PortRange{41000, 40000}}},
		"Discovery.BeaconPort":   {Discovery: Discovery{BeaconPort: 70000}},
		"Name":                   {Name: string(make([]byte, 256))},
		"Headers":                {Headers: map[string]string{"": "x"}},
		"Discovery.Peers":        {Discovery: Discovery{Peers: []string{"tcp://nowhere"}}},
		"Discovery.Advertise":    {Discovery: Discovery{Advertise: "udp://1.2.3.4:5"}},
		"Discovery.Gossip":       {Discovery: Discovery{Gossip: []string{"tcp://"}}},
		"Limits.SendWindow":      {Limits: Limits{SendWindow: 1}},
		"ManualAck":              {ManualAck: true, DiscardEvents: true},
		"Limits.ReceiveQueue":    {Limits: Limits{ReceiveQueue: -1}},
		"Limits.MaxMessageSize":  {Limits: Limits{MaxMessageSize: -1}},
		"Discovery.MulticastTTL": {Discovery: Discovery{MulticastTTL: 256}},
	} {
		n, err := Start(bg(t), cfg)
		if n != nil {
			n.Close()
		}
		var bad *ConfigError
		if !errors.As(err, &bad) || bad.Field != field {
			t.Errorf("%s: got %v", field, err)
		}
	}
}

// With a short dead period alone, the other times are as short as it needs.
func TestTimesFollowDeadPeriod(t *testing.T) {
	for _, c := range []struct{ given, want Timing }{
		{Timing{}, Timing{QuietPeriod: 5 * time.Second, QuietPingRate: time.Second, DeadPeriod: 30 * time.Second}},
		{Timing{DeadPeriod: 2 * time.Second}, Timing{QuietPeriod: 1200 * time.Millisecond,
			QuietPingRate: 250 * time.Millisecond, DeadPeriod: 2 * time.Second}},
		{Timing{DeadPeriod: 20 * time.Millisecond}, Timing{QuietPeriod: 12 * time.Millisecond,
			QuietPingRate: 10 * time.Millisecond, DeadPeriod: 20 * time.Millisecond}},
		{Timing{DeadPeriod: 2 * time.Second, QuietPeriod: time.Second}, Timing{QuietPeriod: time.Second,
			QuietPingRate: 250 * time.Millisecond, DeadPeriod: 2 * time.Second}},
	} {
		full, err := Config{Timing: c.given}.withDefaults()
		if err != nil {
			t.Errorf("%+v: %v", c.given, err)
		}
		full.Timing.CloseTimeout, full.Timing.StallTimeout = 0, 0
		if full.Timing != c.want {
			t.Errorf("%+v becomes %+v, want %+v", c.given, full.Timing, c.want)
		}
	}
}

// A peer that read everything and then left is not reported as one that missed
// something: a few messages are acknowledged without a Flush.
func TestPeerThatReadAllLeaves(t *testing.T) {
	w := newTestNet(t)
	alice, bob := w.start("alice"), w.start("bob")
	await(t, bob, is(EventEnter, "alice"))
	must(t, bob.Whisper(bg(t), alice.ID(), []byte("good night")))
	await(t, alice, is(EventWhisper, "bob"))
	for ctx := bg(t); ; {
		peer, ok := bob.Peer(alice.ID())
		if !ok || ctx.Err() != nil {
			t.Fatalf("alice is there: %v, unacknowledged: %d", ok, peer.Stats.Unacknowledged)
		}
		if peer.Stats.Unacknowledged == 0 {
			break
		}
		<-time.After(10 * time.Millisecond)
	}
	must(t, alice.Close())
	await(t, bob, is(EventExit, "alice"))
	must(t, bob.Close())
}
