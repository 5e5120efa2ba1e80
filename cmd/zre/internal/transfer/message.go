package transfer

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io/fs"
	"strings"
	"unicode/utf8"
)

// magic is how the first frame of all messages begins.
const magic = "ZRE-FILES/1 "

// Header is the header of a node that takes files: its value is 1.
const Header = "X-ZRE-FILES"

// The limits of messages.
const (
	MaxEntries = 100_000   // files and directories of an offer
	maxFirst   = 8 << 20   // octets of a first frame
	ChunkSize  = 256 << 10 // octets of a file in one DATA
	maxChunk   = 1 << 20   // the same, as it is accepted
	maxReason  = 1024      // octets
)

// Sum is a SHA-256.
type Sum [sha256.Size]byte

// ID names a transfer. The putter draws it.
type ID [16]byte

// Entry is a file or a directory of an offer.
type Entry struct {
	Name string // relative, with slashes; see CheckName
	Dir  bool
	Mode fs.FileMode // permission bits only
	Size int64       // 0 for a directory
}

// Claim is what the getter has of a file.
type Claim struct {
	Index  int   // of the entry
	Octets int64 // from the beginning of the file
	Sum    Sum   // of these octets
	Keep   bool  // it is complete, and must not be replaced by another one
}

// The messages.
type (
	// Message is one of the following.
	Message interface{ appendTo(dst []byte) []byte }

	// Offer is what a putter has.
	Offer struct {
		ID      ID
		Entries []Entry
	}

	// Refuse says that a getter does not take it.
	Refuse struct {
		ID     ID
		Reason string
	}

	// Take says that a getter takes it. An ACCEPT follows when it knows what it has already.
	Take struct{ ID ID }

	// Accept asks for the content of the files.
	Accept struct {
		ID     ID
		Run    uint32
		Claims []Claim // in the order of the entries
	}

	// Data is a piece of a file.
	Data struct {
		ID      ID
		Run     uint32
		Index   int
		Offset  int64
		End     bool // it is the last piece, and has the checksum of the file
		Differs bool // the file is another one than that which the getter keeps; no piece
		Sum     Sum
		Payload []byte // the second frame
	}

	// Result says what became of a transfer: nothing in Reason is success.
	Result struct {
		ID     ID
		Reason string
	}
)

// The kinds of messages on the wire.
const (
	kindOffer  = 'O'
	kindRefuse = 'N'
	kindTake   = 'T'
	kindAccept = 'A'
	kindData   = 'D'
	kindResult = 'R'
)

// The flags of a DATA and of entries and claims.
const (
	flagEnd     = 1
	flagDiffers = 2
	flagDir     = 1
	flagKeep    = 1
)

// ErrMessage says that a message of a peer is not one of the protocol.
var ErrMessage = errors.New("not a message about files, or a broken one")

// Frames encodes a message. The frames share the memory of the payload.
func Frames(m Message) [][]byte {
	first := m.appendTo([]byte(magic))
	if d, ok := m.(Data); ok {
		return [][]byte{first, d.Payload}
	}
	return [][]byte{first}
}

func start(dst []byte, kind byte, id ID) []byte { return append(append(dst, kind), id[:]...) }

func (m Offer) appendTo(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint32(start(dst, kindOffer, m.ID), uint32(len(m.Entries)))
	for _, e := range m.Entries {
		flags := byte(0)
		if e.Dir {
			flags = flagDir
		}
		dst = append(dst, flags)
		dst = binary.BigEndian.AppendUint16(dst, uint16(e.Mode.Perm()))
		dst = binary.BigEndian.AppendUint64(dst, uint64(e.Size))
		dst = binary.BigEndian.AppendUint16(dst, uint16(len(e.Name)))
		dst = append(dst, e.Name...)
	}
	return dst
}

func (m Refuse) appendTo(dst []byte) []byte {
	return append(start(dst, kindRefuse, m.ID), cut(m.Reason)...)
}
func (m Take) appendTo(dst []byte) []byte { return start(dst, kindTake, m.ID) }
func (m Result) appendTo(dst []byte) []byte {
	return append(start(dst, kindResult, m.ID), cut(m.Reason)...)
}

func (m Accept) appendTo(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint32(start(dst, kindAccept, m.ID), m.Run)
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(m.Claims)))
	for _, c := range m.Claims {
		flags := byte(0)
		if c.Keep {
			flags = flagKeep
		}
		dst = binary.BigEndian.AppendUint32(append(dst, flags), uint32(c.Index))
		dst = append(binary.BigEndian.AppendUint64(dst, uint64(c.Octets)), c.Sum[:]...)
	}
	return dst
}

func (m Data) appendTo(dst []byte) []byte {
	flags := byte(0)
	if m.End {
		flags |= flagEnd
	}
	if m.Differs {
		flags |= flagDiffers
	}
	dst = binary.BigEndian.AppendUint32(start(dst, kindData, m.ID), m.Run)
	dst = binary.BigEndian.AppendUint32(append(dst, flags), uint32(m.Index))
	dst = binary.BigEndian.AppendUint64(dst, uint64(m.Offset))
	if m.End {
		dst = append(dst, m.Sum[:]...)
	}
	return dst
}

// cut shortens a text to what a message may have.
func cut(text string) string {
	if len(text) > maxReason {
		text = text[:maxReason]
	}
	return strings.ToValidUTF8(text, "?")
}

// validReason is what cut makes.
func validReason(text []byte) bool { return len(text) <= maxReason && utf8.Valid(text) }
