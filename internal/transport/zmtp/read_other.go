//go:build !unix

package zmtp

// reader reads from a socket, and holds no memory while nothing arrives.
type reader struct {
	call  func(fd uintptr) bool
	ready bool
	more  bool // the last read filled its target
	waits bool // always: see canRest
}

func (r *reader) prepare(*inbound) {
	r.call = func(uintptr) bool {
		was := r.ready
		r.ready = true
		return was
	}
}

// read waits for octets and reads them to the target of the link's inbound.
func (l *link) read() (int, error) {
	r := &l.in.reader
	if !r.more {
		l.in.park()
		r.ready = false
		if err := l.raw.Read(r.call); err != nil { // Waits, and reads nothing.
			return 0, err
		}
	}
	body, target := l.in.target()
	if len(body) > 0 {
		target = body
	}
	n, err := l.sock.Read(target)
	r.more = n == len(target)
	return n, err
}
