package zmtp

import (
	"net"
	"runtime"
	"sync"
	"time"

	"github.com/gozre/zre/internal/transport"
)

// streamPause is the time since the last write below which a message is taken for
// a part of a stream: then the writer goroutine writes, and more messages gather.
const streamPause = 10 * time.Microsecond

// gatherOctets is how much a writer goroutine wants to have before it writes. While there is less it
// lets others run: once at first, and for gatherTime when it has written, so that this is a stream.
const (
	gatherOctets = 32 << 10
	gatherTime   = 4 * time.Microsecond
)

// writer is what is being written. A link has one only while it writes. It belongs to the goroutine
// that has the right to write: see transport.Driver.
type writer struct {
	pending transport.Pending
	plain   net.Buffers // what of pending is not in rest
	rest    net.Buffers // what is to be written next
	direct  directWriter

	// With CURVE:
	cipher     *sealer
	encryption *encryption
	one        [1][]byte // memory of rest
}

var writerPool = sync.Pool{New: func() any {
	w := new(writer)
	w.direct.prepare()
	return w
}}

// writer returns that of the link. Called with the right to write.
func (l *link) writer() *writer {
	if l.out == nil {
		l.out = writerPool.Get().(*writer)
		l.out.cipher = l.sealer
	}
	return l.out
}

// put lets a writer be used again that has written everything, or had to forget it.
func (w *writer) put() {
	w.discard()
	w.release()
	w.cipher = nil
	writerPool.Put(w)
}

// Flush implements transport.Driver.
func (l *link) Flush(*transport.Conn) {
	if directWrites && l.engine.unhurried() && l.writeDirect() {
		return
	}
	l.mu.Lock()
	started := l.state != down
	if started {
		l.writers.Go(l.write)
	}
	l.mu.Unlock()
	if started {
		return // The writer goroutine has the right to write now, and with it l.out.
	}
	if w := l.out; w != nil {
		w.discard()
		l.out = nil
		l.conn.Take(&w.pending) // Releases what it held.
		w.put()
	}
}

// fetch takes what is to be written next. It reports false if there is nothing, and
// then the right to write is lost.
func (l *link) fetch() bool {
	w := l.writer()
	if len(w.plain) == 0 {
		w.release()
		l.out = nil // First: if there is nothing to write, another goroutine may begin.
		if !l.conn.Take(&w.pending) {
			w.put()
			l.sentAll()
			return false
		}
		l.out = w
		w.plain = w.pending.Buffers
	}
	if w.cipher == nil {
		w.rest, w.plain = w.plain, nil
	} else {
		w.encrypt()
	}
	return true
}

// discard forgets what is not written.
func (w *writer) discard() { w.rest, w.plain = nil, nil }

// writeDirect writes in the sending goroutine, as far as that is possible without
// waiting. It reports whether all is written.
func (l *link) writeDirect() bool {
	if !l.fetch() {
		return true
	}
	w := l.out
	n, err := w.direct.write(l.raw, w.rest)
	if l.local {
		l.written.Add(uint64(n))
	}
	l.engine.wrote()
	if err != nil {
		w.discard()
		l.writeFailed(err)
		return !l.fetch()
	}
	w.rest = skip(w.rest, n)
	return len(w.rest) == 0 && !l.fetch()
}

// skip takes n octets off the front.
func skip(b net.Buffers, n int) net.Buffers {
	for len(b) > 0 && n >= len(b[0]) {
		n -= len(b[0])
		b = b[1:]
	}
	if len(b) > 0 {
		b[0] = b[0][n:]
	}
	return b
}

// write is the writer goroutine.
func (l *link) write() {
	w := l.writer()
	for stream := false; ; stream = true {
		if len(w.rest) == 0 {
			l.gather(stream)
			if !l.fetch() {
				return
			}
		}
		var err error
		if l.local {
			err = l.writeLocal(w)
		} else {
			_, err = w.rest.WriteTo(l.sock)
		}
		l.engine.wrote()
		if err != nil {
			w.discard()
			l.writeFailed(err)
		}
	}
}

// gather lets other goroutines run while there is little to write.
func (l *link) gather(stream bool) {
	for begin := l.engine.now(); l.conn.Queued() < gatherOctets; {
		runtime.Gosched()
		if !stream || l.engine.now()-begin >= gatherTime {
			return
		}
	}
}

// writeFailed ends the connection for senders. What has been received can still be
// read; the goroutine that reads ends the link.
func (l *link) writeFailed(err error) {
	err = classify(err)
	if l.leaving.Load() {
		err = closedEarly(l.conn.Queued(), err)
	}
	l.conn.Fail(err)
}
