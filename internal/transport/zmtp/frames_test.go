package zmtp

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/gozre/zre/internal/transport"
)

// small makes the limits small.
func small(cfg *transport.Config) {
	cfg.Limits.MaxFrame = 50_000
	cfg.Limits.MaxMessage = 100_000
	cfg.Limits.MaxFrames = 100
	cfg.Limits.MaxFirst = 1000
}

// long is the header of a frame with a long size.
func long(flags byte, size uint64) []byte {
	b := []byte{flags | transport.FlagLong, 0, 0, 0, 0, 0, 0, 0, 0}
	for i := range 8 {
		b[8-i] = byte(size >> (8 * i))
	}
	return b
}

// What is sent after a handshake may break the protocol or a limit. The last octet says so,
// and the connection ends with it.
func TestBadTraffic(t *testing.T) {
	for name, tc := range map[string]struct {
		octets []byte
		want   error
	}{
		"reserved flag":               {[]byte{8}, transport.ErrProtocol},
		"all flags":                   {[]byte{255}, transport.ErrProtocol},
		"command with MORE":           {[]byte{5}, transport.ErrProtocol},
		"command without a name":      {frame(4, ""), transport.ErrProtocol},
		"command with an empty name":  {frame(4, "\x00"), transport.ErrProtocol},
		"name beyond the command":     {frame(4, "\x05PING"), transport.ErrProtocol},
		"PING without time to live":   {frame(4, "\x04PING\x00"), transport.ErrProtocol},
		"large command":               {long(4, maxCommand+1), transport.ErrTooLarge},
		"large frame":                 {join(frame(1, "x"), long(0, 50_001)), transport.ErrTooLarge},
		"huge frame":                  {join(frame(1, "x"), long(0, 1<<63-1)), transport.ErrTooLarge},
		"frame of 2^64-1":             {join(frame(1, "x"), long(0, 1<<64-1)), transport.ErrTooLarge},
		"large first frame":           {long(1, 1001), transport.ErrTooLarge},
		"large first frame, the only": {long(0, 1001), transport.ErrTooLarge},
		"too many frames":             {bytes.Repeat([]byte{1, 0}, 101), transport.ErrTooLarge},
		"large message": {
			join(frame(1, "x"), bytes.Repeat(join(long(1, 49_000), make([]byte, 49_000)), 2), long(0, 2000)),
			transport.ErrTooLarge,
		},
		"large message of small frames": {
			join(frame(1, ""), bytes.Repeat(frame(1, strings.Repeat("x", 1200)), 81), long(1, 1200)),
			transport.ErrTooLarge,
		},
	} {
		for _, slow := range []bool{false, true} {
			if slow && len(tc.octets) > 1000 {
				continue
			}
			t.Run(name, func(t *testing.T) {
				s, o := newEnd(t, small).shaken()
				before := tc.octets[:len(tc.octets)-1]
				if slow {
					s.sendSlowly(before)
				} else {
					s.send(before)
				}
				select {
				case err := <-o.down:
					t.Fatalf("down before the last octet: %v", err)
				default:
				}
				s.send(tc.octets[len(tc.octets)-1:])
				if err := got(t, "down", o.down); !errors.Is(err, tc.want) {
					t.Errorf("%v, want %v", err, tc.want)
				}
				s.expectEnd()
				if len(o.inbox) > 0 {
					t.Error("a message was received")
				}
			})
		}
	}
}

// What was whole before the octets that break a rule is received, also if all came at once.
func TestWholeBeforeBadTraffic(t *testing.T) {
	s, o := newEnd(t, small).shaken()
	s.send(frame(1, "first"), frame(0, "second"), frame(0, "third"), frame(1, "no end"), []byte{8})
	for _, want := range []message{{[]byte("first"), []byte("second")}, {[]byte("third")}} {
		if err := sameMessage(got(t, "a message", o.inbox), want); err != nil {
			t.Error(err)
		}
	}
	if err := got(t, "down", o.down); !errors.Is(err, transport.ErrProtocol) || len(o.inbox) > 0 {
		t.Errorf("%v, and %d messages more", err, len(o.inbox))
	}
}

// The limits themselves are allowed.
func TestLargestTraffic(t *testing.T) {
	s, o := newEnd(t, small).shaken()
	for name, tc := range map[string]struct {
		octets []byte
		frames int
	}{
		"first frame": {join(long(0, 1000), make([]byte, 1000)), 1},
		"frame":       {join(frame(1, ""), long(0, 50_000), make([]byte, 50_000)), 2},
		"frames":      {join(bytes.Repeat([]byte{1, 0}, 99), []byte{0, 0}), 100},
		"message":     {join(frame(1, ""), long(1, 50_000), make([]byte, 50_000), long(0, 50_000-72), make([]byte, 50_000-72)), 3},
		"long form":   {join(long(1, 1), []byte{'x'}, long(0, 0)), 2},
	} {
		s.send(tc.octets)
		if m := got(t, name, o.inbox); len(m) != tc.frames {
			t.Errorf("%s: %d frames, want %d", name, len(m), tc.frames)
		}
	}
}

func TestCommands(t *testing.T) {
	s, o := newEnd(t).shaken()
	for context, back := range map[string]string{"": "", "context": "context", strings.Repeat("x", 17): strings.Repeat("x", 16)} {
		s.send(command("PING", []byte("\x00\x0a"+context)))
		s.expect("answer", command("PONG", []byte(back)))
	}
	s.send(command("PONG", []byte("x")), command("SUBSCRIBE", []byte("topic")), command("x", make([]byte, maxCommand-2)))
	// Between the frames of a message, as libzmq does.
	s.send(frame(1, "first"), command("PING", []byte("\x00\x00")), frame(1, "second"), command("unknown", nil), frame(0, "third"))
	s.expect("answer", command("PONG", nil))
	if err := sameMessage(got(t, "a message", o.inbox), message{[]byte("first"), []byte("second"), []byte("third")}); err != nil {
		t.Error(err)
	}
}

// A peer that asks and does not read the answers does not fill our memory.
func TestUnreadAnswersAreBounded(t *testing.T) {
	l := newEnd(t).Transport.(*engine).newLink(nil) // It is not up: nothing is written.
	for range 30_000 {
		if err := l.command([]byte("\x04PING\x00\x00context")); err != nil {
			t.Fatal(err)
		}
	}
	if n := l.conn.Queued(); n == 0 || n > pongMost+100 {
		t.Errorf("%d octets queued, want at most about %d", n, pongMost)
	}
}

// feed gives octets to an inbound, as much at once as it reads.
func feed(in *inbound, octets []byte) error {
	for len(octets) > 0 {
		body, next := in.target()
		n := copy(body, octets)
		n += copy(next, octets[n:])
		octets = octets[n:]
		if err := in.arrived(n); err != nil {
			return err
		}
	}
	return nil
}

// A large frame gets memory as it arrives, not as it is announced.
func TestAnnouncementGetsNoMemory(t *testing.T) {
	m := newLimits(transport.Limits{}.WithDefaults())
	in := &inbound{limits: &m, sink: &countingSink{}}
	const announced = 200 << 20
	if err := feed(in, join(frame(1, "first"), long(0, announced))); err != nil {
		t.Fatal(err)
	}
	for arrived := 0; arrived < 4<<20; arrived += 10_000 {
		if got, most := cap(in.large.body), max(trusted, 2*arrived); got > most {
			t.Fatalf("%d octets of memory when %d have arrived, want at most %d", got, arrived, most)
		}
		if err := feed(in, make([]byte, 10_000)); err != nil {
			t.Fatal(err)
		}
	}
	// One that has carried a large frame gets it at once, up to twice that size.
	in = &inbound{limits: &m, sink: &countingSink{}}
	whole := join(frame(1, "first"), long(0, 1<<20), make([]byte, 1<<20))
	if err := feed(in, join(whole, frame(1, "first"), long(0, announced))); err != nil {
		t.Fatal(err)
	}
	if got := cap(in.large.body); got != 2<<20 {
		t.Errorf("%d octets of memory, want %d", got, 2<<20)
	}
}

// What a receiver keeps is its own: the memory is not written to again.
func TestReceivedFramesAreTheReceivers(t *testing.T) {
	a, b := newEnd(t), newEnd(t)
	out, in := connected(t, a, b)
	var kept []message
	for round := range 50 {
		for i := range 20 {
			octets := bytes.Repeat([]byte{byte(round)}, 100*i+7)
			if err := out.conn.Send([]byte{byte(i)}, octets[7:], octets[:7]); err != nil {
				t.Fatal(err)
			}
		}
		for range 20 {
			kept = append(kept, got(t, "a message", in.inbox))
		}
	}
	for i, m := range kept {
		for _, f := range m[1:] {
			if !bytes.Equal(f, bytes.Repeat([]byte{byte(i / 20)}, len(f))) {
				t.Fatalf("a frame of message %d was overwritten", i)
			}
			if cap(f) != len(f) {
				t.Fatalf("a frame of message %d can grow into its neighbour", i)
			}
		}
	}
}

// Limits as large as they can be do not overflow.
func TestLargestLimits(t *testing.T) {
	m := newLimits(transport.Limits{
		MaxFrame: math.MaxInt64, MaxMessage: math.MaxInt64, MaxFirst: math.MaxInt, MaxFrames: math.MaxInt,
	}.WithDefaults())
	for _, cipher := range []*opener{nil, {}} {
		in := &inbound{limits: &m, sink: &countingSink{}, cipher: cipher}
		if err := in.check(transport.FlagMore, m.frame); err == nil {
			t.Error("a message of one largest frame has room for what the frame costs")
		}
		if err := in.check(transport.FlagMore, m.frame-frameCost); err != nil {
			t.Error(err)
		}
		in.frames, in.octets = 1, m.message
		if err := in.check(0, m.frame); !errors.Is(err, transport.ErrTooLarge) {
			t.Errorf("one more frame: %v", err)
		}
	}
}

// What a message costs does not count for the next one, also if it ends with a large frame.
func TestLimitsAreOfOneMessage(t *testing.T) {
	s, o := newEnd(t, small).shaken()
	for range 5 {
		s.send(frame(1, ""), long(1, 49_000), make([]byte, 49_000), long(0, 49_000), make([]byte, 49_000))
		got(t, "a message", o.inbox)
	}
}
