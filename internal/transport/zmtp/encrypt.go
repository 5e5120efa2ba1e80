package zmtp

import (
	"sync"

	"github.com/gozre/zre/internal/transport"
	"github.com/gozre/zre/internal/transport/zmtp/keystream"
)

const (
	// encryptOctets is how much is encrypted before it is written.
	encryptOctets = 64 << 10
	// cipherFrames is for how many frames a key stream is made at once.
	cipherFrames = 64
)

// encryption is what encrypting needs. A writer holds one only while it writes.
type encryption struct {
	out    [2 * encryptOctets]byte
	keys   keyPiece
	runs   [cipherFrames]keystream.Run
	frames [cipherFrames]plainFrame
}

type plainFrame struct {
	flags byte
	body  []byte
}

var encryptionPool = sync.Pool{New: func() any { return new(encryption) }}

// encrypt makes rest of the next frames of plain.
func (w *writer) encrypt() {
	if w.encryption == nil {
		w.encryption = encryptionPool.Get().(*encryption)
	}
	e := w.encryption
	out := e.out[:0]
	for len(w.plain) > 0 && len(out) < encryptOctets {
		n, size := w.collect(cap(out) - len(out))
		if n == 0 {
			break
		}
		if size > cap(out) {
			out = make([]byte, 0, size) // One frame that is larger than the buffer.
		}
		keystream.Fill(e.keys[:], &w.cipher.key, e.runs[:n])
		keys := e.keys[:]
		for i, f := range e.frames[:n] {
			out = w.cipher.seal(out, f.flags, f.body, keys)
			keys = keys[e.runs[i].Blocks*keystream.BlockSize:]
		}
		clear(e.frames[:n])
	}
	w.one[0] = out
	w.rest = w.one[:]
}

// collect takes frames off plain whose key streams are made together: as many as fit
// into the room that is left for them, or one that is larger than any room if the
// buffer is empty. It returns how many there are, and the size that they get.
func (w *writer) collect(room int) (n, size int) {
	e := w.encryption
	blocks := 0
	for n < cipherFrames && len(w.plain) > 0 {
		flags, body, left := transport.NextFrame(w.plain[0])
		more := sealedSize(len(body))
		need := min(blocksFor(len(body)), keyBlocks)
		if blocks+need > keyBlocks || size+more > room && !(n == 0 && room == len(e.out)) {
			break
		}
		e.runs[n] = w.cipher.run(n, need)
		e.frames[n] = plainFrame{flags, body}
		n, size, blocks = n+1, size+more, blocks+need
		if len(left) > 0 {
			w.plain[0] = left
		} else {
			w.plain = w.plain[1:]
		}
	}
	return n, size
}

// release gives back what encrypt needs.
func (w *writer) release() {
	if w.encryption != nil {
		encryptionPool.Put(w.encryption)
		w.encryption, w.one[0] = nil, nil
	}
}
