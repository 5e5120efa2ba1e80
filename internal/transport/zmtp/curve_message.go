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

type keyPiece [keyBlocks * keystream.BlockSize]byte

// blocksFor is how many blocks of key stream a frame needs: 32 octets for the key of
// the authenticator, one for the flags, and the body.
func blocksFor(body int) int {
	return (32 + 1 + body + keystream.BlockSize - 1) / keystream.BlockSize
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
	authKey := [32]byte(keys)
	message[messageBox] = boxFlags(flags) ^ keys[32]
	xorStream(message[messageOverhead:], body, &s.key, message[messageNonce:], keys)
	poly1305.Sum((*[16]byte)(message[messageTag:]), message[messageBox:], &authKey)
	return dst
}

// xorStream encrypts or decrypts a body.
func xorStream(dst, src []byte, key *keystream.Key, nonce, keys []byte) {
	used := subtle.XORBytes(dst, src, keys[33:])
	blocks := len(keys) / keystream.BlockSize
	for first := blocks; used < len(src); first += blocks {
		r := keystream.Run{Nonce: [8]byte(nonce), First: uint64(first), Blocks: blocks}
		keystream.Fill(keys, key, []keystream.Run{r})
		used += subtle.XORBytes(dst[used:], src[used:], keys)
	}
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

// open decrypts a MESSAGE in place, and returns the frame that it carries. Keys is the
// start of its key stream; if the frame needs more, keys is used again for that.
func (o *opener) open(message, keys []byte) (flags byte, body []byte, err error) {
	if string(message[:messageNonce]) != messageName {
		return 0, nil, protocolError("something else than a MESSAGE")
	}
	n := binary.BigEndian.Uint64(message[messageNonce:])
	if n <= o.last {
		return 0, nil, protocolError("nonce %d after %d", n, o.last)
	}
	box := message[messageBox:]
	if !poly1305.Verify((*[16]byte)(message[messageTag:]), box, (*[32]byte)(keys)) {
		return 0, nil, protocolError("a MESSAGE that is not authentic")
	}
	o.last = n
	boxed := box[0] ^ keys[32]
	body = box[1:]
	xorStream(body, body, &o.key, message[messageNonce:], keys)
	switch boxed {
	case 0:
	case boxMore:
		flags = transport.FlagMore
	case boxCommand:
		flags = transport.FlagCommand
	default:
		return 0, nil, protocolError("flags %#02x in a MESSAGE", boxed)
	}
	return flags, body, nil
}
