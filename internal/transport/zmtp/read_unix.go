//go:build unix

package zmtp

import (
	"io"

	"golang.org/x/sys/unix"
)

// reader reads from a socket, and holds no memory while nothing arrives.
type reader struct {
	call  func(fd uintptr) bool
	n     int
	err   error
	waits bool // for octets; else read returns errIdle
}

func (r *reader) prepare(in *inbound) {
	r.waits = true
	r.call = func(fd uintptr) bool {
		for {
			if body, next := in.target(); len(body) == 0 {
				r.n, r.err = readNow(int(fd), next)
			} else {
				r.n, r.err = readBoth(int(fd), body, next)
			}
			switch r.err {
			case unix.EINTR:
			case unix.EAGAIN:
				in.park()
				return !r.waits
			default:
				return true
			}
		}
	}
}

// read waits for octets and reads them to the target of the link's inbound.
func (l *link) read() (int, error) {
	r := &l.in.reader
	if err := l.raw.Read(r.call); err != nil {
		return 0, err
	}
	switch r.err {
	case nil:
	case unix.EAGAIN:
		return 0, errIdle
	default:
		return 0, r.err
	}
	if r.n == 0 {
		return 0, io.EOF
	}
	return r.n, nil
}
