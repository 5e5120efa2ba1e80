package zmtp

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/gozre/zre/internal/transport"
)

// have is what was read and not used.
func (h *handshake) have() []byte { return h.buf }

// skip uses n octets.
func (h *handshake) skip(n int) { h.buf = h.buf[n:] }

// need reads until there are n octets, which is at most a frame of maxCommand.
func (h *handshake) need(n int) error {
	for len(h.buf) < n {
		if cap(h.buf)-len(h.buf) < 256 {
			h.buf = slices.Grow(h.buf, 512)
		}
		if err := h.flush(); err != nil {
			return err
		}
		k, err := h.conn.Read(h.buf[len(h.buf):cap(h.buf)])
		h.buf = h.buf[:len(h.buf)+k]
		if err != nil && len(h.buf) < n {
			if len(h.buf) > 0 && errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return classify(err)
		}
	}
	return nil
}

// needWithin is need for at most this time. It is no error if the time is over.
func (h *handshake) needWithin(n int, wait time.Duration) error {
	_ = h.conn.SetReadDeadline(earlier(time.Now().Add(wait), h.deadline))
	err := h.need(n)
	_ = h.conn.SetReadDeadline(h.deadline)
	if errors.Is(err, transport.ErrTimeout) {
		return nil
	}
	return err
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// write sends octets, together with what follows without a wait for the other end.
func (h *handshake) write(b []byte) { h.out = append(h.out, b...) }

// flush sends what was written.
func (h *handshake) flush() error {
	if len(h.out) == 0 {
		return nil
	}
	_, err := h.conn.Write(h.out)
	h.out = h.out[:0]
	return classify(err)
}

// command reads a command, and returns its name and what follows that. Both are
// valid until the next read.
func (h *handshake) command() (name string, rest []byte, err error) {
	if err := h.need(1); err != nil {
		return "", nil, err
	}
	if flags := h.buf[0]; flags&^transport.FlagLong != transport.FlagCommand {
		return "", nil, fmt.Errorf("a frame with flags %#02x instead of a command", flags)
	}
	frame, ok := readHeader(h.buf)
	for ; !ok; frame, ok = readHeader(h.buf) {
		if err := h.need(len(h.buf) + 1); err != nil {
			return "", nil, err
		}
	}
	if frame.size > maxCommand {
		return "", nil, tooLarge("a command of %d octets, allowed are %d", frame.size, maxCommand)
	}
	end := frame.length + int(frame.size)
	if err := h.need(end); err != nil {
		return "", nil, err
	}
	body := h.buf[frame.length:end:end]
	h.skip(end)
	return commandName(body)
}

// commandName takes the name off the body of a command.
func commandName(body []byte) (name string, rest []byte, err error) {
	if len(body) == 0 || body[0] == 0 || len(body) < 1+int(body[0]) {
		return "", nil, errors.New("a command without a name")
	}
	end := 1 + int(body[0])
	return string(body[1:end]), body[end:], nil
}

// command is a command's frame.
func command(name string, rest []byte) []byte {
	size := 1 + len(name) + len(rest)
	b := transport.AppendFrameHeader(make([]byte, 0, 9+size), transport.FlagCommand, size)
	b = append(b, byte(len(name)))
	b = append(b, name...)
	return append(b, rest...)
}
