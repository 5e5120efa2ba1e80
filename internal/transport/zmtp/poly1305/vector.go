package poly1305

const (
	blockSize = 16
	// groupMost is how many octets are processed at once by the way that has most lanes.
	groupMost = 16 * blockSize
)

// vector is a message in progress, of which several blocks are processed at once.
type vector struct {
	lanes int // blocks that are processed at once
	sofar number
	r     factor
	s     [16]byte // second half of the key
	table table

	buf  [groupMost]byte // less than a group
	have int
}

func (v *vector) start(key *[KeySize]byte, lanes int) {
	v.lanes, v.sofar, v.have = lanes, number{}, 0
	v.r = newFactor(key[:16])
	v.s = [16]byte(key[16:])
	v.table.fill(v.r, lanes)
}

func (v *vector) write(part []byte) {
	group := v.lanes * blockSize
	if v.have > 0 {
		n := copy(v.buf[v.have:group], part)
		v.have += n
		part = part[n:]
		if v.have < group {
			return
		}
		v.groups(v.buf[:group])
		v.have = 0
	}
	if n := len(part) / group * group; n > 0 {
		v.groups(part[:n])
		part = part[n:]
	}
	v.have = copy(v.buf[:], part)
}

func (v *vector) sum(out *[Size]byte) {
	v.sofar.blocks(v.buf[:v.have], v.r)
	v.sofar.finish(out, v.s[:])
}
