package keystream

import (
	"encoding/binary"

	"golang.org/x/crypto/salsa20/salsa" //lint:ignore SA1019 CURVE is made of Salsa20, block by block
)

// BlockSize is the length of a block in octets.
const BlockSize = 64

// Key is a key of Salsa20.
type Key [32]byte

// Derive makes a key of another one and the first 16 octets of a nonce (HSalsa20).
func Derive(key *[32]byte, nonce *[16]byte) (derived Key) {
	salsa.HSalsa20((*[32]byte)(&derived), nonce, key, &salsa.Sigma)
	return derived
}

// Run is a number of blocks with one nonce.
type Run struct {
	Nonce  [8]byte
	First  uint64 // number of the first block
	Blocks int
}

// lanesMost is the largest number of blocks that are made at once.
const lanesMost = 16

// Size is the length that the first argument of Fill must have, at least, for this
// number of blocks.
func Size(blocks int) int {
	return (blocks + lanesMost - 1) / lanesMost * lanesMost * BlockSize
}

// Fill makes the blocks of all runs, one after the other. What is in dst beyond them,
// up to Size of their number, is overwritten.
func Fill(dst []byte, key *Key, runs []Run) {
	switch lanes {
	case 16:
		fill16(dst, key, runs)
	case 8:
		fill8(dst, key, runs)
	default:
		fillPortable(dst, key, runs)
	}
}

func fillPortable(dst []byte, key *Key, runs []Run) {
	for _, r := range runs {
		n := r.Blocks * BlockSize
		clear(dst[:n])
		var counter [16]byte
		copy(counter[:], r.Nonce[:])
		binary.LittleEndian.PutUint64(counter[8:], r.First)
		salsa.XORKeyStream(dst[:n], dst[:n], &counter, (*[32]byte)(key))
		dst = dst[n:]
	}
}
