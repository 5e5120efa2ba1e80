package zmtp

import (
	"math"

	"github.com/gozre/zre/internal/transport"
)

const (
	// largeFrame is the size from which a frame is read into memory of its own.
	largeFrame = 8 << 10
	// headRead is how much is read where another large frame is likely to begin:
	// what is read of its body here has to be copied. With CURVE all is read here.
	headRead = 4 << 10
)

// inbound takes apart what arrives on a connection. It belongs to the goroutine
// that reads.
//
// What arrives is read into a scratch, where all whole frames are found first;
// then the whole messages are handed over at once (batch.go). A large frame is
// read into memory of its own (large.go), or with CURVE decrypted into that
// (decrypt_large.go). What is left of a message that is not
// whole is held until the rest arrives.
type inbound struct {
	limits *limits
	later  *limits // that hold when the connection is admitted, nil if these do
	sink   sink

	admitted func() bool // the other end is known; see transport.Limits.MaxStranger

	cipher *opener  // with CURVE
	sealed *opening // the large frame with CURVE
	reader reader

	rx      *scratch // nil while there is nothing to read
	partial []byte   // the start of a frame, while rx is nil

	// The message in progress.
	frames int   // how many frames there are so far
	octets int64 // of these, with frameCost each
	small  int   // octets of those after the first that are in rx

	// A message that began in what was read before. It is the first of the next
	// batch.
	held  bool
	whole bool     // it is complete
	full  bool     // the last read has filled the scratch; here for the size of a link
	first []byte   // this memory is used again
	rest  [][]byte // the receiver's

	large largeBody
}

// sink gets what inbound finds.
type sink interface {
	// messages gets whole messages; what they refer to is valid until it returns,
	// as in transport.Handler.
	messages([]transport.Message)
	// command gets the body of a command, valid until it returns.
	command(body []byte) error
}

// target returns where to read to: first to body, if that is not empty, and then to
// next.
func (in *inbound) target() (body, next []byte) {
	if in.rx == nil {
		in.rx = getScratch(in.partial, in.cipher != nil)
		in.partial, in.full = in.partial[:0], false
	}
	rx := in.rx
	if in.cipher == nil && in.large.active {
		return in.large.room(), rx.buf[:headRead]
	}
	if in.cipher == nil && in.large.likely && rx.w < headRead {
		return nil, rx.buf[rx.w:headRead]
	}
	if (in.full || in.large.active) && len(rx.buf) == readSmall {
		in.rx = largeScratch.Get().(*scratch)
		in.rx.w = copy(in.rx.buf, rx.buf[:rx.w])
		in.rx.ahead, rx.ahead = rx.ahead, nil
		rx.put()
		rx = in.rx
	}
	return nil, rx.buf[rx.w:]
}

// arrived says that n octets were read to the target, and parses them. All whole
// messages are handed over when it returns, also those before octets that break a rule:
// what is received does not depend on how TCP cuts the stream.
func (in *inbound) arrived(n int) error {
	if in.cipher == nil && in.large.active {
		n -= in.large.filled(n)
	}
	rx := in.rx
	rx.w += n
	in.full = rx.w == len(rx.buf)
	err := in.parse()
	in.deliver()
	if err != nil {
		return err
	}
	in.hold()
	rx.w = copy(rx.buf, rx.buf[rx.r:rx.w])
	rx.r = 0
	return nil
}

// park gives the memory back that is not needed while nothing arrives.
func (in *inbound) park() {
	rx := in.rx
	if rx == nil {
		return
	}
	in.rx = nil
	if rx.w > 0 {
		in.partial = append(in.partial, rx.buf[:rx.w]...)
	} else {
		in.partial = nil
	}
	if !in.held {
		in.first = nil
	}
	rx.put()
}

// forget gives up what there is of the message in progress.
func (in *inbound) forget() {
	in.first, in.rest, in.rx, in.partial = nil, nil, nil, nil
	in.large, in.sealed = largeBody{}, nil
}

// parse consumes whole frames, and the start of a large one.
func (in *inbound) parse() error {
	rx := in.rx
	for {
		if in.large.active {
			if in.sealed != nil {
				rx.r += in.takeSealed(rx.buf[rx.r:rx.w])
			} else {
				rx.r += in.large.take(rx.buf[rx.r:rx.w])
			}
			if !in.large.complete() {
				return nil
			}
			if err := in.largeFrame(); err != nil {
				return err
			}
		}
		if in.cipher == nil {
			in.shortFrames()
		}
		if rx.r == rx.w {
			return nil
		}
		if err := in.checkFlags(rx.buf[rx.r]); err != nil {
			return err
		}
		h, ok := readHeader(rx.buf[rx.r:rx.w])
		if !ok {
			return nil
		}
		body, err := in.bodySize(h)
		if err != nil {
			return err
		}
		if err := in.check(h.flags, body); err != nil {
			if !in.admit() {
				return err
			}
			continue
		}
		if body >= largeFrame {
			began, err := in.startLarge(h, int(body))
			if !began {
				return err
			}
			continue
		}
		in.large.likely = false
		at := rx.r + h.length
		end := at + int(h.size)
		if end > rx.w {
			return nil
		}
		rx.r = end
		if err := in.frame(h.flags, at, rx.buf[at:end:end]); err != nil {
			return err
		}
	}
}

// startLarge begins a large frame, unless what a MESSAGE has before the body is missing.
func (in *inbound) startLarge(h header, body int) (began bool, err error) {
	rx := in.rx
	at := rx.r + h.length
	if in.cipher == nil {
		in.large.start(h.flags, body)
		rx.r = at
		return true, nil
	}
	end := at + messageOverhead
	if end > rx.w {
		return false, nil
	}
	if err := in.startSealed(rx.buf[at:end], body); err != nil {
		return false, err
	}
	rx.r = end
	return true, nil
}

// bodySize is the size of what a frame carries, which may be in a MESSAGE.
func (in *inbound) bodySize(h header) (int64, error) {
	switch {
	case h.size > math.MaxInt64:
		return 0, tooLarge("a frame of %d octets", h.size)
	case in.cipher == nil:
		return int64(h.size), nil
	case h.size < messageOverhead:
		return 0, protocolError("a frame of %d octets where CURVE has a MESSAGE", h.size)
	}
	return int64(h.size) - messageOverhead, nil
}

// shortFrames consumes frames up to 255 octets that are parts of messages and within
// all limits. It stops at the first one that is not. It does what add and finish do, for a message
// of which nothing is held: small messages spend most of their time here.
func (in *inbound) shortFrames() {
	rx, m := in.rx, in.limits
	if m.frame < 255 || m.first < 255 {
		return
	}
	frames, octets, small := in.frames, in.octets, in.small
	for r := rx.r; rx.w-r >= 2; {
		flags, size := rx.buf[r], int(rx.buf[r+1])
		end := r + 2 + size
		if flags&^transport.FlagMore != 0 || end > rx.w || frames >= m.frames ||
			octets+int64(size)+frameCost > m.message {
			break
		}
		v := view{uint32(r + 2), uint32(size)}
		r = end
		rx.r = end
		if in.held || len(rx.views) == cap(rx.views) {
			in.frames, in.octets, in.small = frames, octets, small
			in.add(v, flags)
			frames, octets, small = in.frames, in.octets, in.small
			continue
		}
		rx.views = append(rx.views, v)
		octets += int64(size) + frameCost
		if frames > 0 {
			small += size
		}
		frames++
		if flags == 0 {
			rx.ends = append(rx.ends, int32(len(rx.views)))
			rx.small += small
			frames, octets, small = 0, 0, 0
			if len(rx.ends) == cap(rx.ends) {
				in.deliver()
			}
		}
	}
	in.frames, in.octets, in.small = frames, octets, small
}

// frame gets a whole frame as it was on the wire, and where in rx it is.
func (in *inbound) frame(flags byte, at int, body []byte) error {
	if in.cipher != nil {
		keys := in.rx.ahead.keys(in, at, body)
		var err error
		if flags, body, err = in.cipher.open(body, keys); err != nil {
			return err
		}
		at += messageOverhead
	}
	if flags&transport.FlagCommand != 0 {
		return in.command(body)
	}
	in.add(view{uint32(at), uint32(len(body))}, flags)
	return nil
}

// largeFrame gets the large frame when it is whole.
func (in *inbound) largeFrame() error {
	var flags byte
	var body []byte
	if in.sealed == nil {
		flags, body = in.large.end()
	} else {
		var err error
		if flags, body, err = in.endSealed(); err != nil {
			return err
		}
		if flags&transport.FlagCommand != 0 {
			return in.command(body)
		}
	}
	in.rx.big = append(in.rx.big, body)
	in.octets += int64(len(body)) // Before add, which may end the message.
	in.add(view{at: uint32(len(in.rx.big) - 1), size: inBig}, flags)
	return nil
}

func (in *inbound) command(body []byte) error {
	if len(body) > maxCommand {
		return tooLarge("a command of %d octets", len(body))
	}
	return in.sink.command(body)
}
