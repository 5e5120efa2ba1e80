package zmtp

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/gozre/zre/internal/transport"
)

func TestMain(m *testing.M) {
	if os.Getenv(benchRole) != "" {
		if err := receivingEnd(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if os.Getenv(descriptorsRole) != "" {
		if err := fewDescriptors(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if os.Getenv(localRole) != "" {
		if err := takeName(os.Getenv(localRole), os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

// localRole is the variable that makes this binary a process that has taken a name: its value.
const localRole = "ZMTP_LOCAL"

// takeName listens at a name and takes whatever is connected, until its standard input ends.
func takeName(name string, in io.Reader, out io.Writer) error {
	l, err := net.ListenUnix("unix", &net.UnixAddr{Net: "unix", Name: name})
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "ready")
	_, _ = io.Copy(io.Discard, in)
	return l.Close()
}

// patience is how long a test waits for what has to happen.
const patience = 20 * time.Second

// eventually waits until the condition holds.
func eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !condition() {
		if time.Now().After(deadline) {
			t.Fatalf("waited %v for: %s", patience, what)
		}
		time.Sleep(time.Millisecond)
	}
}

// got waits for a value.
func got[T any](t testing.TB, what string, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		t.Fatalf("waited %v for: %s", patience, what)
		panic("unreachable")
	}
}

// message is a received message: all frames.
type message [][]byte

// owner keeps what is told about one connection.
type owner struct {
	conn    *transport.Conn
	up      chan *transport.Conn
	inbox   chan message
	retries chan error
	down    chan error
	gate    sync.Mutex // held by a test that wants Receive to wait
}

func newOwner() *owner {
	return &owner{
		up:      make(chan *transport.Conn, 1),
		inbox:   make(chan message, 100_000),
		retries: make(chan error, 1000),
		down:    make(chan error, 2),
	}
}

func (o *owner) Up(c *transport.Conn) { o.up <- c }

func (o *owner) Receive(_ *transport.Conn, messages []transport.Message) {
	o.gate.Lock()
	defer o.gate.Unlock()
	for _, m := range messages {
		o.inbox <- append(message{bytes.Clone(m.First)}, m.Rest...)
	}
}

func (o *owner) Retry(_ *transport.Conn, err error) {
	select {
	case o.retries <- err:
	default:
	}
}

func (o *owner) Down(_ *transport.Conn, err error) { o.down <- err }

func linkOf(o *owner) *link { return o.conn.Driver().(*link) }

// overTCP makes a transport use TCP also within this host.
func overTCP(cfg *transport.Config) { cfg.TCPOnly = true }

// theSystemsChoice lets a transport use Unix domain sockets, where the system has those that it needs.
func theSystemsChoice(*transport.Config) {}

// eachSocket runs a test over TCP and, on Linux, over Unix domain sockets. aborted is what an end
// is told whose other end was aborted.
func eachSocket(t *testing.T, test func(t *testing.T, socket func(*transport.Config), aborted error)) {
	t.Run("TCP", func(t *testing.T) { test(t, overTCP, transport.ErrReset) })
	if runtime.GOOS == "linux" {
		t.Run("local", func(t *testing.T) { test(t, theSystemsChoice, transport.ErrEnded) })
	}
}

// end is a transport and what it has accepted.
type end struct {
	transport.Transport
	t        testing.TB
	addr     netip.AddrPort
	accepted chan *owner
	log      *logBuffer
}

// newEnd makes a transport that listens on loopback, and closes it with the test.
func newEnd(t testing.TB, change ...func(*transport.Config)) *end {
	t.Helper()
	e := &end{t: t, accepted: make(chan *owner, 1000), log: &logBuffer{}}
	cfg := transport.Config{
		Identity: []byte("\x01some-identity-16"),
		Logger:   slog.New(slog.NewTextHandler(e.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Accept: func(c *transport.Conn) transport.Handler {
			o := newOwner()
			o.conn = c
			e.accepted <- o
			return o
		},
	}
	for _, f := range change {
		f(&cfg)
	}
	var err error
	if e.Transport, err = New(cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close(0) })
	if e.addr, err = e.Listen(netip.MustParseAddrPort("127.0.0.1:0")); err != nil {
		t.Fatal(err)
	}
	return e
}

// dial makes a connection to an address.
func (e *end) dial(to netip.AddrPort) *owner {
	o := newOwner()
	o.conn = e.Dial(transport.Target{Addr: to}, o)
	return o
}

// connected returns both ends of a connection between two transports.
func connected(t testing.TB, from, to *end) (dialed, accepted *owner) {
	t.Helper()
	dialed = from.dial(to.addr)
	got(t, "connection is up", dialed.up)
	return dialed, got(t, "connection is accepted", to.accepted)
}

// loopback is a port of this host.
func loopback(port uint16) netip.AddrPort {
	return netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), port)
}

// logBuffer keeps what was logged.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// sameMessage compares frame by frame.
func sameMessage(a, b message) error {
	if len(a) != len(b) {
		return fmt.Errorf("%d frames, want %d", len(a), len(b))
	}
	for i := range a {
		if !bytes.Equal(a[i], b[i]) {
			return fmt.Errorf("frame %d has %d octets and other content, want %d octets", i, len(a[i]), len(b[i]))
		}
	}
	return nil
}
