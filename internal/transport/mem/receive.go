package mem

import (
	"bytes"
	"sync"

	"github.com/gozre/zre/internal/transport"
)

const (
	mostMessages = 512      // of one call to Handler.Receive
	ownFrame     = 8 << 10  // frames of this size have memory of their own
	sharedBuffer = 64 << 10 // smaller ones share a buffer of at most this size
	frameCost    = 24       // octets of a frame on top of its body: see Limits
)

// receive hands over what is in the outbox of the other end. It is called from the
// goroutine of e.
func (e *end) receive(from *end) {
	in := newInbox(e)
	defer in.free()
	for from.conn.Take(&in.taken) {
		if err := in.handOver(); err != nil {
			e.fail(err, transport.ErrReset)
		}
	}
	from.drained()
}

// inbox is the memory that a goroutine needs to hand over messages.
type inbox struct {
	to       *end
	taken    transport.Pending // from the outbox of the other end
	frames   [][]byte          // of whole messages and a part of one, in the outbox's memory
	ends     []int             // for each whole message, the number of frames up to its end
	octets   int64             // of the message that is not whole, with frameCost for each frame
	messages []transport.Message
}

var inboxes = sync.Pool{New: func() any { return new(inbox) }}

func newInbox(to *end) *inbox {
	in := inboxes.Get().(*inbox)
	in.to = to
	return in
}

// free lets the memory be used again.
func (in *inbox) free() {
	in.taken.Drop()
	clear(in.frames)
	in.frames, in.ends, in.octets, in.to = in.frames[:0], in.ends[:0], 0, nil
	inboxes.Put(in)
}

// handOver parses what was taken and calls the Handler with the messages.
func (in *inbox) handOver() error {
	limits := &in.to.owner.cfg.Limits
	for _, b := range in.taken.Buffers {
		for len(b) > 0 {
			flags, body, rest := transport.NextFrame(b)
			b = rest
			begin := 0
			if n := len(in.ends); n > 0 {
				begin = in.ends[n-1]
			}
			in.octets += int64(len(body)) + frameCost
			number := len(in.frames) - begin // in its message
			if int64(len(body)) > limits.MaxFrame || in.octets > limits.MaxMessage ||
				number >= limits.MaxFrames || number == 0 && len(body) > limits.MaxFirst {
				in.deliver()
				return transport.ErrTooLarge
			}
			in.frames = append(in.frames, body)
			if flags&transport.FlagMore != 0 {
				continue
			}
			in.ends, in.octets = append(in.ends, len(in.frames)), 0
			if len(in.ends) == mostMessages {
				in.deliver()
			}
		}
	}
	in.deliver()
	// The rest of the last message is in what is taken next.
	for i, f := range in.frames {
		in.frames[i] = bytes.Clone(f)
	}
	return nil
}

// deliver calls the Handler with the whole messages. Those of an end that was closed
// are dropped.
func (in *inbox) deliver() {
	if len(in.ends) == 0 {
		return
	}
	if in.to.receives() {
		in.build()
		in.to.handler.Receive(in.to.conn, in.messages)
		clear(in.messages)
	}
	used := in.ends[len(in.ends)-1]
	left := append(in.frames[:0], in.frames[used:]...)
	clear(in.frames[len(left):])
	in.frames, in.ends = left, in.ends[:0]
}

// build makes messages of the frames. All frames but the first ones are copied.
func (in *inbox) build() {
	in.messages = in.messages[:0]
	rest, small := in.measure()
	frames := make([][]byte, 0, rest)
	var shared []byte
	begin := 0
	for _, end := range in.ends {
		first := len(frames)
		for _, body := range in.frames[begin+1 : end] {
			if len(body) >= ownFrame {
				frames = append(frames, bytes.Clone(body))
				continue
			}
			if cap(shared)-len(shared) < len(body) {
				shared = make([]byte, 0, min(small, sharedBuffer))
			}
			small -= len(body)
			n := len(shared)
			shared = append(shared, body...)
			frames = append(frames, shared[n:len(shared):len(shared)])
		}
		last := len(frames)
		in.messages = append(in.messages, transport.Message{
			First: in.frames[begin],
			Rest:  frames[first:last:last],
		})
		begin = end
	}
}

// measure counts the frames after the first ones, and the octets of those that share
// memory.
func (in *inbox) measure() (rest, small int) {
	begin := 0
	for _, end := range in.ends {
		for _, body := range in.frames[begin+1 : end] {
			rest++
			if len(body) < ownFrame {
				small += len(body)
			}
		}
		begin = end
	}
	return rest, small
}
