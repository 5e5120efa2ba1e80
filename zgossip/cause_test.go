package zgossip

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"github.com/gozre/zre/internal/transport"
	"github.com/gozre/zre/internal/transport/choose"
)

// logBook keeps what is logged, one record a line.
type logBook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logBook) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

// count returns how many lines contain all of the parts.
func (b *logBook) count(parts ...string) (n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for line := range strings.Lines(b.text.String()) {
		all := true
		for _, p := range parts {
			all = all && strings.Contains(line, p)
		}
		if all {
			n++
		}
	}
	return n
}

func (b *logBook) logger() *slog.Logger { return slog.New(slog.NewTextHandler(b, nil)) }

// A server that cannot be used is a warning that says why, once, and so is its end.
func TestCauses(t *testing.T) {
	for name, test := range map[string]struct {
		// make returns the configuration of the client, and what makes the server usable.
		make  func(p *place) (cfg ClientConfig, mend func())
		words string
		err   error
		zmtp  bool // libzmq does not tell
	}{
		"nobody listens": {nobodyListens, "no program listens at its address", ErrRefused, false},
		"no such name":   {noSuchName, "cannot be resolved", ErrUnresolved, false},
		"not trusted":    {notTrusted, "the server does not trust our key", ErrUntrusted, true},
		"another key":    {anotherKey, "has another key than the one behind its address", ErrWrongKey, true},
		"plain to CURVE": {plainToCurve, "the server uses CURVE, and we have no key", ErrMechanism, true},
		"key forgotten":  {keyForgotten, "its key is missing behind its address", ErrMechanism, true},
		"CURVE to plain": {curveToPlain, "does not use CURVE, but there is a key", ErrMechanism, true},
		"a web server":   {webServer, "is not a gossip server", ErrNotGossip, true},
		"a silent one":   {silentServer, "does not answer as a gossip server does", ErrNotGossip, false},
		"a foreign one":  {foreignServer, "does not speak the gossip protocol", ErrNotGossip, false},
		"closes at once": {closesAtOnce, "closes the connection", transport.ErrEnded, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := overTCP(t)
			var log logBook
			cfg, mend := test.make(p)
			cfg.Logger = log.logger()
			c := p.startClient(1, cfg)
			if test.zmtp && p.transport != choose.ZMTP {
				eventually(t, "a warning", func() bool { return log.count("level=WARN", "cannot be used") > 0 })
				return
			}
			eventually(t, "the warning", func() bool {
				return log.count("level=WARN", "cannot be used", "server="+c.state().Server, test.words) > 0
			})
			reset := test.err == transport.ErrEnded && errors.Is(c.state().Err, transport.ErrReset) // It had not read all.
			if st := c.state(); st.Connected || !errors.Is(st.Err, test.err) && !reset {
				t.Errorf("%+v, want the error %v", st, test.err)
			}
			if mend == nil {
				return
			}
			mend()
			eventually(t, "it recovers", func() bool { st := c.state(); return st.Connected && st.Err == nil })
			if n := log.count("level=WARN", "can be used again", c.state().Server); n != 1 {
				t.Errorf("%d lines say that it can be used again", n)
			}
			if n := log.count(test.words); n != 1 {
				t.Errorf("%d warnings for one cause", n)
			}
		})
	}
}

func nobodyListens(p *place) (ClientConfig, func()) {
	s, addr := p.server(ServerConfig{})
	if err := s.Close(); err != nil {
		p.Fatal(err)
	}
	return ClientConfig{Servers: []string{addr}}, func() { p.server(ServerConfig{Listen: []string{addr}}) }
}

func noSuchName(*place) (ClientConfig, func()) {
	return ClientConfig{Servers: []string{"nosuch.invalid"}}, nil
}

func notTrusted(p *place) (ClientConfig, func()) {
	s, addr := p.server(ServerConfig{SecretKey: someSecret})
	public, secret := newKeys(p)
	return ClientConfig{Servers: []string{addr + "|" + somePublic}, SecretKey: secret}, func() {
		if err := s.SetTrustedKeys([]string{public}); err != nil {
			p.Fatal(err)
		}
	}
}

func anotherKey(p *place) (ClientConfig, func()) {
	_, addr := p.server(ServerConfig{SecretKey: someSecret})
	public, secret := newKeys(p)
	return ClientConfig{Servers: []string{addr + "|" + public}, SecretKey: secret}, nil
}

func plainToCurve(p *place) (ClientConfig, func()) {
	_, addr := p.server(ServerConfig{SecretKey: someSecret})
	return ClientConfig{Servers: []string{addr}}, nil
}

func keyForgotten(p *place) (ClientConfig, func()) {
	_, addr := p.server(ServerConfig{SecretKey: someSecret})
	return ClientConfig{Servers: []string{addr}, SecretKey: someSecret}, nil
}

func curveToPlain(p *place) (ClientConfig, func()) {
	_, addr := p.server(ServerConfig{})
	return ClientConfig{Servers: []string{addr + "|" + somePublic}, SecretKey: someSecret}, nil
}

// webServer answers every connection as a web server does.
func webServer(p *place) (ClientConfig, func()) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		p.Fatal(err)
	}
	var conns sync.WaitGroup
	conns.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			conns.Go(func() {
				defer c.Close()
				_, _ = io.ReadFull(c, make([]byte, 10))
				_, _ = io.WriteString(c, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n400 Bad Request\r\n\r\n")
			})
		}
	})
	p.Cleanup(conns.Wait)
	p.Cleanup(func() { _ = l.Close() })
	return ClientConfig{Servers: []string{l.Addr().String()}}, nil
}

// answering listens, and answers each message with a frame, or with none if it is nil.
func answering(p *place, accept func(*transport.Conn) transport.Handler) string {
	tr, err := choose.New(p.transport, transport.Config{Accept: accept, Logger: testLog()})
	if err != nil {
		p.Fatal(err)
	}
	addr, err := tr.Listen(netip.MustParseAddrPort("127.0.0.1:0"))
	if err != nil {
		p.Fatal(err)
	}
	p.Cleanup(func() {
		if err := tr.Close(0); err != nil {
			p.Error(err)
		}
	})
	return addr.String()
}

// answerer sends the same frame back for each message.
type answerer struct{ frame []byte }

func (answerer) Up(*transport.Conn)           {}
func (answerer) Retry(*transport.Conn, error) {}
func (answerer) Down(*transport.Conn, error)  {}

func (a answerer) Receive(c *transport.Conn, messages []transport.Message) {
	for range messages {
		if a.frame != nil {
			_ = c.Send(a.frame) // It fails only if the connection has ended.
		}
	}
}

func silentServer(p *place) (ClientConfig, func()) {
	addr := answering(p, func(*transport.Conn) transport.Handler { return answerer{} })
	return ClientConfig{Servers: []string{addr}}, nil
}

func foreignServer(p *place) (ClientConfig, func()) {
	addr := answering(p, func(*transport.Conn) transport.Handler { return answerer{[]byte("what?")} })
	return ClientConfig{Servers: []string{addr}}, nil
}

func closesAtOnce(p *place) (ClientConfig, func()) {
	addr := answering(p, refuseAll)
	return ClientConfig{Servers: []string{addr}}, nil
}

// A server that goes away is a warning as well, and clients are back when it is.
func TestServerGoesAway(t *testing.T) {
	t.Parallel()
	p := overTCP(t)
	s, addr := p.server(ServerConfig{})
	var log logBook
	c := p.startClient(1, ClientConfig{Servers: []string{addr}, Logger: log.logger()})
	eventually(t, "connected", func() bool { return c.state().Connected })
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the warning", func() bool { return log.count("level=WARN", "cannot be used", addr) > 0 })
	if st := c.state(); st.Connected || st.Err == nil {
		t.Errorf("%+v", st)
	}
	s, _ = p.server(ServerConfig{Listen: []string{addr}})
	eventually(t, "its tuple is there again", func() bool { return len(s.Tuples()) == 1 })
	if n := log.count("level=WARN", "can be used again"); n != 1 {
		t.Errorf("%d lines say that it can be used again", n)
	}
}

// What is not tested above is put into words as well.
func TestExplain(t *testing.T) {
	for _, c := range []struct {
		err   error
		words string
	}{
		{transport.ErrTimeout, "does not answer (timed out)"},
		{transport.ErrUnreachable, "unreachable"},
		{transport.ErrReset, "closes the connection"},
		{transport.ErrProtocol, "breaks the protocol"},
		{errors.New("something else"), "something else"},
	} {
		err := fmt.Errorf("dial: %w", c.err)
		got := explain(err, false, false)
		if !strings.Contains(got.Error(), c.words) || !errors.Is(got, c.err) {
			t.Errorf("%v: %q, want %q", err, got, c.words)
		}
		if again := explain(got, false, false); again != got {
			t.Errorf("%v is explained twice: %v", got, again)
		}
	}
}

// Dump says why it got no answer, and does not wait where that does not help.
func TestDumpCauses(t *testing.T) {
	p := overTCP(t)
	if p.transport != choose.ZMTP {
		t.Skip("this transport does not tell why a handshake has failed")
	}
	_, addr := p.server(ServerConfig{SecretKey: someSecret})
	_, stranger := newKeys(t)
	for name, test := range map[string]struct {
		server, secret string
		want           error
	}{
		"not trusted":    {addr + "|" + somePublic, stranger, ErrUntrusted},
		"plain to CURVE": {addr, "", ErrMechanism},
		"no such name":   {"nosuch.invalid", "", ErrUnresolved},
	} {
		if got, err := p.dump(test.server, test.secret); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, %v; want %v", name, got, err, test.want)
		}
	}
}

// A server that closes every connection does not make its clients spin.
func TestReconnectsAreDamped(t *testing.T) {
	t.Parallel()
	p := inMemory(t)
	var mu sync.Mutex
	accepted := 0
	addr := answering(p, func(*transport.Conn) transport.Handler {
		mu.Lock()
		defer mu.Unlock()
		accepted++
		return nil
	})
	var log logBook
	p.startClient(1, ClientConfig{Servers: []string{addr}, Logger: log.logger()})
	if p.exact() { // libzmq connects again by itself
		eventually(t, "the warning", func() bool { return log.count("level=WARN", "closes the connection") > 0 })
		mu.Lock()
		defer mu.Unlock()
		if accepted > 12 { // pauses of 50, 100, 200 ms and so on, each up to a quarter shorter
			t.Errorf("%d connections in the time until the warning", accepted)
		}
	}
}
