package zgossip

import (
	"errors"
	"log/slog"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gozre/zre/internal/curve"
	"github.com/gozre/zre/internal/transport"
)

// The keys of libzmq's documentation (zmq_curve).
const (
	somePublic = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"
	someSecret = "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"
)

func newKeys(t testing.TB) (public, secret string) {
	t.Helper()
	public, secret, err := curve.NewPair()
	if err != nil {
		t.Fatal(err)
	}
	return public, secret
}

// A server with a key serves clients that it trusts, and only over CURVE.
func TestSecureServer(t *testing.T) {
	p := inMemory(t)
	friend, friendSecret := newKeys(t)
	_, strangerSecret := newKeys(t)
	s, addr := p.server(ServerConfig{SecretKey: someSecret, TrustedKeys: []string{friend, somePublic}})
	secure := addr + "|" + somePublic
	a, b := p.secureClient(1, friendSecret, secure), p.secureClient(2, someSecret, "tcp://"+secure)
	stranger := p.secureClient(3, strangerSecret, secure)
	plain := p.client(4, addr)
	astray := p.secureClient(5, friendSecret, addr+"|"+friend) // another server's key
	eventually(t, "friends meet", func() bool { return a.knows(2) && b.knows(1) })
	eventually(t, "the stranger is refused", func() bool { return s.Stats().Refused["key not trusted"] > 0 })
	if st := a.Servers()[0]; st.Dialect != "ours" || !st.Connected {
		t.Errorf("%+v", st)
	}
	for _, other := range []*listener{stranger, plain, astray} {
		if st := other.Servers()[0]; st.Connected || st.Tuples > 0 || other.count() > 0 {
			t.Errorf("%s: %+v", other.id, st)
		}
	}
	if n := len(s.Tuples()); n != 2 {
		t.Errorf("%d tuples", n)
	}
	got, err := p.dump(secure, friendSecret)
	if err != nil || len(got) != 2 {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := p.dump(secure, ""); err == nil {
		t.Error("dumped without a key")
	} else if _, ok := errors.AsType[*ConfigError](err); !ok {
		t.Error(err)
	}
	if err := b.Close(); err != nil { // withdraws
		t.Fatal(err)
	}
	eventually(t, "its tuple has gone", func() bool { return len(s.Tuples()) == 1 && !a.knows(2) })
}

// What a server keeps of untrusted keys is bounded.
func TestSecureServerAndManyStrangers(t *testing.T) {
	p := inMemory(t)
	var lines atomic.Int64
	log := slog.New(slog.NewTextHandler(writerFunc(func(p []byte) (int, error) {
		lines.Add(int64(strings.Count(string(p), "not trusted")))
		return len(p), nil
	}), nil))
	s, _ := p.server(ServerConfig{SecretKey: someSecret, Logger: log})
	for i := range 1000 {
		stranger := curve.Key{1, byte(i / 2), byte(i / 2 >> 8)}
		if err := s.guard.allow(stranger, netip.MustParseAddrPort("10.0.0.1:1")); !errors.Is(err, transport.ErrNotTrusted) {
			t.Fatal("a stranger is let in")
		}
	}
	s.guard.logs.Wait()
	if got := s.Stats().Refused["key not trusted"]; got != 1000 || lines.Load() != maxStrangers {
		t.Errorf("%d refused, %d lines", got, lines.Load())
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// Servers exchange tuples over CURVE.
func TestSecureFederation(t *testing.T) {
	p := inMemory(t)
	a, addrA := p.server(ServerConfig{SecretKey: someSecret})
	_, addrB := p.server(ServerConfig{SecretKey: someSecret, Connect: []string{addrA + "|" + somePublic}})
	x, y := p.secureClient(1, someSecret, addrA+"|"+somePublic), p.secureClient(2, someSecret, addrB+"|"+somePublic)
	eventually(t, "clients of two servers meet", func() bool { return x.knows(2) && y.knows(1) && a.Stats().Servers == 1 })
}

// A server with a key notices a client that is gone, as others do.
func TestSecureClientVanishes(t *testing.T) {
	p := inMemory(t)
	s, addr := p.server(ServerConfig{SecretKey: someSecret, Grace: 300 * time.Millisecond})
	x, y := p.secureClient(1, someSecret, addr+"|"+somePublic), p.secureClient(2, someSecret, addr+"|"+somePublic)
	eventually(t, "they meet", func() bool { return x.knows(2) && y.knows(1) })
	if err := x.network.close(0); err != nil { // without a word
		t.Fatal(err)
	}
	eventually(t, "its tuple has gone", func() bool { return len(s.Tuples()) == 1 && !y.knows(1) })
}

// Trusted keys are replaced while the server runs.
func TestSetTrustedKeys(t *testing.T) {
	p := inMemory(t)
	aKey, aSecret := newKeys(t)
	bKey, bSecret := newKeys(t)
	s, addr := p.server(ServerConfig{SecretKey: someSecret, TrustedKeys: []string{aKey, bKey}})
	secure := addr + "|" + somePublic
	a, b := p.secureClient(1, aSecret, secure), p.secureClient(2, bSecret, secure)
	eventually(t, "both meet", func() bool { return a.knows(2) && b.knows(1) })
	for _, bad := range [][]string{{"x"}, {aKey, someSecret[1:]}} {
		if _, ok := errors.AsType[*ConfigError](s.SetTrustedKeys(bad)); !ok {
			t.Errorf("%v is accepted", bad)
		}
	}
	if err := s.SetTrustedKeys([]string{aKey}); err != nil {
		t.Fatal(err)
	}
	if n := len(s.Tuples()); n != 1 {
		t.Errorf("%d tuples, want that of the client whose key was removed to end at once", n)
	}
	eventually(t, "the client is gone", func() bool { return !a.knows(2) })
	if p.exact() {
		eventually(t, "it is told why", func() bool { return errors.Is(b.state().Err, ErrUntrusted) })
	}
	if st := a.state(); !st.Connected || st.Sessions != 1 {
		t.Errorf("the other client: %+v", st)
	}
	if err := s.SetTrustedKeys([]string{bKey, aKey}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is back", func() bool { return a.knows(2) && b.state().Connected })

	// A handshake may end after its key was removed.
	if err := s.SetTrustedKeys([]string{aKey}); err != nil {
		t.Fatal(err)
	}
	late := transport.NewConn(nil)
	if late.Key, _ = curve.Parse(bKey); s.accept(late) != nil {
		t.Error("a client is accepted whose key was removed")
	}

	plain, _ := p.server(ServerConfig{})
	if _, ok := errors.AsType[*ConfigError](plain.SetTrustedKeys([]string{aKey})); !ok {
		t.Error("a server without a key has trusted keys")
	}
}
