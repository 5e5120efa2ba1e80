package wire

// FrameReader hands out the frames that follow the first one of a message. It
// keeps the first error. The frames that it returns are the caller's own, not
// copies.
type FrameReader struct {
	message string
	offset  int
	rest    [][]byte
	err     error
}

// NewFrameReader returns a reader of what follows the first of the frames of
// the message of that name. There is at least one frame.
func NewFrameReader(message string, frames [][]byte) FrameReader {
	return FrameReader{message: message, offset: len(frames[0]), rest: frames[1:]}
}

// Next returns the next frame, which the message must have.
func (f *FrameReader) Next(field string) []byte {
	if len(f.rest) == 0 {
		f.fail(field, ErrFrames)
		return nil
	}
	frame := f.rest[0]
	f.rest = f.rest[1:]
	f.offset += len(frame)
	return frame
}

// Rest returns all frames that are left, nil for none.
func (f *FrameReader) Rest() [][]byte {
	rest := f.rest
	f.rest = nil
	if len(rest) == 0 {
		return nil
	}
	return rest[:len(rest):len(rest)]
}

// End returns the first error, or ErrTrailing when frames are left.
func (f *FrameReader) End() error {
	if len(f.rest) > 0 {
		f.fail("", ErrTrailing)
	}
	return f.err
}

func (f *FrameReader) fail(field string, err error) {
	if f.err == nil {
		f.err = &FieldError{Message: f.message, Field: field, Offset: f.offset, Err: err}
	}
}
