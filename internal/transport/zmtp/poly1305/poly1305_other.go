//go:build !amd64

package poly1305

// lanes is how many blocks are worked on at once: here there is only the portable way.
const lanes = 1

const vectorsFrom = 2 << 10

type table struct{}

func (*table) fill(factor, int) {}

func (v *vector) groups(message []byte) { v.sofar.blocks(message, v.r) }
