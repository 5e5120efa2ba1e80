package poly1305

import "golang.org/x/sys/cpu"

// lanes is how many blocks this processor works on at once; 1 stands for none of the ways that
// are here.
var lanes = lanesOf(cpu.X86.HasAVX512F && cpu.X86.HasAVX512IFMA, cpu.X86.HasAVX2)

func lanesOf(ifma, avx2 bool) int {
	switch {
	case ifma:
		return 16
	case avx2:
		return 8
	}
	return 1
}

// vectorsFrom is the length of a message, in octets, from which the powers of r are worth it.
const vectorsFrom = 2 << 10

// table has the powers of r, cut into pieces as the registers have them: pieces of 44 bits (r0,
// r1, r2) for IFMA and of 26 bits (r0 to r4) for AVX2, and then those but r0 times what they count
// when a product is above 2^130: 20 and 5. A group is loaded into two sets of registers. Of
// sixteen blocks, block j is to be multiplied with r^(16-j); the lanes have them in the order that
// unpacking a register leaves. Lane 0 has r^16 in the first set, and r^8 in the second one, with
// which all groups are multiplied but the last one. For AVX2, all that is half as large.
type table struct {
	ifma [2][5][8]uint64
	avx2 [2][9][4]uint64
}

var (
	order16 = [8]int{0, 4, 1, 5, 2, 6, 3, 7}
	order8  = [4]int{0, 2, 1, 3}
)

func (t *table) fill(r factor, lanes int) {
	var powers [17]number
	powers[1] = number{r[0], r[1]}
	for i := 2; i <= lanes; i++ {
		powers[i] = powers[i-1]
		powers[i].times(r)
	}
	if lanes == 16 {
		t.fill16(&powers)
	} else {
		t.fill8(&powers)
	}
}

func (t *table) fill16(powers *[17]number) {
	for set := range 2 {
		rows := &t.ifma[set]
		for lane, block := range order16 {
			p := powers[16-8*set-block].split44()
			rows[0][lane], rows[1][lane], rows[2][lane] = p[0], p[1], p[2]
			rows[3][lane], rows[4][lane] = 20*p[1], 20*p[2]
		}
	}
}

func (t *table) fill8(powers *[17]number) {
	for set := range 2 {
		rows := &t.avx2[set]
		for lane, block := range order8 {
			p := powers[8-4*set-block].split26()
			for i, piece := range p {
				rows[i][lane] = piece
			}
			for i, piece := range p[1:] {
				rows[5+i][lane] = 5 * piece
			}
		}
	}
}

// groups16 and groups8 add that many groups of blocks, at least one, to the number whose pieces
// these are.

//go:noescape
func groups16(pieces *[3]uint64, t *[2][5][8]uint64, message *byte, groups int)

//go:noescape
func groups8(pieces *[5]uint64, t *[2][9][4]uint64, message *byte, groups int)

// groups adds whole groups, at least one.
func (v *vector) groups(message []byte) {
	n := len(message) / (v.lanes * blockSize)
	if v.lanes == 16 {
		p := v.sofar.split44()
		groups16(&p, &v.table.ifma, &message[0], n)
		v.sofar = join44(&p)
	} else {
		p := v.sofar.split26()
		groups8(&p, &v.table.avx2, &message[0], n)
		v.sofar = join26(&p)
	}
}
