package keystream

import (
	"encoding/binary"

	"golang.org/x/sys/cpu"
)

// lanes is how many blocks this processor makes at once; 1 stands for none of the
// ways that are here.
var lanes = lanesOf(cpu.X86.HasAVX512F, cpu.X86.HasAVX2)

func lanesOf(avx512, avx2 bool) int {
	switch {
	case avx512:
		return 16
	case avx2:
		return 8
	}
	return 1
}

// blocks8 and blocks16 make that many blocks. The words of in are the nonces and the
// block numbers, each with the lower half first, of all blocks.

//go:noescape
func blocks8(out *[8 * BlockSize]byte, key *Key, in *[4][8]uint32)

//go:noescape
func blocks16(out *[16 * BlockSize]byte, key *Key, in *[4][16]uint32)

func fill8(dst []byte, key *Key, runs []Run) {
	var in [4][8]uint32
	lane := 0
	for _, r := range runs {
		low, high := binary.LittleEndian.Uint32(r.Nonce[:]), binary.LittleEndian.Uint32(r.Nonce[4:])
		for n := r.First; n < r.First+uint64(r.Blocks); n++ {
			in[0][lane], in[1][lane] = low, high
			in[2][lane], in[3][lane] = uint32(n), uint32(n>>32)
			if lane++; lane == 8 {
				blocks8((*[8 * BlockSize]byte)(dst), key, &in)
				dst, lane = dst[8*BlockSize:], 0
			}
		}
	}
	if lane > 0 {
		blocks8((*[8 * BlockSize]byte)(dst), key, &in)
	}
}

func fill16(dst []byte, key *Key, runs []Run) {
	var in [4][16]uint32
	lane := 0
	for _, r := range runs {
		low, high := binary.LittleEndian.Uint32(r.Nonce[:]), binary.LittleEndian.Uint32(r.Nonce[4:])
		for n := r.First; n < r.First+uint64(r.Blocks); n++ {
			in[0][lane], in[1][lane] = low, high
			in[2][lane], in[3][lane] = uint32(n), uint32(n>>32)
			if lane++; lane == 16 {
				blocks16((*[16 * BlockSize]byte)(dst), key, &in)
				dst, lane = dst[16*BlockSize:], 0
			}
		}
	}
	if lane > 0 {
		blocks16((*[16 * BlockSize]byte)(dst), key, &in)
	}
}
