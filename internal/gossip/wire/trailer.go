package wire

import (
	"encoding/binary"
	"errors"
	"time"
)

// ID identifies one run of one server or client. It is random, and new at each start.
type ID [16]byte

// Role is what a marked peer is.
type Role uint8

// The roles of a mark.
const (
	RoleNode   Role = 1 // a client that publishes its own tuple
	RoleServer Role = 2 // a server that exchanges records
)

// State of a record on the wire.
type State uint8

// A record is alive, published by its own publisher (Alive) or by a relay (Relayed), or gone
// because its publisher has withdrawn it or was lost.
const (
	Alive     State = 0
	Withdrawn State = 1
	Lost      State = 2
	Relayed   State = 3
)

// Living reports whether a record in this state is a tuple.
func (s State) Living() bool { return s == Alive || s == Relayed }

// ErrTrailer says that the octets after a message are no trailer of this project.
var ErrTrailer = errors.New("octets after the end of the message")

const (
	magic          = "ZREG"
	kindMark       = 1
	kindBeats      = 2
	kindProvenance = 3
	headLen        = len(magic) + 1
	idLen          = 16
	beatLen        = idLen + 8 + 4
)

// MaxBeats bounds the beats in one PING. They take 28 KiB, well below the size of a message.
const MaxBeats = 1000

// Mark says who has sent a PING or a PONG.
type Mark struct {
	Role Role
	ID   ID
}

// Beat is a sign of life of a server: its own counter, and how long ago it was heard.
type Beat struct {
	Origin ID
	Beat   uint64
	Age    time.Duration
}

// Provenance says at which server a tuple was first published.
type Provenance struct {
	Origin ID
	Seq    uint64
	State  State
}

// Split divides a frame into the message and what follows it. A frame that is too short or
// of an unknown kind is all message, and the decoder says what is wrong with it.
func Split(frame []byte) (message, trailer []byte) {
	if len(frame) < 4 {
		return frame, nil
	}
	end := 4
	if frame[2] == 2 { // PUBLISH: key string, value longstr, ttl
		if len(frame) < end+1 {
			return frame, nil
		}
		end += 1 + int(frame[end])
		if len(frame) < end+4 {
			return frame, nil
		}
		n := uint64(binary.BigEndian.Uint32(frame[end:]))
		if uint64(len(frame)) < uint64(end)+4+n+4 {
			return frame, nil
		}
		end += 4 + int(n) + 4
	}
	return frame[:end:end], frame[end:]
}

// AppendMark appends a mark to a PING or PONG.
func AppendMark(dst []byte, m Mark) []byte {
	dst = append(append(dst, magic...), kindMark, byte(m.Role))
	return append(dst, m.ID[:]...)
}

// AppendBeats appends a mark and a table of beats to a PING.
func AppendBeats(dst []byte, m Mark, beats []Beat) []byte {
	beats = beats[:min(len(beats), MaxBeats)]
	dst = append(append(dst, magic...), kindBeats, byte(m.Role))
	dst = append(dst, m.ID[:]...)
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(beats)))
	for _, b := range beats {
		dst = append(dst, b.Origin[:]...)
		dst = binary.BigEndian.AppendUint64(dst, b.Beat)
		ms := min(max(b.Age.Milliseconds(), 0), 1<<32-1)
		dst = binary.BigEndian.AppendUint32(dst, uint32(ms))
	}
	return dst
}

// ParsePing reads what follows a PING or PONG. No trailer at all is a zero Mark.
func ParsePing(trailer []byte) (Mark, []Beat, error) {
	if len(trailer) == 0 {
		return Mark{}, nil, nil
	}
	if len(trailer) < headLen+1+idLen || string(trailer[:len(magic)]) != magic {
		return Mark{}, nil, ErrTrailer
	}
	kind := trailer[len(magic)]
	m := Mark{Role: Role(trailer[headLen])}
	copy(m.ID[:], trailer[headLen+1:])
	rest := trailer[headLen+1+idLen:]
	switch {
	case m.Role != RoleNode && m.Role != RoleServer:
		return Mark{}, nil, ErrTrailer
	case kind == kindMark && len(rest) == 0:
		return m, nil, nil
	case kind != kindBeats || len(rest) < 2:
		return Mark{}, nil, ErrTrailer
	}
	n := int(binary.BigEndian.Uint16(rest))
	rest = rest[2:]
	if n > MaxBeats || len(rest) != n*beatLen {
		return Mark{}, nil, ErrTrailer
	}
	beats := make([]Beat, n)
	for i := range beats {
		b := rest[i*beatLen:]
		copy(beats[i].Origin[:], b)
		beats[i].Beat = binary.BigEndian.Uint64(b[idLen:])
		beats[i].Age = time.Duration(binary.BigEndian.Uint32(b[idLen+8:])) * time.Millisecond
	}
	return m, beats, nil
}

// AppendProvenance appends a provenance to a PUBLISH.
func AppendProvenance(dst []byte, p Provenance) []byte {
	dst = append(append(dst, magic...), kindProvenance)
	dst = append(dst, p.Origin[:]...)
	dst = binary.BigEndian.AppendUint64(dst, p.Seq)
	return append(dst, byte(p.State))
}

// ParseProvenance reads what follows a PUBLISH.
func ParseProvenance(trailer []byte) (Provenance, error) {
	if len(trailer) != headLen+idLen+8+1 || string(trailer[:headLen]) != magic+string(byte(kindProvenance)) {
		return Provenance{}, ErrTrailer
	}
	var p Provenance
	copy(p.Origin[:], trailer[headLen:])
	p.Seq = binary.BigEndian.Uint64(trailer[headLen+idLen:])
	p.State = State(trailer[headLen+idLen+8])
	if p.State > Relayed {
		return Provenance{}, ErrTrailer
	}
	return p, nil
}
