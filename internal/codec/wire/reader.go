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

func (r *Reader) fail(field string, offset int, err error) {
	if r.err == nil {
		r.err = &FieldError{Message: r.message, Field: field, Offset: offset, Err: err}
	}
}

// take returns the next n octets of the frame, or nil after an error. The
// frame's capacity is cut off, so that no append reaches into it.
func (r *Reader) take(field string, n int) []byte {
	if r.err != nil {
		return nil
	}
	if n > len(r.frame)-r.off {
		r.fail(field, r.off, ErrShort)
		return nil
	}
	b := r.frame[r.off : r.off+n : r.off+n]
	r.off += n
	return b
}

// Signature reads the octets that every message of the protocol starts with.
func (r *Reader) Signature(want string) {
	start := r.off
	if b := r.take("signature", len(want)); b != nil && string(b) != want {
		r.fail("signature", start, ErrSignature)
	}
}

// Uint8 reads a number of 1 octet.
func (r *Reader) Uint8(field string) uint8 {
	if b := r.take(field, 1); b != nil {
		return b[0]
	}
	return 0
}

// Uint16 reads a number of 2 octets.
func (r *Reader) Uint16(field string) uint16 {
	if b := r.take(field, 2); b != nil {
		return binary.BigEndian.Uint16(b)
	}
	return 0
}

// Uint32 reads a number of 4 octets.
func (r *Reader) Uint32(field string) uint32 {
	if b := r.take(field, 4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

// Uint64 reads a number of 8 octets.
func (r *Reader) Uint64(field string) uint64 {
	if b := r.take(field, 8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

// Constant reads the octets of a field that has one value in the protocol.
// The octets include the length of a string.
func (r *Reader) Constant(field, want string) {
	start := r.off
	if r.err != nil {
		return
	}
	left := r.frame[r.off:]
	if len(left) >= len(want) && string(left[:len(want)]) == want {
		r.off += len(want)
		return
	}
	// A frame that ends while it still agrees is short, not wrong.
	if len(left) < len(want) && string(left) == want[:len(left)] {
		r.fail(field, start, ErrShort)
		return
	}
	r.fail(field, start, ErrConstant)
}

// Octets fills dst, which has the field's fixed size.
func (r *Reader) Octets(field string, dst []byte) {
	if b := r.take(field, len(dst)); b != nil {
		copy(dst, b)
		return
	}
	clear(dst)
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
