package zmtp

import (
	"bytes"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/nacl/box"
	"golang.org/x/crypto/poly1305" //lint:ignore SA1019 NaCl's box is made of it

	"github.com/gozre/zre/internal/curve"
	"github.com/gozre/zre/internal/transport"
	"github.com/gozre/zre/internal/transport/zmtp/keystream"
)

// newKeys makes a key pair.
func newKeys(t testing.TB) (public, secret curve.Key) {
	t.Helper()
	k, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return curve.Key(k.PublicKey().Bytes()), curve.Key(k.Bytes())
}

// secure makes a transport use CURVE with a new key pair, and accept all keys.
func secure(t testing.TB) func(*transport.Config) {
	return func(cfg *transport.Config) {
		cfg.Security = &transport.Security{Allow: func(curve.Key, netip.AddrPort) error { return nil }}
		cfg.Security.Public, cfg.Security.Secret = newKeys(t)
	}
}

// keyOf is the public key of a secure transport.
func keyOf(e *end) curve.Key { return e.Transport.(*engine).keys.Load().public }

// dialKey makes a connection to a transport that must have this key.
func (e *end) dialKey(to *end, key curve.Key) *owner {
	o := newOwner()
	o.conn = e.Dial(transport.Target{Addr: to.addr, Key: key}, o)
	return o
}

func TestCurveCarriesMessages(t *testing.T) {
	a, b := newEnd(t, secure(t)), newEnd(t, secure(t))
	out := a.dialKey(b, keyOf(b))
	got(t, "connection is up", out.up)
	in := got(t, "connection is accepted", b.accepted)
	if out.conn.Key != keyOf(b) || in.conn.Key != keyOf(a) {
		t.Errorf("keys %v and %v", out.conn.Key, in.conn.Key)
	}
	exchange(t, out, in)
	exchange(t, in, out)
}

func TestCurveRefusals(t *testing.T) {
	a := newEnd(t, secure(t))
	plain := newEnd(t)
	other, _ := newKeys(t)
	b := newEnd(t, secure(t), func(cfg *transport.Config) {
		cfg.Security.Allow = func(key curve.Key, _ netip.AddrPort) error {
			if key == keyOf(a) {
				return errors.New("not on the list")
			}
			return nil
		}
	})
	for name, tc := range map[string]struct {
		dial   func() *owner
		want   error
		logged string
	}{
		"untrusted":       {func() *owner { return a.dialKey(b, keyOf(b)) }, transport.ErrUntrusted, "not on the list"},
		"wrong key":       {func() *owner { return a.dialKey(b, other) }, transport.ErrWrongKey, "another key than ours"},
		"small-order key": {func() *owner { return a.dialKey(b, curve.Key{1}) }, transport.ErrWrongKey, ""},
		"secure to plain": {func() *owner { return a.dialKey(plain, other) }, transport.ErrMechanism, ""},
		"plain to secure": {func() *owner { return plain.dialKey(b, curve.Key{}) }, transport.ErrMechanism, transport.ErrMechanism.Error()},
	} {
		t.Run(name, func(t *testing.T) {
			o := tc.dial()
			if err := got(t, "a failed attempt", o.retries); !errors.Is(err, tc.want) {
				t.Errorf("%v, want %v", err, tc.want)
			}
			o.conn.Close(0)
			got(t, "down", o.down)
			eventually(t, "the refusal is logged: "+tc.logged, func() bool {
				return strings.Contains(b.log.String(), tc.logged)
			})
		})
	}
	if n := len(b.accepted); n > 0 {
		t.Errorf("%d connections were accepted", n)
	}
}

func TestCurveConfig(t *testing.T) {
	_, secret := newKeys(t)
	other, _ := newKeys(t)
	allow := func(curve.Key, netip.AddrPort) error { return nil }
	for name, s := range map[string]transport.Security{
		"keys of two pairs": {Public: other, Secret: secret, Allow: allow},
		"no keys":           {Allow: allow},
	} {
		cfg := transport.Config{Security: &s}
		cfg.Logger = slog.New(slog.DiscardHandler)
		cfg.Accept = func(*transport.Conn) transport.Handler { return nil }
		if e, err := New(cfg); err == nil {
			_ = e.Close(0)
			t.Errorf("%s: no error", name)
		}
		e := newEnd(t, secure(t))
		before := keyOf(e)
		if err := e.Transport.(transport.Rekeyer).SetKeys(s.Public, s.Secret); err == nil || keyOf(e) != before {
			t.Errorf("%s: new keys: %v", name, err)
		}
	}
}

// Points of small order: what is agreed on with them is known to everybody.
var smallOrder = []string{
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0100000000000000000000000000000000000000000000000000000000000000",
	"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
	"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
}

func TestSmallOrderKeysAreRefused(t *testing.T) {
	pair := newShortTerm()
	for _, text := range smallOrder {
		key, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := pair.with(key); err == nil {
			t.Errorf("%s is usable", text)
		}
	}
}

// result is how a handshake has ended at one end.
type result struct {
	peer *peer
	err  error
}

// shake does a handshake in memory. What client and server write goes through the functions,
// with its number.
func shake(t testing.TB, a, b *engine, fromClient, fromServer func(n int, b []byte) []byte) (client, server result) {
	t.Helper()
	numbered := func(f func(int, []byte) []byte) func([]byte) []byte {
		n := -1
		return func(b []byte) []byte {
			n++
			if f != nil {
				return f(n, b)
			}
			return b
		}
	}
	pair := newMemoryPair()
	run := func(h *handshake, i int, change func([]byte) []byte, r *result, done chan<- struct{}) {
		h.conn = &memoryEnd{pair, i, change}
		r.peer, r.err = h.run()
		pair.leave(i)
		done <- struct{}{}
	}
	done := make(chan struct{}, 2)
	go run(&handshake{cfg: &a.cfg, own: a.keys.Load(), dialed: true, key: b.keys.Load().public}, 0, numbered(fromClient), &client, done)
	go run(&handshake{cfg: &b.cfg, own: b.keys.Load()}, 1, numbered(fromServer), &server, done)
	got(t, "one end of a handshake", done)
	got(t, "the other end", done)
	return client, server
}

// The writes of both ends. The client's HELLO goes with its greeting, and the server's WELCOME
// with the second part of its own.
const (
	clientHelloWrite    = 0
	clientInitiateWrite = 1
	serverWelcomeWrite  = 1
	serverReadyWrite    = 2

	helloBegin   = greetingSize
	welcomeBegin = greetingSize - versionEnd
)

// Every octet of a handshake with CURVE counts: whichever is changed, one end refuses.
func TestEveryOctetOfCurveCounts(t *testing.T) {
	a, b := newEnd(t, secure(t)).Transport.(*engine), newEnd(t, secure(t)).Transport.(*engine)
	client, server := shake(t, a, b, nil, nil)
	if client.err != nil || server.err != nil || server.peer.key != a.keys.Load().public {
		t.Fatalf("unchanged: %v, %v", client.err, server.err)
	}
	for _, w := range []struct {
		name       string
		fromServer bool
		number     int
		begin      int
	}{
		{"HELLO", false, clientHelloWrite, helloBegin},
		{"INITIATE", false, clientInitiateWrite, 0},
		{"WELCOME", true, serverWelcomeWrite, welcomeBegin},
		{"READY", true, serverReadyWrite, 0},
	} {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			step := 1
			if testing.Short() || raceEnabled {
				step = 7
			}
			for at, size := w.begin, 1<<20; at < size; at += step {
				change := func(n int, b []byte) []byte {
					if n == w.number {
						size = len(b)
						b[at] ^= 1 << (at % 8)
					}
					return b
				}
				var client, server result
				if w.fromServer {
					client, server = shake(t, a, b, nil, change)
				} else {
					client, server = shake(t, a, b, change, nil)
				}
				refused := server.err
				if w.fromServer {
					refused = client.err
				}
				if refused == nil {
					t.Fatalf("octet %d does not count", at)
				}
			}
		})
	}
}

// Every truncation is noticed.
func TestCurveIsCutOff(t *testing.T) {
	a, b := newEnd(t, secure(t)).Transport.(*engine), newEnd(t, secure(t)).Transport.(*engine)
	for _, w := range []struct {
		name       string
		fromServer bool
		number     int
		begin      int
	}{
		{"HELLO", false, clientHelloWrite, helloBegin},
		{"INITIATE", false, clientInitiateWrite, 0},
		{"WELCOME", true, serverWelcomeWrite, welcomeBegin},
		{"READY", true, serverReadyWrite, 0},
	} {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			// A command that is shorter than it says is waited for; so the size is changed, too.
			for cut, size := 1, 1<<20; cut < size; cut += 11 {
				change := func(n int, b []byte) []byte {
					if n != w.number {
						return b
					}
					begin := w.begin
					h, ok := readHeader(b[begin:])
					if !ok {
						t.Error("no header")
					}
					body := b[begin+h.length:]
					size = len(body)
					return transport.AppendFrame(b[:begin:begin], transport.FlagCommand, body[:max(len(body)-cut, 0)])
				}
				var client, server result
				if w.fromServer {
					client, server = shake(t, a, b, nil, change)
				} else {
					client, server = shake(t, a, b, change, nil)
				}
				if client.err == nil || !w.fromServer && server.err == nil {
					t.Fatalf("%d octets less: %v, %v", cut, client.err, server.err)
				}
			}
		})
	}
}

// A server checks that the vouch is for itself and for this connection, which libzmq's does
// only for the latter.
func TestVouchForAnotherServer(t *testing.T) {
	a, b := newEnd(t, secure(t)).Transport.(*engine), newEnd(t, secure(t)).Transport.(*engine)
	other, _ := newKeys(t)
	hello := newShortTerm()
	server := newShortTerm()
	for name, tc := range map[string]struct {
		short, long [32]byte
		ok          bool
	}{
		"right":              {hello.public, b.keys.Load().public, true},
		"another server":     {hello.public, other, false},
		"another connection": {other, b.keys.Load().public, false},
	} {
		h := &handshake{
			cfg: &a.cfg, own: a.keys.Load(), dialed: true, key: tc.long,
			sent: &curveHello{short: &keyPair{hello.secret, tc.short}},
		}
		key, err := hello.with(server.public[:])
		if err != nil {
			t.Fatal(err)
		}
		initiate, err := h.initiate(key, server.public[:], make([]byte, cookieSize))
		if err != nil {
			t.Fatal(err)
		}
		frame, _ := readHeader(initiate)
		_, rest, err := commandName(initiate[frame.length:])
		if err != nil {
			t.Fatal(err)
		}
		s := &handshake{cfg: &b.cfg, own: b.keys.Load()}
		_, _, err = s.readInitiate(&peer{}, &clientHello{short: hello.public[:]}, server, rest[cookieSize:])
		if (err == nil) != tc.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The nonce of an INITIATE must be larger than that of the HELLO.
func TestNonceOfInitiate(t *testing.T) {
	a, b := newEnd(t, secure(t)).Transport.(*engine), newEnd(t, secure(t)).Transport.(*engine)
	for helloNonce, want := range map[byte]string{1: "", 2: "nonce", 3: "nonce"} {
		pair := newMemoryPair()
		server := make(chan error, 1)
		go func() {
			_, err := (&handshake{cfg: &b.cfg, own: b.keys.Load(), conn: &memoryEnd{pair, 1, nil}}).run()
			pair.leave(1)
			server <- err
		}()
		h := &handshake{cfg: &a.cfg, own: a.keys.Load(), conn: &memoryEnd{pair, 0, nil}, dialed: true, key: b.keys.Load().public}
		hello, err := h.hello()
		if err != nil {
			t.Fatal(err)
		}
		head, _ := readHeader(hello)
		body := hello[head.length+len("\x05HELLO"):]
		n := body[106:114]
		n[7] = helloNonce
		h.sent.key.seal(body[:114], make([]byte, 64), nonce(nonceHello, n))
		h.write(greeting(curveName, false))
		h.write(hello)
		if err := h.need(greetingSize); err != nil {
			t.Fatal(err)
		}
		h.skip(greetingSize)
		err = h.curveClient(&peer{})
		pair.leave(0)
		refused := got(t, "the server's end", server)
		if (refused == nil) != (want == "") || refused != nil && !strings.Contains(refused.Error(), want) {
			t.Errorf("nonce %d: server %v, client %v", helloNonce, refused, err)
		}
	}
}

// A MESSAGE is NaCl's box.
func TestMessageIsBox(t *testing.T) {
	ours, theirs := newShortTerm(), newShortTerm()
	key, err := ours.with(theirs.public[:])
	if err != nil {
		t.Fatal(err)
	}
	var shared [32]byte
	box.Precompute(&shared, (*[32]byte)(&theirs.public), (*[32]byte)(ours.secret.Bytes()))
	if shared != [32]byte(*key) {
		t.Fatal("the key of boxes is another one than NaCl's")
	}
	w := &writer{cipher: newSealer(key, nonceClient, 2)}
	for i, n := range []int{0, 1, 30, 31, 32, 95, 96, 1000, largeFrame - 1, largeFrame, largeFrame + 1, 100_000, 300_000} {
		body := fill(n)
		plain := append([]byte{boxMore}, body...)
		nonce := nonce(nonceClient, []byte{0, 0, 0, 0, 0, 0, 0, byte(3 + i)})
		want := append([]byte(messageName), nonce[16:]...)
		want = box.SealAfterPrecomputation(want, plain, nonce, &shared)
		w.plain = [][]byte{transport.AppendFrame(nil, transport.FlagMore, body)}
		w.encrypt()
		h, _ := readHeader(w.rest[0])
		if got := w.rest[0][h.length:]; !bytes.Equal(got, want) {
			t.Errorf("%d octets: another box", n)
		}
	}
	w.release()
}

// open opens a MESSAGE, as it is done for one of this size.
func open(o *opener, message []byte) (byte, []byte, error) {
	body := len(message) - messageOverhead
	if body < largeFrame {
		blocks := blocksFor(body)
		keys := make([]byte, keystream.Size(blocks))
		keystream.Fill(keys, &o.key, []keystream.Run{o.run(message, blocks)})
		return o.open(message, keys)
	}
	in := &inbound{cipher: o, rx: getScratch(nil, true)}
	if err := in.startSealed(message[:messageOverhead], body); err != nil {
		return 0, nil, err
	}
	if n := in.takeSealed(message[messageOverhead:]); n != body {
		return 0, nil, fmt.Errorf("%d octets taken of %d", n, body)
	}
	return in.endSealed()
}

func TestBadMessages(t *testing.T) {
	key := &boxKey{1, 2, 3}
	message := func(n uint64, flags byte, body string) []byte {
		b := boxSealed(newSealer(key, nonceServer, n-1), flags, []byte(body))
		h, _ := readHeader(b)
		return b[h.length:]
	}
	large := string(fill(100_000))
	for name, tc := range map[string]struct {
		message []byte
		want    string
	}{
		"good":             {message(6, 0, "x"), ""},
		"MORE":             {message(6, boxMore, "x"), ""},
		"command":          {message(6, boxCommand, "\x04PONG"), ""},
		"empty":            {message(7, 0, ""), ""},
		"replayed":         {message(5, 0, "x"), "nonce 5 after 5"},
		"old nonce":        {message(4, 0, "x"), "nonce 4 after 5"},
		"other name":       {append([]byte("\x07MESSAGX"), message(6, 0, "x")[8:]...), "something else"},
		"changed nonce":    {changed(message(6, 0, "x"), messageTag-1, 7), "not authentic"},
		"changed tag":      {changed(message(6, 0, "x"), messageTag, 0), "not authentic"},
		"changed body":     {changed(message(6, 0, "x"), messageOverhead, 0), "not authentic"},
		"cut off":          {message(6, 0, "xyz")[:messageOverhead+1], "not authentic"},
		"unknown flag":     {message(6, 4, "x"), "flags 0x04"},
		"command and MORE": {message(6, 3, "x"), "flags 0x03"},

		"large":                      {message(6, 0, large), ""},
		"large, MORE":                {message(6, boxMore, large), ""},
		"large, replayed":            {message(5, 0, large), "nonce 5 after 5"},
		"large, other name":          {append([]byte("\x07MESSAGX"), message(6, 0, large)[8:]...), "something else"},
		"large, changed nonce":       {changed(message(6, 0, large), messageTag-1, 7), "not authentic"},
		"large, changed tag":         {changed(message(6, 0, large), messageBox-1, 0), "not authentic"},
		"large, changed flags":       {changed(message(6, 0, large), messageBox, 0), "not authentic"},
		"large, changed first octet": {changed(message(6, 0, large), messageOverhead, 0), "not authentic"},
		"large, changed last octet":  {changed(message(6, 0, large), messageOverhead+len(large)-1, 0), "not authentic"},
		"large, cut off":             {message(6, 0, large)[:messageOverhead+len(large)-1], "not authentic"},
		"large, unknown flag":        {message(6, 4, large), "flags 0x04"},
	} {
		_, _, err := open(newOpener(key, nonceServer, 5), tc.message)
		if err == nil && tc.want == "" {
			continue
		}
		if !errors.Is(err, transport.ErrProtocol) || !strings.Contains(err.Error(), tc.want) || tc.want == "" {
			t.Errorf("%s: %v, want %q", name, err, tc.want)
		}
	}
}

// A MESSAGE that was taken is not taken again, and none from before it.
func TestReplay(t *testing.T) {
	key := &boxKey{1, 2, 3}
	s, o := newSealer(key, nonceServer, 5), newOpener(key, nonceServer, 5)
	var all [][]byte
	for range 3 {
		b := boxSealed(s, 0, []byte("x"))
		h, _ := readHeader(b)
		all = append(all, b[h.length:])
	}
	for _, step := range []struct {
		message int
		ok      bool
	}{{0, true}, {0, false}, {2, true}, {1, false}, {2, false}} {
		_, _, err := open(o, bytes.Clone(all[step.message]))
		if (err == nil) != step.ok {
			t.Errorf("message %d: %v", step.message, err)
		}
	}
}

// Large frames are the same however they arrive, and whatever is in between.
func TestLargeMessagesInPieces(t *testing.T) {
	key := &boxKey{1, 2, 3}
	s := newSealer(key, nonceServer, 5)
	var octets []byte
	var want []message
	m := newLimits(transport.Limits{}.WithDefaults())
	sizes := []int{largeFrame - 1, largeFrame, largeFrame + 1, 9000, 9183, 9184, 65_536, 300_000}
	for i, n := range sizes {
		m := message{fill(i), fill(n), fill(3 * i)}
		octets = append(octets, boxSealed(s, boxMore, m[0])...)
		octets = append(octets, boxSealed(s, boxMore, m[1])...)
		octets = append(octets, boxSealed(s, 0, m[2])...)
		want = append(want, m)
	}
	for _, piece := range []int{1, 7, 64, 4096, 10_007, 131_072, len(octets)} {
		c := &collector{}
		in := &inbound{limits: &m, sink: c, cipher: newOpener(key, nonceServer, 5)}
		for begin := 0; begin < len(octets); begin += piece {
			if err := feed(in, octets[begin:min(begin+piece, len(octets))]); err != nil {
				t.Fatalf("pieces of %d: %v", piece, err)
			}
			if begin/piece%3 == 0 {
				in.park()
			}
		}
		if len(c.got) != len(want) {
			t.Fatalf("pieces of %d: %d messages, want %d", piece, len(c.got), len(want))
		}
		for i, m := range c.got {
			if err := sameMessage(m, want[i]); err != nil {
				t.Errorf("pieces of %d, a frame of %d octets: %v", piece, sizes[i], err)
			}
		}
	}
}

// What is on the wire after a handshake with CURVE may be wrong, too.
func TestBadCurveTraffic(t *testing.T) {
	a, b := newEnd(t, secure(t)), newEnd(t, secure(t), small)
	for name, tc := range map[string]struct {
		octets []byte
		want   error
	}{
		"plain frame":          {frame(0, "x"), transport.ErrProtocol},
		"plain command":        {command("PING", []byte{0, 0}), transport.ErrProtocol},
		"MORE":                 {[]byte{1}, transport.ErrProtocol},
		"not authentic":        {frame(0, messageName+strings.Repeat("\xff", 25)), transport.ErrProtocol},
		"large":                {long(0, 50_001+messageOverhead), transport.ErrTooLarge},
		"large, not authentic": {append(long(0, 900+messageOverhead), []byte(messageName+strings.Repeat("\xff", 925))...), transport.ErrProtocol},
	} {
		t.Run(name, func(t *testing.T) {
			out := a.dialKey(b, keyOf(b))
			got(t, "up", out.up)
			in := got(t, "accepted", b.accepted)
			if _, err := out.conn.Driver().(*link).sock.Write(tc.octets); err != nil {
				t.Fatal(err)
			}
			if err := got(t, "down", in.down); !errors.Is(err, tc.want) {
				t.Errorf("%v, want %v", err, tc.want)
			}
		})
	}
}

func TestLargeCurveCommand(t *testing.T) {
	a, b := newEnd(t, secure(t)), newEnd(t, secure(t))
	out := a.dialKey(b, keyOf(b))
	got(t, "up", out.up)
	in := got(t, "accepted", b.accepted)
	largest := append([]byte("\x01x"), make([]byte, maxCommand-2)...)
	if err := out.conn.SendCommand(largest); err != nil {
		t.Fatal(err)
	}
	if err := out.conn.Send([]byte("x")); err != nil {
		t.Fatal(err)
	}
	got(t, "a message after the largest command", in.inbox)
	for _, size := range []int{maxCommand + 1, largeFrame} {
		_ = out.conn.SendCommand(append(largest, make([]byte, size-len(largest))...))
		if err := got(t, "down", in.down); !errors.Is(err, transport.ErrTooLarge) {
			t.Errorf("%d octets: %v", size, err)
		}
		out = a.dialKey(b, keyOf(b))
		got(t, "up", out.up)
		in = got(t, "accepted", b.accepted)
	}
}

// Heartbeats work within CURVE.
func TestCurveHeartbeats(t *testing.T) {
	t.Parallel()
	a, b := newEnd(t, secure(t), lively), newEnd(t, secure(t), lively)
	out := a.dialKey(b, keyOf(b))
	got(t, "up", out.up)
	in := got(t, "accepted", b.accepted)
	engine := a.Transport.(*engine)
	for start := engine.beat.Load(); engine.beat.Load()-start < 2*deadAfter; {
		time.Sleep(time.Millisecond)
	}
	for _, o := range []*owner{out, in} {
		if err := o.conn.Err(); err != nil {
			t.Errorf("ended: %v", err)
		}
	}
}

func BenchmarkCurveHandshake(b *testing.B) {
	x, y := newEnd(b, secure(b)).Transport.(*engine), newEnd(b, secure(b)).Transport.(*engine)
	for range b.N {
		client, server := shake(b, x, y, nil, nil)
		if client.err != nil || server.err != nil {
			b.Fatal(fmt.Errorf("%w, %w", client.err, server.err))
		}
	}
}

// boxSealed is a frame with a MESSAGE whose box begins with any flags.
func boxSealed(s *sealer, flags byte, body []byte) []byte {
	run := s.run(0, keyBlocks)
	var keys keyPiece
	keystream.Fill(keys[:], &s.key, []keystream.Run{run})
	b := s.seal(make([]byte, 0, sealedSize(len(body))), 0, body, keys[:])
	keystream.Fill(keys[:], &s.key, []keystream.Run{run})
	h, _ := readHeader(b)
	m := b[h.length:]
	m[messageBox] ^= flags
	poly1305.Sum((*[16]byte)(m[messageTag:]), m[messageBox:], (*[32]byte)(keys[:]))
	return b
}
