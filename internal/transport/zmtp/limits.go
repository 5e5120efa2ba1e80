package zmtp

import (
	"math"

	"github.com/gozre/zre/internal/transport"
)

// limits is what an inbound checks: transport.Limits in the types it needs.
type limits struct {
	frame, message int64
	frames, first  int
}

// frameCost is what each frame adds to its octets in Limits.MaxMessage: the slice
// that holds it.
const frameCost = 24

// maxCommand is the largest command, in octets, in the handshake and after it.
const maxCommand = 4 << 10

func newLimits(l transport.Limits) limits {
	const most = math.MaxInt - 4096 // so that a frame with what CURVE adds fits into an int
	return limits{
		frame:   min(l.MaxFrame, most),
		message: min(l.MaxMessage, most),
		frames:  l.MaxFrames,
		first:   l.MaxFirst,
	}
}

// ofStranger returns the limits for a connection of which it is not known whose it is.
func (l limits) ofStranger(message int64) limits {
	l.message = min(l.message, message)
	l.frame = min(l.frame, l.message)
	return l
}

// admit hands over what there is, by which the other end may become known. It reports whether
// other limits hold since then.
func (in *inbound) admit() bool {
	if in.later == nil {
		return false
	}
	in.deliver()
	in.hold()
	if !in.admitted() {
		return false
	}
	in.limits, in.later = in.later, nil
	return true
}

// checkFlags looks at the first octet of a frame. With CURVE the flags that count are
// in the MESSAGE; those of its frame must not have MORE.
func (in *inbound) checkFlags(flags byte) error {
	if flags&^(transport.FlagMore|transport.FlagLong|transport.FlagCommand) != 0 {
		return protocolError("reserved bits in the flags %#02x of a frame", flags)
	}
	if flags&transport.FlagMore != 0 && (flags&transport.FlagCommand != 0 || in.cipher != nil) {
		return protocolError("a command with the flag MORE")
	}
	return nil
}

// check looks at how large the body of a frame is. It is called as soon as the
// header is there. With CURVE it is not known yet whether the frame is a command;
// then a command counts as a part of a message.
func (in *inbound) check(flags byte, size int64) error {
	m := in.limits
	switch {
	case flags&transport.FlagCommand != 0 && in.cipher == nil:
		if size > maxCommand {
			return tooLarge("a command of %d octets", size)
		}
	case size > m.frame:
		return tooLarge("a frame of %d octets, allowed are %d", size, m.frame)
	case in.frames == 0 && size > int64(m.first):
		return tooLarge("a first frame of %d octets, allowed are %d", size, m.first)
	case size > m.message-in.octets-frameCost:
		return tooLarge("a message of more than %d octets", m.message)
	case in.frames >= m.frames:
		return tooLarge("a message of more than %d frames", m.frames)
	}
	return nil
}
