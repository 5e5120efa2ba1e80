package zre

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gozre/zre/internal/transport"
	"github.com/gozre/zre/zgossip"
	"github.com/gozre/zre/zre/internal/core"
	"github.com/gozre/zre/zre/internal/trust"
	"github.com/gozre/zre/zre/keys"
)

// keyPair is a node's keys.
type keyPair struct{ public, secret string }

func newKeys(t *testing.T) keyPair {
	t.Helper()
	c, err := keys.New()
	must(t, err)
	return keyPair{c.PublicKey, c.SecretKey}
}

// with has a node use keys, and trust those of others, or its own.
func (k keyPair) with(trusted ...keyPair) func(*Config) {
	return func(c *Config) {
		c.Security.SecretKey = k.secret
		for _, o := range trusted {
			c.Security.TrustedKeys = append(c.Security.TrustedKeys, o.public)
		}
	}
}

// logBook keeps what is logged.
type logBook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logBook) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logBook) count(part string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Count(b.text.String(), part)
}

func (b *logBook) config(c *Config) { c.Logger = slog.New(slog.NewTextHandler(b, nil)) }

// converse has two nodes that meet exchange messages both ways.
func converse(t *testing.T, a, b *Node) {
	t.Helper()
	must(t, a.Join("chat"))
	await(t, b, is(EventJoin, a.Name()))
	await(t, a, is(EventEnter, b.Name()))
	content := bytes.Repeat([]byte("secret "), 20_000)
	must(t, b.Shout(bg(t), "chat", content, []byte("tail")))
	must(t, a.Whisper(bg(t), b.ID(), []byte("psst")))
	if ev := await(t, a, is(EventShout, b.Name())); len(ev.Content) != 2 || !bytes.Equal(ev.Content[0], content) {
		t.Errorf("%d frames", len(ev.Content))
	}
	if ev := await(t, b, is(EventWhisper, a.Name())); fmt.Sprintf("%s", ev.Content) != "[psst]" {
		t.Errorf("WHISPER %q", ev.Content)
	}
	must(t, a.Flush(bg(t)))
	must(t, b.Flush(bg(t)))
}

// until waits until something holds, which what names.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for ctx := bg(t); !holds(); {
		select {
		case <-ctx.Done():
			t.Fatalf("waited for %s", what)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// leaves has one node leave, and waits until the other one has the EXIT.
func leaves(t *testing.T, leaver, other *Node) {
	t.Helper()
	must(t, leaver.Close())
	if ev := await(t, other, is(EventExit, leaver.Name())); ev.Reason != ReasonGoodbye {
		t.Errorf("EXIT because of %q", ev.Reason)
	}
}

func TestSecureNetworkOfOneKey(t *testing.T) {
	w, k := newTestNet(t), newKeys(t)
	a, b := w.start("a", k.with()), w.start("b", k.with())
	if got := await(t, b, is(EventEnter, "a")).Headers[core.KeyHeader]; got != k.public {
		t.Errorf("the HELLO has the key %q, want %q", got, k.public)
	}
	converse(t, a, b)
	if p, ok := b.Peer(a.ID()); !ok || p.PublicKey != k.public || a.PublicKey() != k.public {
		t.Errorf("peer %+v, own key %q", p, a.PublicKey())
	}
	leaves(t, b, a)
}

func TestSecureNetworkOfManyKeys(t *testing.T) {
	w, k1, k2 := newTestNet(t), newKeys(t), newKeys(t)
	a, b := w.start("a", k1.with(k2)), w.start("b", k2.with(k1))
	converse(t, a, b)
	if p, ok := b.Peer(a.ID()); !ok || p.PublicKey != k1.public {
		t.Errorf("peer %+v", p)
	}
	leaves(t, b, a)
	// Neither trusts its own key, and hears its own beacons.
	if n := a.Stats().Untrusted; n != 0 {
		t.Errorf("%d untrusted", n)
	}
}

func TestTrustAnyKey(t *testing.T) {
	w := newTestNet(t)
	anybody := func(c *Config) { c.Security.TrustedKeys = []string{keys.Any} }
	a, b := w.start("a", newKeys(t).with(), anybody), w.start("b", newKeys(t).with(), anybody)
	converse(t, a, b)
	leaves(t, b, a)
}

// A node without a key, or with one that is not trusted, is left out, also if only one
// side does not trust the other. The log says so once.
func TestSecureNetworkLeavesOthersOut(t *testing.T) {
	t.Parallel()
	w, k, other, fan := newTestNet(t), newKeys(t), newKeys(t), newKeys(t)
	var book, plainBook, fanBook logBook
	plain := w.start("plain", plainBook.config)
	stranger := w.start("stranger", other.with())
	admirer := w.start("admirer", fan.with(k), fanBook.config)
	a, b := w.start("a", k.with(), book.config), w.start("b", k.with())
	converse(t, a, b)
	until(t, "three warnings, and a refusal by the plain node", func() bool { return book.count("level=WARN") >= 3 && plain.Stats().Untrusted > 0 })
	until(t, "a warning of the plain node for each key", func() bool { return plainBook.count("level=WARN") >= 3 })
	until(t, "two refusals of its key", func() bool { return fanBook.count(transport.ErrUntrusted.Error()) >= 2 })
	soFar := a.Stats().Untrusted
	until(t, "ten further refusals", func() bool { return a.Stats().Untrusted >= soFar+10 })
	for _, n := range []*Node{plain, stranger, admirer} {
		if peers := n.Peers(); len(peers) != 0 {
			t.Errorf("%s has the peers %+v", n.Name(), peers)
		}
	}
	if peers := a.Peers(); len(peers) != 1 {
		t.Errorf("a has the peers %+v", peers)
	}
	for text, want := range map[string]int{"level=WARN": 3, trust.ErrPlain.Error(): 1, trust.ErrUntrusted.Error(): 2} {
		if got := book.count(text); got != want {
			t.Errorf("%q is logged %d times, want %d", text, got, want)
		}
	}
	// One that is not trusted by two nodes is told so twice.
	if got := fanBook.count(transport.ErrUntrusted.Error()); got != 2 {
		t.Errorf("who is not trusted has %d warnings of that, want 2", got)
	}
	if got := plainBook.count(trust.ErrSecure.Error()); got != 3 {
		t.Errorf("the plain node has %d warnings of nodes with a key, want 3", got)
	}
}

// Without beacons: by the configured endpoint, with the key of the node there.
func TestSecureStaticPeer(t *testing.T) {
	w, k1, k2 := newTestNet(t), newKeys(t), newKeys(t)
	quiet := func(c *Config) { c.Discovery.NoBeacon = true }
	a := w.start("a", k1.with(k1, k2), quiet)
	b := w.start("b", k2.with(k1), quiet, func(c *Config) { c.Discovery.Peers = []string{a.Endpoint() + "|" + k1.public} })
	converse(t, a, b)
	same := w.start("same", k1.with(), quiet, func(c *Config) { c.Discovery.Peers = []string{a.Endpoint()} })
	await(t, same, is(EventEnter, "a")) // without a key in Peers it is the node's own
}

func TestSecureGossip(t *testing.T) {
	w, k1, k2 := newTestNet(t), newKeys(t), newKeys(t)
	server, err := zgossip.NewServer(zgossip.ServerConfig{Listen: []string{"tcp://127.0.0.1:*"}})
	must(t, err)
	defer server.Close()
	by := func(c *Config) { c.Discovery.NoBeacon, c.Discovery.Gossip = true, server.Endpoints() }
	plain := w.start("plain", by)
	a, b := w.start("a", k1.with(k2), by), w.start("b", k2.with(k1), by)
	converse(t, a, b)
	until(t, "refusals at both ends", func() bool { return a.Stats().Untrusted > 0 && plain.Stats().Untrusted >= 2 })
	if len(plain.Peers()) != 0 || len(a.Peers()) != 1 {
		t.Errorf("plain has %+v, a has %+v", plain.Peers(), a.Peers())
	}
	for _, tuple := range server.Tuples() {
		if want := map[string]string{a.ID().String(): k1.public, b.ID().String(): k2.public}[tuple.UUID.String()]; tuple.PublicKey != want {
			t.Errorf("%s is published with the key %q, want %q", tuple.UUID, tuple.PublicKey, want)
		}
	}
	leaves(t, b, a)
}

// A node with a key that is a gossip server serves over CURVE, and publishes its key.
func TestSecureGossipBind(t *testing.T) {
	w, k1, k2 := newTestNet(t), newKeys(t), newKeys(t)
	quiet := func(c *Config) { c.Discovery.NoBeacon = true }
	a := w.start("a", k1.with(k2), quiet, func(c *Config) { c.Discovery.GossipBind = "tcp://127.0.0.1:*" })
	addr := strings.TrimPrefix(a.discovery.GossipServer().Endpoints()[0], "tcp://")
	plain := w.start("plain", quiet, func(c *Config) { c.Discovery.Gossip = []string{addr} })
	b := w.start("b", k2.with(k1), quiet, func(c *Config) { c.Discovery.Gossip = []string{addr + "|" + k1.public} })
	converse(t, a, b)
	leaves(t, b, a)
	if n := plain.Stats().Untrusted; n != 0 || len(plain.Peers()) != 0 { // it got no tuple
		t.Errorf("the plain node got %d tuples, and has met %d", n, len(plain.Peers()))
	}
	if n := a.Stats().Untrusted; n != 0 {
		t.Errorf("%d untrusted: its own tuple is one", n)
	}
}

func TestSecureConfig(t *testing.T) {
	k := newKeys(t)
	secure := func(secret string, trusted []string, peers ...string) Config {
		return Config{Security: Security{SecretKey: secret, TrustedKeys: trusted}, Discovery: Discovery{Peers: peers}}
	}
	gossip := func(secret string, servers ...string) Config {
		return Config{Security: Security{SecretKey: secret}, Discovery: Discovery{Gossip: servers}}
	}
	for name, tc := range map[string]struct {
		field string
		cfg   Config
	}{
		"secret key":           {"Security", secure(k.secret[1:], nil)},
		"no secret key":        {"Security.TrustedKeys", secure("", []string{k.public})},
		"trusted key":          {"Security", secure(k.secret, []string{k.public, "x"})},
		"header":               {"Headers", Config{Security: Security{SecretKey: k.secret}, Headers: map[string]string{"X-PUBLICKEY": ""}}},
		"peer's key":           {"Discovery.Peers", secure(k.secret, nil, "tcp://10.0.0.1:1|x")},
		"peer not trusted":     {"Discovery.Peers", secure(k.secret, nil, "tcp://10.0.0.1:1|"+newKeys(t).public)},
		"own key not trusted":  {"Discovery.Peers", secure(k.secret, []string{newKeys(t).public}, "tcp://10.0.0.1:1")},
		"secret behind a peer": {"Discovery.Peers", secure(k.secret, nil, "tcp://10.0.0.1:1|"+k.secret[1:])},
		"gossip's key":         {"Discovery.Gossip", gossip(k.secret, "10.0.0.1|"+k.secret[1:])},
		"gossip with a key":    {"Discovery.Gossip", gossip("", "10.0.0.1|"+k.public)},
		"peer with a key only": {"Discovery.Peers", secure("", nil, "tcp://10.0.0.1:1|"+k.public)},
	} {
		n, err := Start(context.Background(), tc.cfg)
		bad, ok := errors.AsType[*ConfigError](err)
		if !ok || bad.Field != tc.field {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && strings.Contains(err.Error(), k.secret[1:]) {
			t.Errorf("%s: the error tells the secret key: %v", name, err)
		}
		if n != nil {
			n.Close()
		}
	}
	if got, err := keys.Public(k.secret); err != nil || got != k.public {
		t.Errorf("public key %q, error %v", got, err)
	}
}

// When a key is no longer trusted, its peer leaves; when it is trusted again, the peer
// comes back.
func TestSetTrustedKeys(t *testing.T) {
	t.Parallel()
	w, k1, k2 := newTestNet(t), newKeys(t), newKeys(t)
	a, b := w.start("a", k1.with(k2)), w.start("b", k2.with(k1))
	converse(t, a, b)
	must(t, a.SetTrustedKeys([]string{k1.public}))
	if ev := await(t, a, is(EventExit, "b")); ev.Reason != ReasonUntrusted {
		t.Errorf("EXIT because of %v", ev.Reason)
	}
	await(t, b, is(EventExit, "a"))
	if _, ok := errors.AsType[*ConfigError](a.SetTrustedKeys([]string{"x"})); !ok {
		t.Error("what is no key was accepted")
	}
	must(t, a.SetTrustedKeys([]string{k2.public}))
	await(t, a, is(EventEnter, "b"))
	await(t, b, is(EventEnter, "a"))
	plain := w.start("plain")
	if _, ok := errors.AsType[*ConfigError](plain.SetTrustedKeys(nil)); !ok {
		t.Error("a plain node trusts keys")
	}
}
