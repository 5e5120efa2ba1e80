package zgossip

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gozre/zre/internal/curve"
)

// The keys of libzmq's documentation (zmq_curve).
const (
	somePublic = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"
	someSecret = "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"
)

func newKeys(t *testing.T) (public, secret string) {
	t.Helper()
	public, secret, err := curve.NewPair()
	if err != nil {
		t.Fatal(err)
	}
	return public, secret
}

// A server with a key serves those that it trusts, and only over CURVE.
func TestSecureServer(t *testing.T) {
	friend, friendSecret := newKeys(t)
	_, strangerSecret := newKeys(t)
	s, addr := startServer(t, ServerConfig{SecretKey: someSecret, TrustedKeys: []string{friend, somePublic}})
	secure := addr + "|" + somePublic
	a, b := startSecureClient(t, 1, friendSecret, secure), startSecureClient(t, 2, someSecret, "tcp://"+secure)
	stranger := startSecureClient(t, 3, strangerSecret, secure)
	plain := startClient(t, 4, addr)
	astray := startSecureClient(t, 5, friendSecret, addr+"|"+friend) // another server's key
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
	got, err := Dump(withPatience(t), secure, friendSecret)
	if err != nil || len(got) != 2 {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := Dump(withPatience(t), secure, ""); err == nil {
		t.Error("dumped without a key")
	} else if _, ok := errors.AsType[*ConfigError](err); !ok {
		t.Error(err)
	}
	if err := b.Close(); err != nil { // withdraws: the server knows it by its identity
		t.Fatal(err)
	}
	eventually(t, "its tuple has gone", func() bool { return len(s.Tuples()) == 1 && !a.knows(2) })
}

// What a server remembers of strangers is bounded.
func TestSecureServerAndManyStrangers(t *testing.T) {
	var lines atomic.Int64
	log := slog.New(slog.NewTextHandler(writerFunc(func(p []byte) (int, error) {
		lines.Add(int64(strings.Count(string(p), "not trusted")))
		return len(p), nil
	}), nil))
	s, _ := startServer(t, ServerConfig{SecretKey: someSecret, Logger: log})
	for i := range 1000 {
		if s.allow(fmt.Sprint("stranger ", i/2), "10.0.0.1") {
			t.Fatal("a stranger is let in")
		}
	}
	s.guard.logs.Wait()
	if got := s.Stats().Refused["key not trusted"]; got != 1000 || lines.Load() != maxTold {
		t.Errorf("%d refused, %d lines", got, lines.Load())
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// Servers exchange tuples over CURVE.
func TestSecureFederation(t *testing.T) {
	a, addrA := startServer(t, ServerConfig{SecretKey: someSecret})
	_, addrB := startServer(t, ServerConfig{SecretKey: someSecret, Connect: []string{addrA + "|" + somePublic}})
	x, y := startSecureClient(t, 1, someSecret, addrA+"|"+somePublic), startSecureClient(t, 2, someSecret, addrB+"|"+somePublic)
	eventually(t, "clients of two servers meet", func() bool { return x.knows(2) && y.knows(1) && a.Stats().Servers == 1 })
}

// A server with a key is as sure to notice a client that is gone.
func TestSecureClientVanishes(t *testing.T) {
	s, addr := startServer(t, ServerConfig{SecretKey: someSecret, Grace: 300 * time.Millisecond})
	x, y := startSecureClient(t, 1, someSecret, addr+"|"+somePublic), startSecureClient(t, 2, someSecret, addr+"|"+somePublic)
	eventually(t, "they meet", func() bool { return x.knows(2) && y.knows(1) })
	if err := x.zmq.Close(); err != nil { // without a word
		t.Fatal(err)
	}
	eventually(t, "its tuple has gone", func() bool { return len(s.Tuples()) == 1 && !y.knows(1) })
}
