package beacon

import (
	"net"
	"net/netip"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/gozre/zre/internal/lab"
	"github.com/gozre/zre/internal/netif"
)

func TestMain(m *testing.M) {
	// The tests on hosts of their own run this program again inside them.
	if len(os.Args) > 1 && os.Args[1] == hostArgument {
		hostMain(os.Args[2:])
		return
	}
	goleak.VerifyTestMain(inLab{m})
}

// inLab runs the tests where they can have hosts of their own.
type inLab struct{ m *testing.M }

func (l inLab) Run() int { return lab.Main(l.m) }

// patience bounds the wait for what must come; it is not a measure of time.
const patience = 2 * time.Minute

// loopback gives the loopback interface: nothing that the tests in this
// process send may leave the host.
func loopback(t testing.TB) netif.Interface {
	t.Helper()
	interfaces, err := netif.List()
	if err != nil {
		t.Fatal(err)
	}
	for _, ifi := range interfaces {
		if ifi.Loopback() {
			return ifi
		}
	}
	t.Fatal("this host has no usable loopback interface")
	panic("unreachable")
}

// freePort gives a UDP port that nothing else uses now, so that tests that run
// side by side do not meet.
func freePort(t testing.TB) int {
	t.Helper()
	conn, err := net.ListenUDP("udp4", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.LocalAddr().(*net.UDPAddr).Port
}

// datagram is what a handler was given.
type datagram struct {
	payload string
	from    netip.AddrPort
	ifindex int
}

// inbox is a handler that keeps what it is given.
type inbox chan datagram

func newInbox() inbox { return make(inbox, 1000) } // more than any test sends

func (in inbox) handle(payload []byte, from netip.AddrPort, ifindex int) {
	in <- datagram{string(payload), from, ifindex}
}

// want waits for a datagram with the given payload and passes over others.
func (in inbox) want(t testing.TB, payload string) datagram {
	t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case d := <-in:
			if d.payload == payload {
				return d
			}
		case <-deadline:
			t.Fatalf("nothing heard with payload %q", payload)
		}
	}
}

// kinds runs a test over the sockets of this system and over those of others.
func kinds(t *testing.T, test func(*testing.T, *registry)) {
	t.Run("system", func(t *testing.T) { test(t, &shared) })
	t.Run("portable", func(t *testing.T) { test(t, &registry{open: openPortable}) })
}

// open opens a Conn on loopback and closes it at the end of the test.
func open(t testing.TB, r *registry, config Config) *Conn {
	t.Helper()
	config.Interfaces = []string{loopback(t).Name}
	c, err := openIn(r, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func send(t testing.TB, c *Conn, payload string) {
	t.Helper()
	if err := c.Send([]byte(payload)); err != nil {
		t.Fatal(err)
	}
}
