package zgossip

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
)

// TestAddressChanges has the endpoint change while the connection stays.
func TestAddressChanges(t *testing.T) {
	s, addr := startServer(t, ServerConfig{})
	var which atomic.Int64
	asked := make(chan netip.AddrPort, 100) // a call that finds it full is not noted
	c, err := NewClient(ClientConfig{
		Servers: []string{addr}, Key: testID(1), OnTuple: func(Tuple) {},
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

// TestSeveralServers has a client on two servers that do not know each other.
func TestSeveralServers(t *testing.T) {
	_, first := startServer(t, ServerConfig{})
	second, secondAddr := startServer(t, ServerConfig{})
	both := startClient(t, 1, first, secondAddr, "tcp://"+first)
	if n := len(both.Servers()); n != 2 {
		t.Errorf("%d connections: one server was named twice", n)
	}
	x, y := startClient(t, 2, first), startClient(t, 3, secondAddr)
	eventually(t, "both sides meet it", func() bool { return both.count() == 2 && x.knows(1) && y.knows(1) })
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
	z := startClient(t, 4, first)
	eventually(t, "one server is enough", func() bool { return z.knows(1) && both.knows(4) })
}

// TestServerIsNotThereYet has the client come first.
func TestServerIsNotThereYet(t *testing.T) {
	probe, addr := startServer(t, ServerConfig{})
	if err := probe.Close(); err != nil {
		t.Fatal(err)
	}
	a, b := startClient(t, 1, addr), startClient(t, 2, addr)
	startServer(t, ServerConfig{Listen: []string{addr}})
	eventually(t, "both meet", func() bool { return a.knows(2) && b.knows(1) })
}

// TestEndIsNoLoss: that the connection ends with the client is not logged as a loss.
func TestEndIsNoLoss(t *testing.T) {
	_, addr := startServer(t, ServerConfig{})
	var out bytes.Buffer
	c, err := NewClient(ClientConfig{
		Servers: []string{addr}, Key: testID(1), OnTuple: func(Tuple) {}, Endpoint: Advertise(testEndpoint(1)),
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

// A server that does not answer is worth one warning, with the reason if there is
// one; so is one that answers no more.
func TestSilenceIsTold(t *testing.T) {
	warnings := make(chan slog.Record, 10)
	client := func(addr string) *Client {
		c, err := NewClient(ClientConfig{
			Servers: []string{addr}, Key: testID(1), OnTuple: func(Tuple) {},
			Endpoint: func(netip.AddrPort) (string, error) { return testEndpoint(1), nil },
			Logger:   slog.New(warner(warnings)),
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	want := func(parts ...string) {
		t.Helper()
		select {
		case r := <-warnings:
			text := r.Message
			r.Attrs(func(a slog.Attr) bool { text += " " + a.String(); return true })
			for _, part := range append(parts, "does not answer") {
				if !strings.Contains(text, part) {
					t.Errorf("warning %q without %q", text, part)
				}
			}
		case <-time.After(patience):
			t.Fatal("no warning")
		}
	}
	s, addr := startServer(t, ServerConfig{})
	c := client(addr)
	eventually(t, "connected", func() bool { return c.Servers()[0].Connected })
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	want(addr)
	client("nosuch.invalid:31337")
	want("nosuch.invalid:31337", "error=")
}

// warner sends on what is a warning or worse.
type warner chan slog.Record

func (w warner) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelWarn }
func (w warner) WithGroup(string) slog.Handler                { return w }
func (w warner) WithAttrs([]slog.Attr) slog.Handler           { return w }

func (w warner) Handle(_ context.Context, r slog.Record) error {
	w <- r
	return nil
}
