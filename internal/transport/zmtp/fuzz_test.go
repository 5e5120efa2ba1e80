package zmtp

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/gozre/zre/internal/curve"
	"github.com/gozre/zre/internal/transport"
)

// recorded is a stream from which a fuzzer's octets are read, some at a time.
type recorded struct {
	octets []byte
	piece  int
	wrote  bytes.Buffer
}

func (r *recorded) Read(b []byte) (int, error) {
	if len(r.octets) == 0 {
		return 0, io.EOF
	}
	n := copy(b[:min(len(b), r.piece)], r.octets)
	r.octets = r.octets[n:]
	return n, nil
}

func (r *recorded) Write(b []byte) (int, error)     { return r.wrote.Write(b) }
func (r *recorded) SetReadDeadline(time.Time) error { return nil }

// fuzzConfig is that of a transport, with CURVE or not.
func fuzzConfig(t testing.TB, secure bool) (*transport.Config, *keyPair) {
	cfg := &transport.Config{
		Identity: []byte("id"), Logger: slog.New(slog.DiscardHandler), Limits: transport.Limits{}.WithDefaults(),
	}
	if !secure {
		return cfg, nil
	}
	cfg.Security = &transport.Security{Allow: func(curve.Key, netip.AddrPort) error { return nil }}
	cfg.Security.Public, cfg.Security.Secret = newKeys(t)
	keys, err := newKeyPair(cfg.Security.Public, cfg.Security.Secret)
	if err != nil {
		t.Fatal(err)
	}
	return cfg, keys
}

// FuzzHandshake: whatever a peer sends, a handshake ends, with an error of a class or a peer
// that may be one, and has read no more than it may hold.
func FuzzHandshake(f *testing.F) {
	for _, tc := range badHandshakes {
		f.Add(tc.octets, false, false, byte(1))
		f.Add(tc.octets, true, true, byte(100))
	}
	f.Add(join(peerGreeting, dealerReady, frame(0, "x")), false, false, byte(3))
	f.Add(join(peerGreeting, routerReady, frame(0, "x")), true, false, byte(255))
	f.Add(join(greeting(curveName, true), command("WELCOME", make([]byte, welcomeSize))), true, true, byte(50))
	f.Add(join(greeting(curveName, false), command("HELLO", make([]byte, helloSize))), false, true, byte(50))
	plainCfg, _ := fuzzConfig(f, false)
	secureCfg, keys := fuzzConfig(f, true)
	f.Fuzz(func(t *testing.T, octets []byte, dialed, secure bool, piece byte) {
		r := &recorded{octets: octets, piece: max(int(piece), 1)}
		h := &handshake{cfg: plainCfg, conn: r, dialed: dialed}
		if secure {
			h.cfg, h.own, h.key = secureCfg, keys, keys.public
		}
		p, err := h.run()
		if cap(h.buf) > 2*(maxCommand+greetingSize+512) {
			t.Errorf("it holds %d octets", cap(h.buf))
		}
		if err == nil {
			if len(p.identity) > maxIdentity || secure {
				t.Errorf("accepted: identity of %d octets, secure %v", len(p.identity), secure)
			}
			return
		}
		for _, class := range []error{transport.ErrHandshake, transport.ErrMechanism, transport.ErrUntrusted, transport.ErrWrongKey} {
			if errors.Is(err, class) {
				return
			}
		}
		t.Errorf("%v is of no class", err)
	})
}

// collector is a sink that keeps what it gets.
type collector struct {
	got      []message
	commands int
}

func (c *collector) messages(batch []transport.Message) {
	for _, m := range batch {
		c.got = append(c.got, append(message{bytes.Clone(m.First)}, m.Rest...))
	}
}

func (c *collector) command([]byte) error {
	c.commands++
	return nil
}

// fuzzLimits are small, so that a fuzzer reaches them.
var fuzzLimits = limits{frame: 20_000, message: 25_000, frames: 200, first: 300}

// parsePlain is what inbound does, in the simplest way: the messages of a stream, how many
// commands there are, and whether the stream breaks the rules.
func parsePlain(b []byte, m limits) (all []message, commands int, bad bool) {
	var now message
	octets := int64(0)
	for len(b) > 0 {
		flags := b[0]
		if flags > 7 || flags&5 == 5 {
			return all, commands, true
		}
		h, ok := readHeader(b)
		if !ok {
			return all, commands, false
		}
		isCommand := flags&transport.FlagCommand != 0
		size := h.size
		if isCommand && size > maxCommand {
			return all, commands, true
		}
		if !isCommand && (size > uint64(m.frame) || len(now) == 0 && size > uint64(m.first) ||
			uint64(octets)+size+frameCost > uint64(m.message) || len(now) >= m.frames) {
			return all, commands, true
		}
		b = b[h.length:]
		if uint64(len(b)) < size {
			return all, commands, false
		}
		body := b[:size]
		b = b[size:]
		if isCommand {
			commands++
			continue
		}
		now = append(now, body)
		octets += int64(size) + frameCost
		if flags&transport.FlagMore == 0 {
			all, now, octets = append(all, now), nil, 0
		}
	}
	return all, commands, false
}

// FuzzFrames: a stream gives the same messages however it is cut into reads, and those that
// the simplest parser finds.
func FuzzFrames(f *testing.F) {
	f.Add(join(frame(1, "first"), frame(0, "second"), command("PING", nil), frame(0, "")), uint16(1))
	f.Add(join(frame(1, "first"), long(0, 9000), make([]byte, 9000), frame(0, "x")), uint16(700))
	f.Add(join(frame(1, "first"), long(1, 12_000), make([]byte, 12_000), frame(1, "x"), long(0, 8192), make([]byte, 8192), frame(0, "y")), uint16(5000))
	f.Add(bytes.Repeat([]byte{1, 0}, 250), uint16(3))
	f.Add(bytes.Repeat(frame(1, strings.Repeat("x", 200)), 130), uint16(65_535))
	f.Add(bytes.Repeat(join(frame(1, "first"), frame(0, "second")), 700), uint16(65_535))
	f.Add(bytes.Repeat([]byte{0, 0}, 2000), uint16(60_000))
	f.Add(append(bytes.Repeat(frame(1, "0123456789"), 199), 0, 0), uint16(100))
	f.Add(long(0, 301), uint16(2))
	f.Fuzz(func(t *testing.T, octets []byte, piece uint16) {
		want, commands, bad := parsePlain(octets, fuzzLimits)
		c := &collector{}
		in := &inbound{limits: &fuzzLimits, sink: c}
		var err error
		for rest := octets; len(rest) > 0 && err == nil; {
			n := min(len(rest), max(int(piece)+1, len(octets)/500))
			err = feed(in, rest[:n])
			rest = rest[n:]
			if piece%2 == 0 && err == nil {
				in.park()
			}
		}
		if in.frames == 0 && (in.small != 0 || in.octets != 0) {
			t.Fatalf("%d small octets and %d octets are counted of no message", in.small, in.octets)
		}
		if bad != (err != nil) {
			t.Fatalf("error %v, want one: %v", err, bad)
		}
		// What comes before an error is handed over, however it was read.
		if len(c.got) != len(want) || !bad && c.commands != commands {
			t.Fatalf("%d messages and %d commands, want %d and %d", len(c.got), c.commands, len(want), commands)
		}
		for i, m := range c.got {
			if err := sameMessage(m, want[i]); err != nil {
				t.Fatalf("message %d: %v", i, err)
			}
		}
	})
}

// FuzzCurve: a server and a client get commands that a fuzzer has changed, and streams of
// MESSAGEs; nothing is accepted that was not sealed.
func FuzzCurve(f *testing.F) {
	f.Add(byte(0), uint16(100), byte(1), []byte("x"))
	f.Add(byte(1), uint16(30), byte(255), []byte(messageName))
	f.Add(byte(2), uint16(8), byte(4), frame(0, messageName+"12345678901234567890123456"))
	f.Add(byte(3), uint16(0), byte(2), []byte{})
	a, b := newEnd(f, secure(f)).Transport.(*engine), newEnd(f, secure(f)).Transport.(*engine)
	f.Fuzz(func(t *testing.T, which byte, at uint16, to byte, insert []byte) {
		changedIt := false
		begins := [2][3]int{{helloBegin, 0, 0}, {0, welcomeBegin, 0}}
		change := func(n int, octets []byte) []byte {
			if n != int(which/2%3) || len(octets) == 0 {
				return octets
			}
			begin := max(int(at)%len(octets), begins[which%2][n])
			before := bytes.Clone(octets)
			octets = append(octets[:begin:begin], append(insert, octets[begin:]...)...)
			octets[begin] ^= to
			changedIt = !bytes.HasPrefix(octets, before)
			return octets
		}
		var client, server result
		if which%2 == 0 {
			client, server = shake(t, a, b, change, nil)
		} else {
			client, server = shake(t, a, b, nil, change)
		}
		// What was changed are the octets after the greeting, all of which count.
		refused := server.err
		if which%2 == 1 {
			refused = client.err
		}
		if counts := which%2 == 0 || which/2%3 >= serverWelcomeWrite; counts && changedIt && refused == nil {
			t.Fatalf("accepted: client %v, server %v", client.err, server.err)
		}
		if client.err != nil || server.err != nil {
			return
		}
		c := &collector{}
		in := &inbound{limits: &fuzzLimits, sink: c, cipher: server.peer.opener}
		if err := feed(in, insert); err == nil && len(c.got) > 0 {
			t.Fatalf("%d messages that were not sealed", len(c.got))
		}
	})
}
