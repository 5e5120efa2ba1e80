package zmtp

import "github.com/gozre/zre/internal/transport"

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
		have := len(rx.batch)
		rx.batch = rx.batch[:have+len(rx.ends)]
		begin := 0
		for k, e := range rx.ends {
			views := rx.views[begin:e]
			begin = int(e)
			rest := frames[: len(views)-1 : len(views)-1]
			frames = frames[len(rest):]
			for i, v := range views[1:] {
				rest[i] = rx.take(v, &small)
			}
			m := &rx.batch[have+k]
			m.First, m.Rest = rx.bytes(views[0]), rest
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
