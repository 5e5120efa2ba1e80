//go:build libzmq

package zmtp

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	zmq4 "github.com/pebbe/zmq4"

	"github.com/gozre/zre/internal/curve"
	"github.com/gozre/zre/internal/transport"
)

// The same octets go to a ROUTER of libzmq and to us. What we accept, libzmq accepts, and both
// receive the same messages. What libzmq accepts, we accept or refuse for one of these reasons.
var stricter = []string{
	"reserved bits in the flags",   // libzmq ignores them
	"a command with the flag MORE", // libzmq takes the next frame for a part of it
	"instead of a command",         // libzmq takes any frame for a command in a handshake
	"without a name",               // libzmq takes a command that is empty, or whose name is
	"PING of",                      // libzmq reads beyond a PING without a time to live
	"socket type of the peer",      // libzmq takes a peer that tells none
	"speaks ZMTP",                  // libzmq speaks ZMTP 1 and 2 as well
	"mechanism of the peer",        // libzmq looks at it when the greeting is whole
	"identity of the peer",         // libzmq has no limit
	"is cut off",                   // libzmq takes one octet too many in the metadata
	transport.ErrTooLarge.Error(),  // libzmq bounds frames, but not commands and messages
	"another key than ours",        // what a client of CURVE has to prove is checked in another order
	"in a MESSAGE",                 // libzmq ignores unknown flags
	"is not larger than that of the HELLO",
	"the peer sends",   // libzmq takes READY as well where it has an ERROR
	"the peer refuses", // libzmq waits for more after an ERROR whose reason is no status code
}

// outcome is what one end has made of the octets.
type outcome struct {
	messages []message
	alive    bool // it answers a PING after the octets
	err      error
}

// frames are those of all messages, as text.
func (o *outcome) frames() string {
	var b strings.Builder
	for _, m := range o.messages {
		fmt.Fprintf(&b, "%q\n", [][]byte(m))
	}
	return b.String()
}

// differential is the input of one comparison.
type differential struct {
	mode   byte
	octets []byte
	// wait is how long an answer may take. A peer that does not answer by then waits for more.
	wait time.Duration
}

const probe = "are you there"

// handshakeSize is the length of the greeting and the first frame, as far as they are there.
func handshakeSize(b []byte) int {
	if len(b) < greetingSize {
		return len(b)
	}
	h, ok := readHeader(b[greetingSize:])
	if rest := len(b) - greetingSize - h.length; ok && h.size <= uint64(rest) {
		return greetingSize + h.length + int(h.size)
	}
	return len(b)
}

// speak connects to an address, says what the input says, and looks whether the other end is
// still there afterwards.
func (d *differential) speak(t *testing.T, to netip.AddrPort, key curve.Key, keys *keyPair) (alive bool) {
	c, err := net.DialTCP("tcp", nil, net.TCPAddrFromAddrPort(to))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(20 * d.wait))
	ping := command("PING", append([]byte{0, 0}, probe...))
	pong := command("PONG", []byte(probe))
	var opener *opener
	var out []byte
	switch d.mode {
	case 0:
		out = append(bytes.Clone(d.octets), ping...)
	case 1:
		out = join(peerGreeting, d.octets, ping)
	case 2:
		out = join(peerGreeting, dealerReady, d.octets, ping)
	default:
		cfg := &transport.Config{Identity: []byte("\x01peer"), Security: &transport.Security{}}
		h := &handshake{cfg: cfg, own: keys, conn: c, dialed: true, key: key}
		p, err := h.run()
		if err != nil {
			t.Fatalf("handshake: %v", err)
		}
		opener = p.opener
		for _, b := range messagesOf(d.octets) {
			out = append(out, b.sealed(p.sealer)...)
		}
		out = append(out, (&sealedMessage{flags: boxCommand, body: ping[2:]}).sealed(p.sealer)...)
	}
	var got []byte
	buf := make([]byte, 4096)
	if opener == nil {
		// libzmq does not take anything after a READY before it has sent its own.
		n := handshakeSize(out)
		if _, err := c.Write(out[:n]); err != nil {
			return false
		}
		out = out[n:]
		_ = c.SetReadDeadline(time.Now().Add(d.wait))
		for len(got) <= greetingSize {
			n, err := c.Read(buf)
			got = append(got, buf[:n]...)
			if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
				return false
			}
			if err != nil {
				break
			}
		}
	}
	if _, err := c.Write(out); err != nil {
		return false
	}
	_ = c.SetReadDeadline(time.Now().Add(d.wait))
	for {
		n, err := c.Read(buf)
		got = append(got, buf[:n]...)
		if opener == nil && bytes.Contains(got, pong) || opener != nil && answered(opener, got) {
			return true
		}
		if err != nil {
			return errors.Is(err, os.ErrDeadlineExceeded) // It waits for more.
		}
	}
}

// answered looks for the answer to the PING in a stream of MESSAGEs.
func answered(o *opener, b []byte) bool {
	last := o.last
	defer func() { o.last = last }()
	for {
		h, ok := readHeader(b)
		if !ok || uint64(len(b)-h.length) < h.size {
			return false
		}
		m := bytes.Clone(b[h.length : h.length+int(h.size)])
		b = b[h.length+int(h.size):]
		if len(m) < messageOverhead {
			return false
		}
		if _, body, err := open(o, m); err == nil && bytes.Contains(body, []byte(probe)) {
			return true
		}
	}
}

// sealedMessage is a MESSAGE, which need not be a good one.
type sealedMessage struct {
	flags byte
	skip  byte // how many nonces are left out; 255 uses the last one again
	body  []byte
}

// messagesOf makes messages of a fuzzer's octets: flags, what is skipped, size, body.
func messagesOf(b []byte) (all []*sealedMessage) {
	for len(b) >= 3 {
		n := min(int(b[2]), len(b)-3)
		all = append(all, &sealedMessage{flags: b[0], skip: b[1], body: b[3 : 3+n]})
		b = b[3+n:]
	}
	return all
}

// sealed is the frame on the wire.
func (m *sealedMessage) sealed(s *sealer) []byte {
	if m.skip == 255 {
		s.last--
	} else {
		s.last += uint64(m.skip)
	}
	return boxSealed(s, m.flags, m.body)
}

// ourOutcome is what we make of the input.
func ourOutcome(t *testing.T, e *end, d *differential, keys *keyPair) (o outcome) {
	t.Helper()
	before := len(e.log.String())
	refusals := &e.Transport.(*engine).refusals
	refusals.mu.Lock()
	clear(refusals.told) // So that this one is logged, too.
	refusals.mu.Unlock()
	var key curve.Key
	if d.mode > 2 {
		key = keyOf(e)
	}
	o.alive = d.speak(t, e.addr, key, keys)
	eventually(t, "the connection is gone", func() bool {
		return len(e.Transport.(*engine).snapshot()) == 0
	})
	select {
	case in := <-e.accepted:
		o.err = got(t, "down", in.down)
		// On a busy machine the end may come too late for speak to see it.
		o.alive = o.alive && !errors.Is(o.err, transport.ErrProtocol) && !errors.Is(o.err, transport.ErrTooLarge)
		for len(in.inbox) > 0 {
			o.messages = append(o.messages, <-in.inbox)
		}
	default:
		o.err = errors.New(unquoted(e.log.String()[before:]))
	}
	return o
}

// theirOutcome is what libzmq makes of it.
func theirOutcome(t *testing.T, d *differential, public, secret curve.Key, keys *keyPair) (o outcome) {
	t.Helper()
	s, err := zmq4.NewSocket(zmq4.ROUTER)
	check(t, err)
	defer s.Close()
	check(t, s.SetLinger(0))
	check(t, s.SetMaxmsgsize(fuzzFrameMost))
	check(t, s.SetRcvhwm(0)) // Else it reads no more than 1,000 messages before they are taken.
	check(t, s.SetRcvtimeo(d.wait/4))
	if d.mode > 2 {
		check(t, curveServer(public, secret)(s))
	}
	addr := bound(t, s)
	o.alive = d.speak(t, addr, public, keys)
	for {
		m, err := s.RecvMessageBytes(0)
		if err != nil {
			return o
		}
		if text := string(m[1]); !strings.HasPrefix(text, "\x09SUBSCRIBE") && !strings.HasPrefix(text, "\x06CANCEL") {
			o.messages = append(o.messages, m[1:]) // These two commands libzmq's ROUTER takes for messages.
		}
	}
}

// agree reports whether the two are the same, or we are stricter.
func agree(ours, theirs *outcome) bool {
	if ours.frames() == theirs.frames() && ours.alive == theirs.alive {
		return true
	}
	// What we took is the beginning of what libzmq took, and the reason is known.
	return strings.HasPrefix(theirs.frames(), ours.frames()) && (theirs.alive || !ours.alive) &&
		slices.ContainsFunc(stricter, func(reason string) bool {
			return strings.Contains(ours.err.Error(), reason)
		})
}

const fuzzFrameMost = 20_000

// FuzzDifferential compares.
func FuzzDifferential(f *testing.F) {
	for _, tc := range badHandshakes {
		f.Add(byte(0), tc.octets)
		if len(tc.octets) > greetingSize {
			f.Add(byte(1), tc.octets[greetingSize:])
		}
	}
	f.Add(byte(0), join(peerGreeting, dealerReady, frame(1, "first"), frame(0, "second")))
	f.Add(byte(0), join(changed(peerGreeting, 11, 0), dealerReady, frame(0, "x")))
	f.Add(byte(0), join(changed(peerGreeting, 10, 4), dealerReady, frame(0, "x")))
	f.Add(byte(0), join(changed(peerGreeting, 40, 9), dealerReady, frame(0, "x")))
	f.Add(byte(1), join(ready("Socket-Type", "REQ"), frame(1, ""), frame(0, "x")))
	f.Add(byte(1), join(ready("Socket-Type", "DEALER", "Socket-Type", "PUB"), frame(0, "x")))
	f.Add(byte(1), join(ready("socket-type", "DEALER"), frame(0, "x")))
	f.Add(byte(1), []byte("\x04\n\x05ERROR\x03\x04\n\x05400"))
	f.Add(byte(2), join(frame(1, "first"), command("PING", []byte("\x00\x00x")), frame(0, "second"), frame(0, "")))
	f.Add(byte(2), join(frame(1, "first"), long(0, 19_000), make([]byte, 19_000), long(0, 3), []byte("xyz")))
	f.Add(byte(2), long(0, 20_001))
	f.Add(byte(2), join(command("SUBSCRIBE", []byte("x")), command("unknown", nil), frame(0, "x")))
	f.Add(byte(3), []byte("\x01\x00\x05first\x00\x03\x06second\x00\x00\x00"))
	f.Add(byte(3), []byte("\x00\xff\x05again"))
	f.Add(byte(3), []byte(strings.Repeat("\x00\x00\x00", 2000)+"\x00\xff\x00"))
	f.Add(byte(3), []byte("\x04\x00\x05flags\x03\x00\x01x"))
	f.Add(byte(3), []byte("\x02\x00\x08\x07unknown\x00\x00\x01x"))
	public, secret := newKeys(f)
	_, keys := fuzzConfig(f, true)
	limited := func(cfg *transport.Config) {
		cfg.Limits.MaxFrame, cfg.Limits.MaxMessage, cfg.Limits.MaxFirst = fuzzFrameMost, 1<<30, fuzzFrameMost
	}
	plain, secured := newEnd(f, limited), newEnd(f, limited, secure(f))
	var one sync.Mutex
	f.Fuzz(func(t *testing.T, mode byte, octets []byte) {
		one.Lock()
		defer one.Unlock()
		us := plain
		if mode%4 > 2 {
			us = secured
		}
		var ours, theirs outcome
		// On a busy machine an answer may come late. A difference that is one stays.
		for _, wait := range []time.Duration{100 * time.Millisecond, time.Second, 4 * time.Second} {
			d := &differential{mode % 4, octets, wait}
			ours = ourOutcome(t, us, d, keys)
			theirs = theirOutcome(t, d, public, secret, keys)
			if agree(&ours, &theirs) {
				return
			}
		}
		t.Errorf("we: alive %v, ended by %v\n%s\nlibzmq: alive %v\n%s",
			ours.alive, ours.err, ours.frames(), theirs.alive, theirs.frames())
	})
}
