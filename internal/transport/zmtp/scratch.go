package zmtp

import (
	"sync"

	"github.com/gozre/zre/internal/transport"
)

// scratch is what reading and parsing need. A link holds one only while it reads: a small
// one at first, and a large one while there is more to read than that holds.
type scratch struct {
	buf  []byte
	r, w int // what is not parsed yet

	views []view   // frames, of whole messages and of the one in progress
	ends  []int32  // where in views the next message begins, for each whole one
	big   [][]byte // frames with memory of their own
	small int      // octets that deliver has to copy

	ahead *lookAhead // with CURVE

	batch []transport.Message // what is handed over
	used  int                 // how much of batch may hold on to messages that were
}

const (
	// readSize is how much a large scratch reads at once, and readSmall a small one.
	readSize  = 128 << 10
	readSmall = headRead
	// batchMost is how many messages a large scratch hands over at once, but for a held
	// one, and batchSmall a small one. They may have four frames each, on average.
	batchMost  = 512
	batchSmall = 32
)

// view is where a frame is: in scratch.buf, or scratch.big[at] if the size is inBig.
type view struct{ at, size uint32 }

const inBig = 1<<32 - 1

var (
	largeScratch = sync.Pool{New: func() any { return newScratch(readSize, batchMost) }}
	smallScratch = sync.Pool{New: func() any { return newScratch(readSmall, batchSmall) }}
	aheadPool    = sync.Pool{New: func() any { return new(lookAhead) }}
)

func newScratch(size, batch int) *scratch {
	return &scratch{
		buf:   make([]byte, size),
		views: make([]view, 0, 4*batch),
		ends:  make([]int32, 0, batch),
		batch: make([]transport.Message, 0, batch+1),
	}
}

// getScratch returns one that has room beyond what is there already.
func getScratch(have []byte, secure bool) *scratch {
	pool := &smallScratch
	if len(have) >= readSmall {
		pool = &largeScratch
	}
	rx := pool.Get().(*scratch)
	rx.w = copy(rx.buf, have)
	if secure {
		rx.ahead = aheadPool.Get().(*lookAhead)
	}
	return rx
}

// put lets the scratch be used again.
func (rx *scratch) put() {
	clear(rx.batch[:rx.used])
	rx.used, rx.w = 0, 0
	if rx.ahead != nil {
		rx.ahead.next, rx.ahead.count = 0, 0
		aheadPool.Put(rx.ahead)
		rx.ahead = nil
	}
	if len(rx.buf) == readSmall {
		smallScratch.Put(rx)
	} else {
		largeScratch.Put(rx)
	}
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
