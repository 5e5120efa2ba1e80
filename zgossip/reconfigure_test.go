package zgossip

import (
	"errors"
	"testing"
	"time"

	"github.com/gozre/zre/internal/transport"
)

// wantConfigError checks which setting an error is about.
func wantConfigError(t *testing.T, err error, field string) {
	t.Helper()
	if bad, ok := errors.AsType[*ConfigError](err); !ok || bad.Field != field {
		t.Errorf("error %v, want one about %s", err, field)
	}
}

// A new key is used by connections that begin later. Those that exist go on.
func TestNewSecretKey(t *testing.T) {
	for name, place := range map[string]func(testing.TB) *place{"mem": inMemory, "tcp": overTCP} {
		t.Run(name, func(t *testing.T) {
			p := place(t)
			newPublic, newSecret := newKeys(t)
			friend, friendSecret := newKeys(t)
			cfg := ServerConfig{SecretKey: someSecret, TrustedKeys: []string{friend}, Transport: p.transport}
			cfg.Listen = []string{"tcp://127.0.0.1:*"}
			s, addr := p.server(cfg)
			old := addr + "|" + somePublic
			a := p.secureClient(1, friendSecret, old)
			both := p.secureClient(4, friendSecret, old, addr+"|"+newPublic)
			eventually(t, "two clients are connected", func() bool { return a.knows(4) && both.knows(1) })
			cfg.SecretKey = newSecret
			err := s.Reconfigure(cfg)
			if !p.exact() {
				wantConfigError(t, err, "SecretKey")
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			outdated := p.secureClient(2, friendSecret, old)
			b := p.secureClient(3, friendSecret, addr+"|"+newPublic)
			eventually(t, "the old client and a new one meet", func() bool { return a.knows(3) && b.knows(1) })
			eventually(t, "who expects the old key is told so", func() bool {
				return errors.Is(outdated.state().Err, transport.ErrWrongKey)
			})
			if st := a.state(); !st.Connected || st.Sessions != 1 {
				t.Errorf("the old client: %+v", st)
			}
			var log logBook
			either := p.startClient(5, ClientConfig{
				Servers: []string{old, addr + "|" + newPublic}, SecretKey: friendSecret,
				Logger: log.logger(),
			})
			eventually(t, "who knows both keys is connected", func() bool { return either.state().Connected && a.knows(5) })
			if n := log.count("level=WARN"); n != 0 {
				t.Errorf("%d warnings, though one of the keys is the server's", n)
			}
			if n := len(either.Servers()); n != 1 {
				t.Errorf("%d servers with one address", n)
			}
			neither := p.secureClient(6, friendSecret, old, addr+"|"+friend)
			eventually(t, "who knows neither key is told so", func() bool { return neither.state().Lasting })
			if a.knows(2) || len(s.Tuples()) != 4 {
				t.Errorf("tuples: %+v", s.Tuples())
			}
		})
	}
}

// A server that trusts its own key alone trusts the new one alone: its clients have to have it.
func TestNewSharedKey(t *testing.T) {
	p := inMemory(t)
	if !p.exact() {
		t.Skip("libzmq cannot change the key")
	}
	newPublic, newSecret := newKeys(t)
	cfg := ServerConfig{SecretKey: someSecret, Transport: p.transport, Listen: []string{"tcp://127.0.0.1:*"}}
	s, addr := p.server(cfg)
	a := p.secureClient(1, someSecret, addr+"|"+somePublic)
	eventually(t, "a client is connected", func() bool { return len(s.Tuples()) == 1 })
	cfg.SecretKey = newSecret
	if err := s.Reconfigure(cfg); err != nil {
		t.Fatal(err)
	}
	if n := len(s.Tuples()); n != 0 {
		t.Errorf("%d tuples, want that of the client with the old key to end at once", n)
	}
	b := p.secureClient(2, newSecret, addr+"|"+newPublic)
	eventually(t, "a client with the new key is connected", func() bool { return b.state().Connected })
	eventually(t, "the old one is told", func() bool { return errors.Is(a.state().Err, transport.ErrWrongKey) })
	if err := s.SetTrustedKeys(nil); err != nil {
		t.Fatal(err)
	}
	if st := b.state(); !st.Connected || st.Sessions != 1 {
		t.Errorf("an empty list of trusted keys does not stand for the new key: %+v", st)
	}
}

// Servers to connect to come and go.
func TestConnectIsReplaced(t *testing.T) {
	t.Parallel() // What a server has brought stays for 10 s.
	p := inMemory(t)
	_, addrA := p.server(ServerConfig{})
	_, addrB := p.server(ServerConfig{})
	cfg := ServerConfig{
		Transport: p.transport, Listen: []string{"tcp://127.0.0.1:*"},
		Connect: []string{addrA}, Grace: 100 * time.Millisecond,
	}
	s, addr := p.server(cfg)
	x, y, z := p.client(1, addrA), p.client(2, addrB), p.client(3, addr)
	eventually(t, "clients of the first two meet", func() bool { return x.knows(3) && z.knows(1) })
	cfg.Connect = []string{addrB, addrA}
	if err := s.Reconfigure(cfg); err != nil {
		t.Fatal(err)
	}
	eventually(t, "all meet", func() bool { return y.knows(1) && y.knows(3) && x.knows(2) && z.knows(2) })
	if links := s.Links(); len(links) != 2 || links[0].Server != addrB || links[1].Server != addrA {
		t.Errorf("links: %+v", links)
	}
	cfg.Connect = []string{addrB}
	if err := s.Reconfigure(cfg); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the first server has gone", func() bool { return !z.knows(1) && !y.knows(1) && !x.knows(3) })
	if !z.knows(2) || !y.knows(3) {
		t.Error("the other one has gone as well")
	}
	if st := z.state(); st.Sessions != 1 {
		t.Errorf("the server's own client: %+v", st)
	}
	eventually(t, "one link is left", func() bool { return s.Stats().Servers == 1 })
}

// Limits hold for what happens after they have changed.
func TestLimitsAreReplaced(t *testing.T) {
	t.Parallel() // It waits until a client that was refused tries again.
	p := inMemory(t)
	cfg := ServerConfig{Transport: p.transport, Listen: []string{"tcp://127.0.0.1:*"}, MaxTuples: 1, MaxClients: 1}
	s, addr := p.server(cfg)
	a := p.client(1, addr)
	eventually(t, "a client is connected", func() bool { return a.state().Connected && len(s.Tuples()) == 1 })
	b := p.client(2, addr)
	eventually(t, "a second one is refused", func() bool { return s.Stats().Refused["too many clients"] > 0 })
	cfg.MaxClients = 2
	if err := s.Reconfigure(cfg); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is let in, without its tuple", func() bool {
		return b.state().Connected && s.Stats().Refused["too many tuples"] > 0
	})
	cfg.MaxTuples = 2
	if err := s.Reconfigure(cfg); err != nil {
		t.Fatal(err)
	}
	p.client(3, addr) // one too many
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the third one is there in place of the second", func() bool { return a.knows(3) })
	cfg.MaxTuples = 1
	if err := s.Reconfigure(cfg); err != nil {
		t.Fatal(err)
	}
	if n := len(s.Tuples()); n != 2 {
		t.Errorf("%d tuples; a lower limit ends none", n)
	}
}

// What cannot change is refused, and nothing changes.
func TestBadReconfiguration(t *testing.T) {
	p := inMemory(t)
	base := ServerConfig{Transport: p.transport, Listen: []string{"tcp://127.0.0.1:*"}}
	secure := base
	secure.SecretKey = someSecret
	for field, c := range map[string]struct {
		from ServerConfig
		to   func(*ServerConfig)
	}{
		"Listen":         {base, func(c *ServerConfig) { c.Listen = nil }},
		"Transport":      {base, func(c *ServerConfig) { c.Transport = "nonsense" }},
		"MaxMessageSize": {base, func(c *ServerConfig) { c.MaxMessageSize = 1 << 20 }},
		"SecretKey":      {base, func(c *ServerConfig) { c.SecretKey = someSecret }},
		"Connect":        {base, func(c *ServerConfig) { c.Connect = []string{"1.2.3.4:5|" + somePublic} }},
		"Grace":          {base, func(c *ServerConfig) { c.Grace = 1 }},
		"TrustedKeys":    {secure, func(c *ServerConfig) { c.TrustedKeys = []string{"x"} }},
	} {
		t.Run(field, func(t *testing.T) {
			s, _ := p.server(c.from)
			to := c.from
			c.to(&to)
			to.MaxClients = 7
			wantConfigError(t, s.Reconfigure(to), field)
			if s.now.MaxClients == 7 {
				t.Error("something has changed")
			}
		})
	}
	s, _ := p.server(secure)
	for _, key := range []string{"", "x"} {
		to := secure
		to.SecretKey = key
		wantConfigError(t, s.Reconfigure(to), "SecretKey")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Reconfigure(secure); !errors.Is(err, ErrClosed) {
		t.Errorf("a server that has ended: %v", err)
	}
}

// A server that is named with several keys is one server. None of them may be no key.
func TestServersWithSeveralKeys(t *testing.T) {
	other, _ := newKeys(t)
	list := []string{"a:1|" + somePublic, "b", "tcp://a:1|" + other, "a:1|" + somePublic, "b:31337"}
	got, err := parseRemotes("Servers", list, someSecret)
	if err != nil || len(got) != 2 || len(got[0].keys) != 2 || got[1].secure() {
		t.Errorf("%+v, %v", got, err)
	}
	for _, list := range [][]string{{"a", "a|" + other}, {"a|" + other, "a"}, {"a|" + other, "a|x"}} {
		_, err := parseRemotes("Servers", list, someSecret)
		wantConfigError(t, err, "Servers")
	}
}
