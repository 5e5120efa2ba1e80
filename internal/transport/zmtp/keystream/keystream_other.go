//go:build !amd64

package keystream

// lanes is how many blocks are made at once: here there is only the portable way.
const lanes = 1

func fill8(dst []byte, key *Key, runs []Run) { fillPortable(dst, key, runs) }

func fill16(dst []byte, key *Key, runs []Run) { fillPortable(dst, key, runs) }
