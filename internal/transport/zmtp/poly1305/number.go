package poly1305

import (
	"encoding/binary"
	"math/bits"
)

// number is one modulo 2^130-5, in words of 64 bits, the lowest first. It may be larger than
// that modulus, but is less than twice as large: its last word is at most 5.
type number [3]uint64

// factor is r, by which everything is multiplied: the first half of the key, without the bits
// that have to be zero.
type factor [2]uint64

func newFactor(key []byte) factor {
	return factor{
		binary.LittleEndian.Uint64(key) & 0x0ffffffc0fffffff,
		binary.LittleEndian.Uint64(key[8:]) & 0x0ffffffc0ffffffc,
	}
}

// times multiplies by r. As r is below 2^124, no sum here is too large for its word.
func (n *number) times(r factor) {
	hi00, w0 := bits.Mul64(n[0], r[0])
	hi10, lo10 := bits.Mul64(n[1], r[0])
	hi01, lo01 := bits.Mul64(n[0], r[1])
	hi11, lo11 := bits.Mul64(n[1], r[1])
	w1, c := bits.Add64(hi00, lo10, 0)
	w2, c := bits.Add64(lo11, hi10, c)
	w3 := hi11 + c
	w1, c = bits.Add64(w1, lo01, 0)
	w2, c = bits.Add64(w2, hi01, c)
	w3 += c
	w2, c = bits.Add64(w2, n[2]*r[0], 0)
	w3 += n[2]*r[1] + c

	// What is above 2^130 counts five times: w2 without its lowest two bits, and w3, are four
	// times that part.
	n[0], c = bits.Add64(w0, w2&^3, 0)
	n[1], c = bits.Add64(w1, w3, c)
	n[2] = w2&3 + c
	n[0], c = bits.Add64(n[0], w2>>2|w3<<62, 0)
	n[1], c = bits.Add64(n[1], w3>>2, c)
	n[2] += c
}

// plus adds three words, of which the last is small.
func (n *number) plus(w0, w1, w2 uint64) {
	var c uint64
	n[0], c = bits.Add64(n[0], w0, 0)
	n[1], c = bits.Add64(n[1], w1, c)
	n[2] += w2 + c
}

// blocks adds the blocks of a message one by one. Only the last one of a message may be short;
// it is, like the others, followed by a 1 bit.
func (n *number) blocks(message []byte, r factor) {
	for ; len(message) >= blockSize; message = message[blockSize:] {
		n.plus(binary.LittleEndian.Uint64(message), binary.LittleEndian.Uint64(message[8:]), 1)
		n.times(r)
	}
	if len(message) > 0 {
		var last [blockSize]byte
		last[copy(last[:], message)] = 1
		n.plus(binary.LittleEndian.Uint64(last[:]), binary.LittleEndian.Uint64(last[8:]), 0)
		n.times(r)
	}
}

// finish computes the authenticator: the number modulo 2^130-5, and then its lowest 128 bits
// plus the second half of the key.
func (n *number) finish(out *[Size]byte, key []byte) {
	// 2^130-5 is subtracted by adding 5 and dropping the bit 2^130. The result counts if there
	// was that bit.
	w0, c := bits.Add64(n[0], 5, 0)
	w1, c := bits.Add64(n[1], 0, c)
	use := -((n[2] + c) >> 2)
	w0 = n[0]&^use | w0&use
	w1 = n[1]&^use | w1&use
	w0, c = bits.Add64(w0, binary.LittleEndian.Uint64(key), 0)
	w1, _ = bits.Add64(w1, binary.LittleEndian.Uint64(key[8:]), c)
	binary.LittleEndian.PutUint64(out[:], w0)
	binary.LittleEndian.PutUint64(out[8:], w1)
}

// split44 cuts the number into pieces of 44 bits.
func (n *number) split44() (p [3]uint64) {
	const most = 1<<44 - 1
	return [3]uint64{n[0] & most, (n[0]>>44 | n[1]<<20) & most, n[1]>>24 | n[2]<<40}
}

// join44 is the number of which these are pieces of 44 bits, but for what they have above
// that, which is up to 16 bits.
func join44(p *[3]uint64) (n number) {
	var c uint64
	n[0], c = bits.Add64(p[0], p[1]<<44, 0)
	n[1], c = bits.Add64(p[1]>>20, p[2]<<24, c)
	n[2] = p[2]>>40 + c
	n.fold()
	return n
}

// split26 cuts the number into pieces of 26 bits.
func (n *number) split26() (p [5]uint64) {
	const most = 1<<26 - 1
	return [5]uint64{
		n[0] & most, n[0] >> 26 & most, (n[0]>>52 | n[1]<<12) & most, n[1] >> 14 & most,
		n[1]>>40 | n[2]<<24,
	}
}

// join26 is the number of which these are pieces of 26 bits, but for what they have above
// that, which is up to 8 bits.
func join26(p *[5]uint64) (n number) {
	var c uint64
	n[0], c = bits.Add64(p[0]+p[1]<<26, p[2]<<52, 0)
	n[1], c = bits.Add64(p[2]>>12+p[3]<<14, p[4]<<40, c)
	n[2] = p[4]>>24 + c
	n.fold()
	return n
}

// fold makes the last word small: what it has above 2^130 counts five times.
func (n *number) fold() {
	above := n[2] >> 2
	n[2] &= 3
	n.plus(above*5, 0, 0)
}
