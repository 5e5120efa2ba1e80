package zmtp

import (
	"sync"

	"github.com/gozre/zre/internal/transport"
)

const (
	// batchMost is how many messages are handed over at once, but for a held one.
	batchMost = 512
	// viewsMost is how many frames these may have.
	viewsMost = 4 * batchMost
)

// scratch is what reading and parsing need. A link holds one only while it reads.
type scratch struct {
	buf  [readSize]byte
	r, w int // what is not parsed yet

	views []view   // frames, of whole messages and of the one in progress
	ends  []int32  // where in views the next message begins, for each whole one
	big   [][]byte // frames with memory of their own
	small int      // octets that deliver has to copy

	ahead lookAhead // with CURVE

	batch []transport.Message // what is handed over
	used  int                 // how much of batch may hold on to messages that were
}

// view is where a frame is: in scratch.buf, or scratch.big[at] if the size is inBig.
type view struct{ at, size uint32 }

const inBig = 1<<32 - 1

var scratchPool = sync.Pool{New: func() any {
	return &scratch{
		views: make([]view, 0, viewsMost),
		ends:  make([]int32, 0, batchMost),
		batch: make([]transport.Message, 0, batchMost+1),
	}
}}

// put lets the scratch be used again.
func (rx *scratch) put() {
	clear(rx.batch[:rx.used])
	rx.used, rx.w = 0, 0
	rx.ahead.next, rx.ahead.count = 0, 0
	scratchPool.Put(rx)
}

// bytes returns the frame itself.
func (rx *scratch) bytes(v view) []byte {
	if v.size == inBig {
		return rx.big[v.at]
	}
	end := v.at + v.size
	return rx.buf[v.at:end:end]
}

// wholeViews is how many views belong to whole messages.
func (rx *scratch) wholeViews() int {
	if len(rx.ends) == 0 {
		return 0
	}
	return int(rx.ends[len(rx.ends)-1])
}

// add adds a frame to the message in progress.
func (in *inbound) add(v view, flags byte) {
	rx := in.rx
	if len(rx.views) == cap(rx.views) {
		in.deliver()
		in.hold()
	}
	rx.views = append(rx.views, v)
	in.octets += frameCost
	if v.size != inBig {
		in.octets += int64(v.size)
		if in.frames > 0 {
			in.small += int(v.size)
		}
	}
	in.frames++
	if flags&transport.FlagMore == 0 {
		in.finish()
	}
}

// finish ends the message in progress.
func (in *inbound) finish() {
	rx := in.rx
	if in.held && !in.whole {
		in.hold()
		in.whole = true
	} else {
		rx.ends = append(rx.ends, int32(len(rx.views)))
		rx.small += in.small
	}
	in.frames, in.octets, in.small = 0, 0, 0
	if len(rx.ends) == cap(rx.ends) {
		in.deliver()
	}
}

// deliver hands over the whole messages. Their frames after the first are copied into
// memory that they share, but for large ones.
func (in *inbound) deliver() {
	rx := in.rx
	if in.whole {
		rx.batch = append(rx.batch, transport.Message{First: in.first, Rest: in.rest})
		in.held, in.whole, in.rest = false, false, nil
	}
	if n := rx.wholeViews(); n > 0 {
		small := slab{left: rx.small}
		frames := make([][]byte, n-len(rx.ends))
		begin := 0
		for _, e := range rx.ends {
			views := rx.views[begin:e]
			begin = int(e)
			rest := frames[: len(views)-1 : len(views)-1]
			frames = frames[len(rest):]
			for i, v := range views[1:] {
				rest[i] = rx.take(v, &small)
			}
			rx.batch = append(rx.batch, transport.Message{First: rx.bytes(views[0]), Rest: rest})
		}
	}
	if len(rx.batch) == 0 {
		return
	}
	in.sink.messages(rx.batch)
	rx.used = max(rx.used, len(rx.batch))
	rx.batch = rx.batch[:0]
	rx.drop(rx.wholeViews())
}

// slab is memory that small frames share. There are several for a large batch, so that
// who keeps one frame does not keep all the others.
type slab struct {
	free []byte
	left int // octets of frames that are still to be copied
}

// slabMost is the size of a slab, unless one frame needs more.
const slabMost = 32 << 10

// take makes a frame the receiver's: a small one is copied to a slab.
func (rx *scratch) take(v view, s *slab) []byte {
	if v.size == inBig {
		return rx.big[v.at]
	}
	size := int(v.size)
	if size > len(s.free) {
		s.free = make([]byte, max(size, min(s.left, slabMost)))
	}
	s.left -= size
	frame := s.free[:size:size]
	s.free = s.free[size:]
	copy(frame, rx.buf[v.at:])
	return frame
}

// drop forgets the first n views, which are all those of whole messages.
func (rx *scratch) drop(n int) {
	rest := rx.views[n:]
	rx.ends, rx.small = rx.ends[:0], 0
	if len(rest) == 0 {
		clear(rx.big)
		rx.big = rx.big[:0]
	}
	rx.views = rx.views[:copy(rx.views, rest)]
}

// hold moves what there is of the message in progress out of rx, where it would be
// overwritten. There are no whole messages in rx, and nothing that was handed over
// refers to in.first any more.
func (in *inbound) hold() {
	rx := in.rx
	views := rx.views
	if len(views) == 0 {
		return
	}
	if !in.held {
		in.held = true
		if v := views[0]; v.size == inBig {
			in.first = rx.big[v.at]
		} else {
			if cap(in.first) >= largeFrame {
				in.first = nil
			}
			in.first = append(in.first[:0], rx.bytes(v)...)
		}
		views = views[1:]
	}
	small := slab{left: in.small}
	for _, v := range views {
		in.rest = append(in.rest, rx.take(v, &small))
	}
	in.small = 0
	rx.drop(len(rx.views))
}
