package zgossip

import (
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"go.uber.org/goleak"

	"github.com/gozre/zre/internal/codec/zgossipmsg"
	"github.com/gozre/zre/internal/transport"
	"github.com/gozre/zre/internal/transport/choose"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds every wait in these tests; what is waited for comes much sooner.
const patience = 2 * time.Minute

// place is where servers and clients of a test are.
type place struct {
	testing.TB
	transport string
}

// inMemory is a place inside this process, for tests in which the network does not matter.
// ZRE_TRANSPORT puts it, and overTCP, elsewhere.
func inMemory(t testing.TB) *place { return placeOf(t, choose.Memory) }

// overTCP is a place on the loopback interface.
func overTCP(t testing.TB) *place {
	p := placeOf(t, choose.ZMTP)
	if p.transport == choose.Memory {
		p.transport = choose.ZMTP
	}
	return p
}

func placeOf(t testing.TB, transport string) *place {
	if name := os.Getenv("ZRE_TRANSPORT"); name != "" {
		transport = name
	}
	return &place{t, transport}
}

// exact reports whether the transport can close the connection of a client and knows of its
// end.
func (p *place) exact() bool { return p.transport != choose.Libzmq }

// testLog logs to stderr where ZGOSSIP_LOG asks for it.
func testLog() *slog.Logger {
	if os.Getenv("ZGOSSIP_LOG") == "" {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// server starts a server on a free port of the loopback interface.
func (p *place) server(cfg ServerConfig) (*Server, string) {
	p.Helper()
	cfg.Transport = p.transport
	if len(cfg.Listen) == 0 {
		cfg.Listen = []string{"tcp://127.0.0.1:*"}
	}
	if cfg.Logger == nil {
		cfg.Logger = testLog()
	}
	s, err := NewServer(cfg)
	// libzmq's own thread gives back the port of a server that was closed before.
	for end := time.Now().Add(patience); errors.Is(err, transport.ErrAddrInUse) && time.Now().Before(end); {
		s, err = NewServer(cfg)
	}
	if err != nil {
		p.Fatal(err)
	}
	p.Cleanup(func() {
		if err := s.Close(); err != nil {
			p.Error(err)
		}
	})
	return s, strings.TrimPrefix(s.Endpoints()[0], "tcp://")
}

// eventually waits until ok holds.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}

func testID(i int) uuid.UUID {
	var id uuid.UUID
	copy(id[:], fmt.Sprintf("\x00\xffgossip%08d", i))
	return id
}

func testEndpoint(i int) string { return fmt.Sprintf("tcp://10.1.%d.%d:41000", i/200, i%200+1) }

// listener is a client with what it has received.
type listener struct {
	*Client
	id uuid.UUID

	mu    sync.Mutex
	heard map[uuid.UUID]string
}

// client starts a client.
func (p *place) client(i int, servers ...string) *listener {
	p.Helper()
	return p.secureClient(i, "", servers...)
}

func (p *place) secureClient(i int, secretKey string, servers ...string) *listener {
	p.Helper()
	return p.startClient(i, ClientConfig{Servers: servers, SecretKey: secretKey})
}

func (p *place) startClient(i int, cfg ClientConfig) *listener {
	p.Helper()
	l := &listener{id: testID(i), heard: make(map[uuid.UUID]string)}
	cfg.Transport, cfg.Key, cfg.Endpoint = p.transport, l.id, Advertise(testEndpoint(i))
	if cfg.Logger == nil {
		cfg.Logger = testLog()
	}
	cfg.OnTuple = func(tp Tuple) {
		l.mu.Lock()
		defer l.mu.Unlock()
		if tp.Withdrawn {
			delete(l.heard, tp.UUID)
		} else {
			l.heard[tp.UUID] = tp.Endpoint
		}
	}
	var err error
	if l.Client, err = NewClient(cfg); err != nil {
		p.Fatal(err)
	}
	p.Cleanup(func() {
		if err := l.Close(); err != nil {
			p.Error(err)
		}
	})
	return l
}

func (l *listener) knows(i int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.heard[testID(i)] == testEndpoint(i)
}

func (l *listener) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.heard)
}

func (l *listener) state() ServerState { return l.Servers()[0] }

// dump dumps a server.
func (p *place) dump(server, secretKey string) ([]Tuple, error) {
	return Dump(withPatience(p), DumpConfig{Transport: p.transport, Server: server, SecretKey: secretKey})
}

// rawClient speaks the protocol message by message.
type rawClient struct {
	t     testing.TB
	net   transport.Transport
	conn  *transport.Conn
	in    chan [][]byte
	up    chan struct{}
	down  chan error
	ended chan struct{}
	end   sync.Once
}

// raw connects a rawClient.
func (p *place) raw(server, identity string) *rawClient {
	p.Helper()
	c := &rawClient{
		t: p, in: make(chan [][]byte, 4096), up: make(chan struct{}), down: make(chan error, 1),
		ended: make(chan struct{}),
	}
	var err error
	c.net, err = choose.New(p.transport, transport.Config{
		Identity: []byte(identity), Accept: refuseAll, Logger: testLog(),
		Limits: transport.Limits{RetryFirst: retryFirst, RetryMost: retryMost},
	})
	if err != nil {
		p.Fatal(err)
	}
	c.conn = c.net.Dial(transport.Target{Addr: netip.MustParseAddrPort(server)}, c)
	p.Cleanup(c.close)
	select {
	case <-c.up:
	case <-time.After(patience):
		p.Fatalf("no connection to %s", server)
	}
	return c
}

func (c *rawClient) Up(*transport.Conn)           { close(c.up) }
func (c *rawClient) Retry(*transport.Conn, error) {}

func (c *rawClient) Down(_ *transport.Conn, err error) { c.down <- err }

func (c *rawClient) Receive(_ *transport.Conn, messages []transport.Message) {
	for _, m := range messages {
		select {
		case c.in <- append([][]byte{append([]byte(nil), m.First...)}, m.Rest...):
		case <-c.ended:
			return
		}
	}
}

func (c *rawClient) close() {
	c.end.Do(func() {
		close(c.ended)
		if err := c.net.Close(time.Second); err != nil {
			c.t.Error(err)
		}
	})
}

// vanish ends the connection without a word.
func (c *rawClient) vanish() {
	c.conn.Abort()
	c.close()
}

// wantDown waits for the end of the connection.
func (c *rawClient) wantDown() error {
	c.t.Helper()
	select {
	case err := <-c.down:
		return err
	case <-time.After(patience):
		c.t.Fatal("the connection does not end")
		return nil
	}
}

func (c *rawClient) sendFrames(first []byte, rest ...[]byte) {
	c.t.Helper()
	if err := c.conn.Send(first, rest...); err != nil {
		c.t.Fatal(err)
	}
}

func (c *rawClient) send(m zgossipmsg.Message) {
	c.t.Helper()
	frame, err := m.AppendTo(nil)
	if err != nil {
		c.t.Fatal(err)
	}
	c.sendFrames(frame)
}

func (c *rawClient) sendHex(frame string) {
	c.t.Helper()
	f, err := hex.DecodeString(frame)
	if err != nil {
		c.t.Fatal(err)
	}
	c.sendFrames(f)
}

// next returns the next message as hexadecimal frames.
func (c *rawClient) next() string {
	c.t.Helper()
	select {
	case m := <-c.in:
		var out []string
		for _, f := range m {
			out = append(out, hex.EncodeToString(f))
		}
		return strings.Join(out, " | ")
	case <-time.After(patience):
		c.t.Fatal("no message")
		return ""
	}
}

func (c *rawClient) expect(want string) {
	c.t.Helper()
	if got := c.next(); got != want {
		c.t.Fatalf("got  %s\nwant %s", got, want)
	}
}

// expectPublish expects a tuple behind the frames that come before it. Its TTL may be less
// than want's, by the time that it has been there (what is sent exactly is tested in
// internal/gossip/hub).
func (c *rawClient) expectPublish(before string, want *zgossipmsg.Publish) {
	c.t.Helper()
	if before != "" {
		before = hex.EncodeToString([]byte(before)) + " | "
	}
	message := c.next()
	text, ok := strings.CutPrefix(message, before)
	frame, err := hex.DecodeString(text)
	got := new(zgossipmsg.Publish)
	if err == nil {
		err = got.Decode(frame)
	}
	if !ok || err != nil || got.TTL > want.TTL || got.TTL < want.TTL/2 {
		c.t.Fatalf("got  %s (TTL %d, error %v)\nwant %s%s", message, got.TTL, err, before, hexOf(c.t, want))
	}
	got.TTL = want.TTL
	if diff := cmp.Diff(want, got); diff != "" {
		c.t.Fatal(diff)
	}
}

// fence waits until the server has handled all that was sent, and returns what came before
// its PONG.
func (c *rawClient) fence() (before []string) {
	c.t.Helper()
	c.send(&zgossipmsg.Ping{})
	for {
		m := c.next()
		if strings.HasSuffix(m, "aaa00401") {
			return before
		}
		before = append(before, m)
	}
}

func hexOf(t testing.TB, m zgossipmsg.Message) string {
	t.Helper()
	frame, err := m.AppendTo(nil)
	if err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(frame)
}

func publishOf(i int, value string) *zgossipmsg.Publish {
	id := testID(i)
	return &zgossipmsg.Publish{Key: strings.ToUpper(hex.EncodeToString(id[:])), Value: value}
}
