package zgossip

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
)

// TestAddressChanges changes the endpoint while the connection stays.
func TestAddressChanges(t *testing.T) {
	p := inMemory(t)
	s, addr := p.server(ServerConfig{})
	var which atomic.Int64
	asked := make(chan netip.AddrPort, 100) // a call when it is full is not recorded
	c, err := NewClient(ClientConfig{
		Transport: p.transport, Servers: []string{addr}, Key: testID(1), OnTuple: func(Tuple) {},
		Endpoint: func(server netip.AddrPort) (string, error) {
			select {
			case asked <- server:
			default:
			}
			if which.Load() == 0 {
				return "", errors.New("there is no network yet")
			}
			return testEndpoint(int(which.Load())), nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if got := <-asked; got.String() != addr {
		t.Errorf("asked for %v", got)
	}
	eventually(t, "connected", func() bool { return c.Servers()[0].Connected })
	changes := make(chan struct{})
	followed := make(chan struct{})
	go func() {
		defer close(followed)
		c.follow(changes)
	}()
	for i := range int64(3) {
		which.Store(i + 1)
		changes <- struct{}{}
		eventually(t, "the server has the new endpoint", func() bool {
			tp := s.Tuples()
			return len(tp) == 1 && tp[0].Endpoint == testEndpoint(int(i+1))
		})
	}
	close(changes)
	<-followed
}

func TestBadConfigurations(t *testing.T) {
	good := func() ClientConfig {
		return ClientConfig{
			Servers: []string{"127.0.0.1"}, Key: testID(1), Endpoint: Advertise(testEndpoint(1)), OnTuple: func(Tuple) {},
		}
	}
	for field, spoil := range map[string]func(*ClientConfig){
		"Servers":  func(c *ClientConfig) { c.Servers = append(c.Servers, "a:b:c") },
		"Key":      func(c *ClientConfig) { c.Key = uuid.Nil },
		"Endpoint": func(c *ClientConfig) { c.Endpoint = nil },
		"OnTuple":  func(c *ClientConfig) { c.OnTuple = nil },
		"TTL":      func(c *ClientConfig) { c.TTL = time.Millisecond },

		"Transport": func(c *ClientConfig) { c.Transport = "pigeon" },
		"SecretKey": func(c *ClientConfig) { c.SecretKey = someSecret[1:] },
		// A key of a server, and none of the client's own.
		"Servers ": func(c *ClientConfig) { c.Servers = []string{"127.0.0.1|" + somePublic} },
		"Servers   ": func(c *ClientConfig) {
			c.Servers, c.SecretKey = []string{"127.0.0.1", "127.0.0.1|" + somePublic}, someSecret
		},
		// And one that is none.
		"Servers  ": func(c *ClientConfig) { c.Servers, c.SecretKey = []string{"127.0.0.1|x"}, someSecret },
	} {
		cfg := good()
		spoil(&cfg)
		_, err := NewClient(cfg)
		if bad, ok := errors.AsType[*ConfigError](err); !ok || bad.Field != strings.TrimSpace(field) {
			t.Errorf("%s: %v", field, err)
		}
	}
	for field, cfg := range map[string]ServerConfig{
		"Listen":         {Listen: []string{"inproc://x"}},
		"Listen ":        {Listen: []string{"tcp://eth0:1"}},
		"Listen  ":       {Listen: []string{"tcp://127.0.0.1:0"}},
		"Transport":      {Transport: "pigeon"},
		"SendQueue":      {SendQueue: 1000},
		"Connect":        {Connect: []string{"tcp://"}},
		"MaxClients":     {MaxClients: -1},
		"MaxKeyLength":   {MaxKeyLength: 256},
		"MaxMessageSize": {MaxMessageSize: 1},
		"IdleTimeout":    {IdleTimeout: time.Second},
		"Grace":          {Grace: -1},
		"SecretKey":      {SecretKey: someSecret[1:], Listen: []string{"tcp://127.0.0.1:*"}},
		"TrustedKeys":    {TrustedKeys: []string{somePublic}},
		"TrustedKeys ":   {SecretKey: someSecret, TrustedKeys: []string{"x"}, Listen: []string{"tcp://127.0.0.1:*"}},
		"Connect ":       {Connect: []string{"h|" + somePublic}},
	} {
		_, err := NewServer(cfg)
		if bad, ok := errors.AsType[*ConfigError](err); !ok || bad.Field != strings.TrimSpace(field) {
			t.Errorf("%s: %v", field, err)
		}
	}
	if _, err := (ServerConfig{}).withDefaults(); err != nil {
		t.Errorf("the defaults: %v", err)
	}
}

func TestParseServer(t *testing.T) {
	for in, want := range map[string]string{
		"host": "host:31337", "host:1": "host:1", "tcp://host": "host:31337", "tcp://10.0.0.1:4000": "10.0.0.1:4000",
		"::1": "[::1]:31337", "[::1]": "[::1]:31337", "tcp://[::1]:5": "[::1]:5", "10.0.0.1": "10.0.0.1:31337",
		"": "", "tcp://": "", "host:": "", "host:0": "", "host:65536": "", "*:1": "", ":1": "", "udp://h:1": "", "a b:1": "", "h:1/x": "",
	} {
		got, err := ParseServer(in)
		if got != want || (err != nil) != (want == "") {
			t.Errorf("%q: %q, %v; want %q", in, got, err, want)
		}
	}
}

// TestSeveralServers has a client at two servers that do not know each other.
func TestSeveralServers(t *testing.T) {
	p := inMemory(t)
	_, first := p.server(ServerConfig{})
	second, secondAddr := p.server(ServerConfig{})
	both := p.client(1, first, secondAddr, "tcp://"+first)
	if n := len(both.Servers()); n != 2 {
		t.Errorf("%d connections: one server was named twice", n)
	}
	x, y := p.client(2, first), p.client(3, secondAddr)
	eventually(t, "both sides meet it", func() bool { return both.count() == 2 && x.knows(1) && y.knows(1) })
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
	z := p.client(4, first)
	eventually(t, "one server is enough", func() bool { return z.knows(1) && both.knows(4) })
}

// TestServerIsNotThereYet starts the clients first.
func TestServerIsNotThereYet(t *testing.T) {
	p := inMemory(t)
	probe, addr := p.server(ServerConfig{})
	if err := probe.Close(); err != nil {
		t.Fatal(err)
	}
	a, b := p.client(1, addr), p.client(2, addr)
	p.server(ServerConfig{Listen: []string{addr}})
	eventually(t, "both meet", func() bool { return a.knows(2) && b.knows(1) })
}

// TestEndIsNoLoss: that the connection ends with the client is not logged as a loss.
func TestEndIsNoLoss(t *testing.T) {
	p := inMemory(t)
	_, addr := p.server(ServerConfig{})
	var out bytes.Buffer
	c, err := NewClient(ClientConfig{
		Transport: p.transport, Servers: []string{addr}, Key: testID(1), OnTuple: func(Tuple) {}, Endpoint: Advertise(testEndpoint(1)),
		Logger: slog.New(slog.NewTextHandler(&out, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "connected", func() bool { return c.Servers()[0].Connected })
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); !strings.Contains(got, "connected to") || strings.Contains(got, "lost") {
		t.Errorf("it said:\n%s", got)
	}
}

// A name with several addresses leads to the one that works.
func TestNameWithTwoAddresses(t *testing.T) {
	p := inMemory(t)
	_, addr := p.server(ServerConfig{Listen: []string{"tcp://127.0.0.3:*"}})
	moved := netip.MustParseAddr("127.0.0.2")
	cfg := ClientConfig{
		Servers: []string{fmt.Sprint("many.example:", netip.MustParseAddrPort(addr).Port())},
		lookup: func(_ context.Context, _, host string) ([]netip.Addr, error) {
			if host != "many.example" {
				t.Errorf("asked for %q", host)
			}
			return []netip.Addr{netip.MustParseAddr("::1"), moved, netip.MustParseAddr("127.0.0.3")}, nil
		},
	}
	c := p.startClient(1, cfg)
	eventually(t, "connected", func() bool { return c.state().Connected })
}

// A server that cannot be reached is looked for at the address that its name has by now.
func TestServerMoves(t *testing.T) {
	t.Parallel() // It waits until the name is resolved again.
	p := inMemory(t)
	_, addr := p.server(ServerConfig{})
	var mu sync.Mutex
	at := netip.MustParseAddr("127.0.0.2")
	c := p.startClient(1, ClientConfig{
		Servers: []string{fmt.Sprint("moves.example:", netip.MustParseAddrPort(addr).Port())},
		lookup: func(context.Context, string, string) ([]netip.Addr, error) {
			mu.Lock()
			defer mu.Unlock()
			return []netip.Addr{at}, nil
		},
	})
	eventually(t, "it cannot be reached", func() bool { return errors.Is(c.state().Err, ErrRefused) })
	mu.Lock()
	at = netip.MustParseAddr("127.0.0.1")
	mu.Unlock()
	eventually(t, "it is reached at its new address", func() bool { return c.state().Connected })
}
