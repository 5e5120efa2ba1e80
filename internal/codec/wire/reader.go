package wire

import (
	"bytes"
	"encoding/binary"
)

// Reader reads the fields of one frame. It keeps the first error; every read
// after that returns a zero value. Nothing that it returns shares memory with
// the frame. The zero value reads an empty frame.
type Reader struct {
	frame   []byte
	off     int
	message string
	intern  *Interner
	err     error
}

// NewReader returns a reader at the start of frame.
func NewReader(frame []byte) Reader { return Reader{frame: frame} }

// Intern lets String take its results from the table, which may be nil.
func (r *Reader) Intern(table *Interner) { r.intern = table }

// Message sets the name that errors give the message from here on.
func (r *Reader) Message(name string) { r.message = name }

// Err returns the first error, a *FieldError, or nil.
func (r *Reader) Err() error { return r.err }

// End returns the first error, or ErrTrailing when octets are left.
func (r *Reader) End() error {
	if r.err == nil && r.off < len(r.frame) {
		r.fail("", r.off, ErrTrailing)
	}
	return r.err
}

// Fail records that the octet read last, that of field, is at fault. The
// first error stands.
func (r *Reader) Fail(field string, err error) { r.fail(field, max(r.off-1, 0), err) }

// fail records the first error. Nothing is left to read then, so that the reads that follow find
// that out by the one check that each makes.
func (r *Reader) fail(field string, offset int, err error) {
	if r.err == nil {
		r.err = &FieldError{Message: r.message, Field: field, Offset: offset, Err: err}
		r.frame = r.frame[:r.off]
	}
}

// short records that the frame ends inside a field that starts here.
func (r *Reader) short(field string) { r.fail(field, r.off, ErrShort) }

// Signature reads the octets that every message of the protocol starts with.
func (r *Reader) Signature(want string) {
	at := r.off
	if len(r.frame)-at >= len(want) && string(r.frame[at:at+len(want)]) == want {
		r.off = at + len(want)
		return
	}
	r.wrongSignature(want)
}

func (r *Reader) wrongSignature(want string) {
	if len(r.frame)-r.off < len(want) {
		r.short("signature")
		return
	}
	r.fail("signature", r.off, ErrSignature)
}

// Uint8 reads a number of 1 octet.
func (r *Reader) Uint8(field string) uint8 {
	at := r.off
	if at >= len(r.frame) {
		r.short(field)
		return 0
	}
	r.off = at + 1
	return r.frame[at]
}

// Uint16 reads a number of 2 octets.
func (r *Reader) Uint16(field string) uint16 {
	at := r.off
	if len(r.frame)-at < 2 {
		r.short(field)
		return 0
	}
	r.off = at + 2
	return binary.BigEndian.Uint16(r.frame[at:])
}

// Uint32 reads a number of 4 octets.
func (r *Reader) Uint32(field string) uint32 {
	at := r.off
	if len(r.frame)-at < 4 {
		r.short(field)
		return 0
	}
	r.off = at + 4
	return binary.BigEndian.Uint32(r.frame[at:])
}

// Uint64 reads a number of 8 octets.
func (r *Reader) Uint64(field string) uint64 {
	at := r.off
	if len(r.frame)-at < 8 {
		r.short(field)
		return 0
	}
	r.off = at + 8
	return binary.BigEndian.Uint64(r.frame[at:])
}

// Constant reads the octets of a field that has one value in the protocol.
// The octets include the length of a string.
func (r *Reader) Constant(field, want string) {
	at := r.off
	if len(r.frame)-at >= len(want) && string(r.frame[at:at+len(want)]) == want {
		r.off = at + len(want)
		return
	}
	r.wrongConstant(field, want)
}

// wrongConstant records what is wrong with a constant. A frame that ends while it still agrees is
// short, not wrong.
func (r *Reader) wrongConstant(field, want string) {
	if left := r.frame[r.off:]; len(left) < len(want) && string(left) == want[:len(left)] {
		r.short(field)
		return
	}
	r.fail(field, r.off, ErrConstant)
}

// Octets fills dst, which has the field's fixed size.
func (r *Reader) Octets(field string, dst []byte) {
	if len(r.frame)-r.off < len(dst) {
		r.short(field)
		clear(dst)
		return
	}
	r.off += copy(dst, r.frame[r.off:])
}

// ZeroTerminated reads a text and the zero octet that ends it.
func (r *Reader) ZeroTerminated(field string) string {
	if r.err != nil {
		return ""
	}
	n := bytes.IndexByte(r.frame[r.off:], 0)
	if n < 0 {
		r.fail(field, r.off, ErrZero)
		return ""
	}
	s := r.intern.string(r.frame[r.off : r.off+n])
	r.off += n + 1
	return s
}

// Uint16 returns the number in the first 2 octets of b, which has as many.
func Uint16(b []byte) uint16 { return binary.BigEndian.Uint16(b) }

// Uint32 returns the number in the first 4 octets of b, which has as many.
func Uint32(b []byte) uint32 { return binary.BigEndian.Uint32(b) }

// Uint64 returns the number in the first 8 octets of b, which has as many.
func Uint64(b []byte) uint64 { return binary.BigEndian.Uint64(b) }
