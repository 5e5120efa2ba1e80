package zmtp

import (
	"crypto/subtle"
	"sync"

	"github.com/gozre/zre/internal/transport/zmtp/keystream"
	"github.com/gozre/zre/internal/transport/zmtp/poly1305"
)

// opening is a large MESSAGE, which is decrypted piece by piece as it arrives: what was read is
// still in the processor's cache then, and the frame needs no memory but its own. Nobody gets
// the frame before all of it has arrived and is authentic. A link holds one only while it
// receives such a frame.
type opening struct {
	mac   poly1305.MAC
	nonce uint64
	run   keystream.Run
	tag   [messageBox - messageTag]byte
	flags byte // of the box
}

var openingPool = sync.Pool{New: func() any { return new(opening) }}

// startSealed begins a large frame of which there is what a MESSAGE has before the body.
func (in *inbound) startSealed(message []byte, body int) error {
	nonce, err := in.cipher.check(message)
	if err != nil {
		return err
	}
	ahead := in.rx.ahead
	ahead.next, ahead.count = 0, 0 // Its piece is used here, too.
	o := openingPool.Get().(*opening)
	o.nonce = nonce
	o.run = in.cipher.run(message, 1)
	o.tag = [messageBox - messageTag]byte(message[messageTag:])
	keystream.Fill(ahead.piece[:], &in.cipher.key, []keystream.Run{o.run})
	o.mac.Start((*[poly1305.KeySize]byte)(ahead.piece[:]))
	o.mac.Write(message[messageBox:])
	o.flags = message[messageBox] ^ ahead.piece[poly1305.KeySize]
	in.sealed = o
	in.large.start(0, body)
	return nil
}

// takeSealed decrypts what b has of the large frame, and returns how much that is.
func (in *inbound) takeSealed(b []byte) (n int) {
	l, o, piece := &in.large, in.sealed, in.rx.ahead.piece[:]
	for n < len(b) && len(l.body) < l.size {
		l.grow()
		at := len(l.body)
		begin := bodyKeys + at
		skip := begin % keystream.BlockSize
		k := min(len(b)-n, cap(l.body)-at, len(piece)-skip)
		o.run.First = uint64(begin / keystream.BlockSize)
		o.run.Blocks = (skip + k + keystream.BlockSize - 1) / keystream.BlockSize
		keystream.Fill(piece, &in.cipher.key, []keystream.Run{o.run})
		l.body = l.body[:at+k]
		o.mac.Write(b[n : n+k])
		subtle.XORBytes(l.body[at:], b[n:n+k], piece[skip:])
		n += k
	}
	return n
}

// endSealed ends the large frame, which has arrived whole.
func (in *inbound) endSealed() (flags byte, body []byte, err error) {
	o := in.sealed
	in.sealed = nil
	_, body = in.large.end()
	if !o.mac.Verify(&o.tag) {
		return 0, nil, errNotAuthentic
	}
	in.cipher.last = o.nonce
	flags, err = frameFlags(o.flags)
	openingPool.Put(o)
	return flags, body, err
}
