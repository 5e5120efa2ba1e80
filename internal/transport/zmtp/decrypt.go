package zmtp

import "github.com/gozre/zre/internal/transport/zmtp/keystream"

// lookAhead makes the key streams of frames that have arrived and are parsed next.
type lookAhead struct {
	piece keyPiece
	runs  [cipherFrames]keystream.Run
	at    [cipherFrames]int // where in scratch.buf the frames are
	next  int               // index of the first one whose keys are not used
	count int
	left  []byte // keys from there on
}

// keys returns the key stream of a frame that is at this place in scratch.buf.
func (a *lookAhead) keys(in *inbound, at int, message []byte) []byte {
	if a.next == a.count || a.at[a.next] != at {
		a.fill(in, at, message)
	}
	n := a.runs[a.next].Blocks * keystream.BlockSize
	keys := a.left[:n:n]
	a.left = a.left[n:]
	a.next++
	return keys
}

// fill makes the key streams of a frame, and of whole frames that follow it.
func (a *lookAhead) fill(in *inbound, at int, message []byte) {
	rx := in.rx
	a.next, a.count = 0, 0
	blocks := 0
	for a.count < cipherFrames {
		need := blocksFor(len(message) - messageOverhead)
		if blocks+need > keyBlocks {
			break
		}
		a.at[a.count] = at
		a.runs[a.count] = in.cipher.run(message, need)
		a.count++
		blocks += need
		at += len(message)
		h, ok := readHeader(rx.buf[at:rx.w])
		at += h.length
		if !ok || h.size < messageOverhead || h.size >= messageOverhead+largeFrame ||
			h.size > uint64(rx.w-at) {
			break
		}
		message = rx.buf[at : at+int(h.size)]
	}
	keystream.Fill(a.piece[:], &in.cipher.key, a.runs[:a.count])
	a.left = a.piece[:]
}
