package zgossip

import (
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"go.uber.org/goleak"

	"github.com/gozre/zre/internal/codec/zgossipmsg"
	"github.com/gozre/zre/internal/zmq"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds every wait in these tests; what is waited for comes much sooner.
const patience = 2 * time.Minute

// testLog logs to stderr where ZGOSSIP_LOG asks for it.
func testLog() *slog.Logger {
	if os.Getenv("ZGOSSIP_LOG") == "" {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// startServer starts a server on a free port of the loopback interface.
func startServer(t testing.TB, cfg ServerConfig) (*Server, string) {
	t.Helper()
	if len(cfg.Listen) == 0 {
		cfg.Listen = []string{"tcp://127.0.0.1:*"}
	}
	if cfg.Logger == nil {
		cfg.Logger = testLog()
	}
	s, err := NewServer(cfg)
	// libzmq's own thread gives back the port of a server that was closed before.
	for end := time.Now().Add(patience); errors.Is(err, zmq.ErrAddrInUse) && time.Now().Before(end); {
		s, err = NewServer(cfg)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
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

// listener is a client with what it has heard.
type listener struct {
	*Client
	id uuid.UUID

	mu    sync.Mutex
	heard map[uuid.UUID]string
}

func startClient(t testing.TB, i int, servers ...string) *listener {
	t.Helper()
	return startSecureClient(t, i, "", servers...)
}

func startSecureClient(t testing.TB, i int, secretKey string, servers ...string) *listener {
	t.Helper()
	l := &listener{id: testID(i), heard: make(map[uuid.UUID]string)}
	var err error
	l.Client, err = NewClient(ClientConfig{
		Servers: servers, SecretKey: secretKey, Key: l.id, Endpoint: Advertise(testEndpoint(i)), Logger: testLog(),
		OnTuple: func(tp Tuple) {
			l.mu.Lock()
			defer l.mu.Unlock()
			if tp.Withdrawn {
				delete(l.heard, tp.UUID)
			} else {
				l.heard[tp.UUID] = tp.Endpoint
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
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

// rawClient speaks the protocol message by message.
type rawClient struct {
	t      testing.TB
	socket *zmq.Socket
	in     chan [][]byte
	ended  chan struct{}
	end    sync.Once
	done   sync.WaitGroup
}

func dialRaw(t testing.TB, server, identity string) *rawClient {
	t.Helper()
	z, err := zmq.Open()
	if err != nil {
		t.Fatal(err)
	}
	c := &rawClient{t: t, in: make(chan [][]byte, 4096), ended: make(chan struct{})}
	c.socket, err = z.Dealer(zmq.Options{Identity: []byte(identity)})
	if err == nil {
		err = c.socket.Connect("tcp://" + server)
	}
	if err != nil {
		t.Fatal(err)
	}
	c.done.Go(func() {
		var batch zmq.Batch
		for c.socket.Receive(&batch) == nil {
			for i := range batch.Len() {
				select {
				case c.in <- batch.Message(i):
				case <-c.ended:
					return
				}
			}
		}
	})
	t.Cleanup(func() {
		c.close()
		if err := z.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func (c *rawClient) close() {
	c.end.Do(func() { close(c.ended) })
	_ = c.socket.Close() // a second time does nothing
	c.done.Wait()
}

func (c *rawClient) send(m zgossipmsg.Message) {
	c.t.Helper()
	frame, err := m.AppendTo(nil)
	if err == nil {
		err = c.socket.Send(frame)
	}
	if err != nil {
		c.t.Fatal(err)
	}
}

func (c *rawClient) sendHex(frame string) {
	c.t.Helper()
	f, err := hex.DecodeString(frame)
	if err == nil {
		err = c.socket.Send(f)
	}
	if err != nil {
		c.t.Fatal(err)
	}
}

// next gives the next message as hexadecimal frames.
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

// expectPublish expects a tuple behind the frames that come before it. Its TTL may be
// less than want's, by the time that it has been there (what is told exactly is tested in
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

// fence waits until the server has handled all that was sent, and hands back what
// came before its PONG.
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
