package zmtp

import (
	"crypto/subtle"
	"encoding/binary"

	"github.com/gozre/zre/internal/transport"
	"github.com/gozre/zre/internal/transport/zmtp/keystream"
	"github.com/gozre/zre/internal/transport/zmtp/poly1305"
)

// A MESSAGE carries one frame (ZeroMQ RFC 26, section "MESSAGE Command"):
//
//	0   7, "MESSAGE"
//	8   nonce, 8 octets, larger than that of the MESSAGE before
//	16  authenticator of the box
//	32  the box: flags, body
//
// The box is that of NaCl (XSalsa20 and Poly1305). It is made here from its parts:
// crypto_box derives a key from the first 16 octets of the nonce each time, which are
// always the same here; secretbox does not decrypt in place; and the key streams of
// many small frames are made together.
const (
	messageName     = "\x07MESSAGE"
	messageNonce    = 8
	messageTag      = 16
	messageBox      = 32
	messageOverhead = 33
)

// The flags in a box.
const (
	boxMore    = 1 << 0
	boxCommand = 1 << 1
)

// keyBlocks is the largest piece of a key stream that is made at once. One piece
// suffices for a frame that is not a large one.
const keyBlocks = 144

// bodyKeys is where in a key stream that of the body begins: 32 octets are the key of the
// authenticator, and one is for the flags.
const bodyKeys = 33

type keyPiece [keyBlocks * keystream.BlockSize]byte

// blocksFor is how many blocks of key stream a frame needs: 32 octets for the key of
// the authenticator, one for the flags, and the body.
func blocksFor(body int) int {
	return (bodyKeys + body + keystream.BlockSize - 1) / keystream.BlockSize
}

// messageKey is the key of the key streams of one direction.
func messageKey(k *boxKey, prefix string) keystream.Key {
	return keystream.Derive((*[32]byte)(k), (*[16]byte)([]byte(prefix)))
}

// sealer encrypts what is sent on a connection.
type sealer struct {
	key  keystream.Key
	last uint64 // nonce
}

// newSealer makes one that has used the nonces up to last.
func newSealer(k *boxKey, prefix string, last uint64) *sealer {
	return &sealer{key: messageKey(k, prefix), last: last}
}

// run says what key stream the frame needs that is sealed after the given number of
// others.
func (s *sealer) run(after, blocks int) (r keystream.Run) {
	binary.BigEndian.PutUint64(r.Nonce[:], s.last+1+uint64(after))
	r.Blocks = blocks
	return r
}

// sealedSize is how large a frame gets.
func sealedSize(body int) int { return maxFrameHeader + messageOverhead + body }

// seal appends a frame that carries the given frame in a MESSAGE. There must be room
// for it. Keys is the start of its key stream; if the frame needs more, keys is used
// again for that.
func (s *sealer) seal(dst []byte, flags byte, body, keys []byte) []byte {
	s.last++
	dst = transport.AppendFrameHeader(dst, 0, messageOverhead+len(body))
	n := len(dst)
	dst = dst[:n+messageOverhead+len(body)]
	message := dst[n:]
	copy(message, messageName)
	binary.BigEndian.PutUint64(message[messageNonce:], s.last)
	message[messageBox] = boxFlags(flags) ^ keys[32]
	if bodyKeys+len(body) > len(keys) {
		s.sealLarge(message, body, keys)
		return dst
	}
	authKey := (*[poly1305.KeySize]byte)(keys)
	subtle.XORBytes(message[messageOverhead:], body, keys[bodyKeys:])
	poly1305.Sum((*[16]byte)(message[messageTag:]), message[messageBox:], authKey)
	return dst
}

// sealLarge encrypts a body for which the keys do not suffice, and makes the authenticator. It
// does both for one piece after the other, which is in the processor's cache then.
//
//go:noinline
func (s *sealer) sealLarge(message, body, keys []byte) {
	var mac poly1305.MAC
	mac.Start((*[poly1305.KeySize]byte)(keys))
	blocks := len(keys) / keystream.BlockSize
	run := keystream.Run{Nonce: [8]byte(message[messageNonce:]), Blocks: blocks}
	done := messageBox
	for box := messageOverhead; len(body) > 0; {
		n := subtle.XORBytes(message[box:], body, keys[(bodyKeys+box-messageOverhead)%len(keys):])
		box, body = box+n, body[n:]
		mac.Write(message[done:box])
		done = box
		if len(body) > 0 {
			run.First += uint64(blocks)
			keystream.Fill(keys, &s.key, []keystream.Run{run})
		}
	}
	mac.Sum((*[poly1305.Size]byte)(message[messageTag:]))
}

// boxFlags are the flags of a frame as a box has them.
func boxFlags(flags byte) byte {
	f := flags & transport.FlagMore
	if flags&transport.FlagCommand != 0 {
		f |= boxCommand
	}
	return f
}

// opener decrypts what is received on a connection.
type opener struct {
	key  keystream.Key
	last uint64 // nonce
}

// newOpener makes one that accepts nonces beyond last.
func newOpener(k *boxKey, prefix string, last uint64) *opener {
	return &opener{key: messageKey(k, prefix), last: last}
}

// run says what key stream a MESSAGE needs. It has at least messageOverhead octets.
func (o *opener) run(message []byte, blocks int) keystream.Run {
	return keystream.Run{Nonce: [8]byte(message[messageNonce:]), Blocks: blocks}
}

// open decrypts a MESSAGE in place, and returns the frame that it carries. Keys is its key
// stream.
func (o *opener) open(message, keys []byte) (flags byte, body []byte, err error) {
	n, err := o.check(message)
	if err != nil {
		return 0, nil, err
	}
	box := message[messageBox:]
	if !poly1305.Verify((*[16]byte)(message[messageTag:]), box, (*[32]byte)(keys)) {
		return 0, nil, errNotAuthentic
	}
	o.last = n
	flags = box[0] ^ keys[32]
	body = box[1:]
	subtle.XORBytes(body, body, keys[bodyKeys:])
	flags, err = frameFlags(flags)
	return flags, body, err
}

// errNotAuthentic says that somebody else has made a MESSAGE, or has changed it.
var errNotAuthentic = protocolError("a MESSAGE that is not authentic")

// check looks at what a MESSAGE has before the box, and returns its nonce.
func (o *opener) check(message []byte) (nonce uint64, err error) {
	if string(message[:messageNonce]) != messageName {
		return 0, protocolError("something else than a MESSAGE")
	}
	nonce = binary.BigEndian.Uint64(message[messageNonce:])
	if nonce <= o.last {
		return 0, protocolError("nonce %d after %d", nonce, o.last)
	}
	return nonce, nil
}

// frameFlags are the flags of a box as a frame has them.
func frameFlags(boxed byte) (flags byte, err error) {
	switch boxed {
	case 0:
		return 0, nil
	case boxMore:
		return transport.FlagMore, nil
	case boxCommand:
		return transport.FlagCommand, nil
	}
	return 0, protocolError("flags %#02x in a MESSAGE", boxed)
}
