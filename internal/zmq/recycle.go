package zmq

import "sync"

// A pile of memory for large frames is bounded by these; what is beyond them is left to Go's collector.
const (
	pileOctets  = 4 << 20
	pileBuffers = 64
	// pileSearch is how many buffers are looked at for one that fits.
	pileSearch = 4
)

// pile is memory for large frames, the most recently used on top: that may still be in the processor's cache.
type pile struct {
	mu      sync.Mutex
	buffers [][]byte
	octets  int
}

// Recycle gives the memory of a frame from Receive back to the socket, which may use it for a large frame
// to come. The caller must not touch the frame any more. Nobody has to do this: the collector takes care of
// frames as well, but it then runs for every few megabytes received, and that takes more time than libzmq
// does. Frames below 8 KiB are not taken, as their memory is shared. It is safe for concurrent use, and to
// recycle a frame that came from another socket is harmless.
func (s *Socket) Recycle(frame []byte) {
	if cap(frame) < ownBuffer {
		return
	}
	p := &s.pile
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.buffers) < pileBuffers && p.octets+cap(frame) <= pileOctets {
		p.buffers = append(p.buffers, frame[:0])
		p.octets += cap(frame)
	}
}

// take gives a buffer without octets and with that capacity, or nil.
func (p *pile) take(capacity int) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	last := len(p.buffers) - 1
	for i := last; i >= max(0, last-pileSearch+1); i-- {
		b := p.buffers[i]
		// One that is much too large would be wasted on a frame that is kept for long.
		if cap(b) < capacity || cap(b)/2 > capacity {
			continue
		}
		p.octets -= cap(b)
		copy(p.buffers[i:], p.buffers[i+1:])
		p.buffers[last] = nil
		p.buffers = p.buffers[:last]
		return b
	}
	return nil
}
