package wire

// AppendFrames appends frames, each with its length of 4 octets. That is how a message that has
// frames of its own is written into one piece of octets. It returns dst as it was, and
// [ErrTooLong], when a frame has more than 4 GiB - 1.
func AppendFrames(dst []byte, frames [][]byte) ([]byte, error) {
	out := dst
	var err error
	for _, frame := range frames {
		if out, err = AppendChunk(out, frame); err != nil {
			return dst, err
		}
	}
	return out, nil
}

// Frames reads all that is left as frames, each with its length of 4 octets. It returns nil for
// none.
func (r *Reader) Frames(field string) [][]byte {
	var frames [][]byte
	for r.err == nil && r.off < len(r.frame) {
		frames = append(frames, r.Chunk(field))
	}
	if r.err != nil {
		return nil
	}
	return frames
}

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
// the message of that name.
func NewFrameReader(message string, frames [][]byte) FrameReader {
	f := FrameReader{message: message}
	if len(frames) == 0 {
		f.fail("", ErrFrames)
		return f
	}
	f.offset, f.rest = len(frames[0]), frames[1:]
	return f
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
