package zmq

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/gozre/zre/internal/curve"
)

// pair makes keys.
func pair(t testing.TB) (public, secret string) {
	t.Helper()
	public, secret, err := curve.NewPair()
	if err != nil {
		t.Fatal(err)
	}
	return public, secret
}

// bouncer lets in who is on its list, and remembers who asked.
type bouncer struct {
	list []string

	mu    sync.Mutex
	asked map[string]string // addresses by key
}

func (b *bouncer) allow(key, address string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.asked == nil {
		b.asked = make(map[string]string)
	}
	b.asked[key] = address
	for _, k := range b.list {
		if k == key {
			return true
		}
	}
	return false
}

func (b *bouncer) addressOf(key string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.asked[key]
}

// A message that came over CURVE tells the key of its sender behind the identity, whatever the size of what
// follows, also where libzmq was asked whether it has a message before that was received; and who receives batches
// with heads gets it as one of them.
func TestCurveTellsTheKey(t *testing.T) {
	for _, heads := range []int{0, 1, 2, 3} {
		onEachPath(t, func(t *testing.T, c *Context, o Options) {
			server, secret := pair(t)
			var b bouncer
			o.Curve = &Curve{PublicKey: server, SecretKey: secret, Allow: b.allow}
			var dealers []Options
			for range 2 {
				d := o
				public, secret := pair(t)
				d.Curve = &Curve{PublicKey: public, SecretKey: secret, ServerKey: server}
				dealers = append(dealers, d)
				b.list = append(b.list, public)
			}
			in, at := router(t, c, o)
			const rounds = 200
			sizes := []int{0, 1, 100, 8000, ownBuffer, 100_000}
			var senders sync.WaitGroup
			for i, d := range dealers {
				s := dealer(t, c, at, named(d, strings.Repeat(string(rune('a'+i)), 1+i*250)))
				senders.Go(func() {
					for n := range rounds {
						send(t, s, []byte("head"), make([]byte, sizes[n%len(sizes)]), number(n))
					}
				})
			}
			defer senders.Wait()
			batch := Batch{Heads: heads}
			next := make([]int, len(dealers))
			for got := 0; got < rounds*len(dealers); {
				in.mu.Lock()
				_, err := in.zs.GetEvents()
				in.mu.Unlock()
				if err == nil {
					err = in.Receive(&batch)
				}
				if err != nil {
					t.Fatal(err)
				}
				for i := range batch.Len() {
					got++
					m := batch.Message(i)
					if heads > 0 {
						m = append(append([][]byte(nil), batch.Head(i)...), m...)
					}
					if len(m) != 5 {
						t.Fatalf("%d frames", len(m))
					}
					d := int(m[0][1] - 'a')
					if want := string(named(Options{}, strings.Repeat(string(rune('a'+d)), 1+d*250)).Identity); string(m[0]) != want {
						t.Fatalf("first frame %q, want %q", m[0], want)
					}
					if want := dealers[d].Curve.PublicKey; string(m[1]) != want {
						t.Fatalf("second frame %q, want %q", m[1], want)
					}
					n := next[d]
					next[d]++
					if string(m[2]) != "head" || len(m[3]) != sizes[n%len(sizes)] || !bytes.Equal(m[4], number(n)) {
						t.Fatalf("message %d: %q, %d octets, %x", n, m[2], len(m[3]), m[4])
					}
				}
			}
			if got := b.addressOf(b.list[0]); got != "127.0.0.1" {
				t.Errorf("asked about a peer at %q", got)
			}
		})
	}
}

// The key comes between identity and what follows also where the shim's table of frames is full just there.
func TestCurveWithManyFrames(t *testing.T) {
	onEachPath(t, func(t *testing.T, c *Context, o Options) {
		server, serverSecret := pair(t)
		public, secret := pair(t)
		b := bouncer{list: []string{public}}
		r, d := o, named(o, "peer")
		r.Curve = &Curve{PublicKey: server, SecretKey: serverSecret, Allow: b.allow}
		d.Curve = &Curve{PublicKey: public, SecretKey: secret, ServerKey: server}
		in, at := router(t, c, r)
		out := dealer(t, c, at, d)
		const most, table = 1600, 768
		var sizes []int
		for n := table - 6; n < table+6; n++ {
			sizes = append(sizes, n, 1, most-n)
		}
		for i, n := range sizes {
			send(t, out, number(i), make([][]byte, n-1)...)
		}
		i := 0
		each(t, in, len(sizes), func(m [][]byte) {
			if len(m) != sizes[i]+2 || string(m[0]) != "\x01peer" || string(m[1]) != public || !bytes.Equal(m[2], number(i)) {
				t.Errorf("message %d has %d frames, want %d; it begins %q", i, len(m), sizes[i]+2, m[:3])
			}
			i++
		})
	})
}

// Nobody else gets a word in: not without CURVE, not with a key that is not allowed, not by way of a server key that
// is another's. What comes over inproc has proven nothing.
func TestCurveKeepsOthersOut(t *testing.T) {
	onEachPath(t, func(t *testing.T, c *Context, o Options) {
		server, serverSecret := pair(t)
		friend, friendSecret := pair(t)
		stranger, strangerSecret := pair(t)
		b := bouncer{list: []string{friend}}
		r := o
		r.Curve = &Curve{PublicKey: server, SecretKey: serverSecret, Allow: b.allow}
		in, at := router(t, c, r)
		if _, err := in.Bind("inproc://within"); err != nil {
			t.Fatal(err)
		}
		with := func(curve *Curve, name string) Options {
			d := named(o, name)
			d.Curve = curve
			return d
		}
		for name, curve := range map[string]*Curve{
			"plain":  nil,
			"denied": {PublicKey: stranger, SecretKey: strangerSecret, ServerKey: server},
			"astray": {PublicKey: friend, SecretKey: friendSecret, ServerKey: stranger},
			"forged": {PublicKey: friend, SecretKey: strangerSecret, ServerKey: server},
		} {
			s, err := c.Dealer(with(curve, name))
			if err != nil {
				t.Fatal(err)
			}
			m, err := s.Monitor()
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Connect(at); err != nil {
				t.Fatal(err)
			}
			send(t, s, []byte("no"))
			if ev, err := m.Next(); err != nil || ev.Kind != Disconnected {
				t.Errorf("%s: %+v, %v", name, ev, err)
			}
			if err := errors.Join(m.Close(), s.Close()); err != nil {
				t.Error(err)
			}
		}
		if b.addressOf(stranger) == "" {
			t.Error("nobody asked about the stranger")
		}
		send(t, dealer(t, c, "inproc://within", named(o, "inside")), []byte("yes"))
		if m := collect(t, in, 1)[0]; len(m) != 3 || string(m[0]) != "\x01inside" || len(m[1]) > 0 {
			t.Errorf("message %q", m)
		}
		send(t, dealer(t, c, at, with(&Curve{PublicKey: friend, SecretKey: friendSecret, ServerKey: server}, "friend")), []byte("yes"))
		if m := collect(t, in, 1)[0]; len(m) != 3 || string(m[0]) != "\x01friend" || string(m[1]) != friend || string(m[2]) != "yes" {
			t.Errorf("message %q", m)
		}
	})
}

func TestCurveOptions(t *testing.T) {
	c := open(t)
	public, secret := pair(t)
	for name, o := range map[string]Curve{
		"public key": {PublicKey: public[1:], SecretKey: secret},
		"secret key": {PublicKey: public, SecretKey: secret + "0"},
	} {
		o.Allow = func(string, string) bool { return true }
		_, err := c.Router(Options{Curve: &o})
		if bad, ok := errors.AsType[*OptionError](err); !ok || bad.Option != "CURVE "+name {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := c.Dealer(Options{Curve: &Curve{PublicKey: public, SecretKey: secret, ServerKey: "?"}})
	if bad, ok := errors.AsType[*OptionError](err); !ok || bad.Option != "CURVE server key" {
		t.Error(err)
	}
}

// The handler lets nobody in by a request that is not as libzmq makes it, nor after the ROUTER has gone.
func TestZAP(t *testing.T) {
	c := open(t)
	public, secret := pair(t)
	key, err := curve.Parse(public)
	if err != nil {
		t.Fatal(err)
	}
	s, err := c.Router(Options{Curve: &Curve{PublicKey: public, SecretKey: secret, Allow: func(string, string) bool { return true }}})
	if err != nil {
		t.Fatal(err)
	}
	sound := func() [][]byte {
		return [][]byte{{}, []byte("1.0"), []byte("1"), []byte(s.domain), []byte("10.0.0.1"), {}, []byte("CURVE"), key[:]}
	}
	if got, ok := s.zap.admits(sound()); !ok || got != public {
		t.Fatalf("a sound request: %q, %t", got, ok)
	}
	for name, spoil := range map[string]func(m [][]byte) [][]byte{
		"version":     func(m [][]byte) [][]byte { m[zapVersion] = []byte("1.1"); return m },
		"domain":      func(m [][]byte) [][]byte { m[zapDomain] = nil; return m },
		"mechanism":   func(m [][]byte) [][]byte { m[zapMechanism] = []byte("NULL"); return m },
		"credentials": func(m [][]byte) [][]byte { m[zapCredentials] = key[1:]; return m },
		"short":       func(m [][]byte) [][]byte { return m[:zapCredentials] },
		"long":        func(m [][]byte) [][]byte { return append(m, nil) },
	} {
		if got, ok := s.zap.admits(spoil(sound())); ok {
			t.Errorf("%s: %q is admitted", name, got)
		}
	}
	request := sound()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, ok := s.zap.admits(request); ok {
		t.Error("admitted to a socket that is closed")
	}
}
