package zmtp

import "github.com/gozre/zre/internal/transport"

// trusted is how much memory the announcement of a large frame gets at once. More
// there is only as octets arrive, or when the connection has carried such a frame.
const trusted = 128 << 10

// largeBody is a large frame that is being received. With CURVE it holds what is decrypted.
type largeBody struct {
	active bool
	likely bool // the frame before was a large one
	flags  byte
	body   []byte // what has arrived
	size   int    // what was announced
	seen   int    // size of the largest one that has arrived whole
}

func (l *largeBody) start(flags byte, size int) {
	l.active, l.likely = true, true
	l.flags, l.size = flags, size
	l.body = newBody(min(size, max(trusted, 2*l.seen)))
}

// newBody returns the memory for n octets. A power of two may be memory that the
// application has given back.
func newBody(n int) []byte {
	if n&(n-1) == 0 {
		return transport.NewFrame(n)[:0]
	}
	return make([]byte, 0, n)
}

// room returns where to read to. There is some until the body is complete.
func (l *largeBody) room() []byte {
	l.grow()
	return l.body[len(l.body):cap(l.body)]
}

// grow doubles the memory if it is full. It never exceeds what was announced.
func (l *largeBody) grow() {
	if len(l.body) == cap(l.body) && len(l.body) < l.size {
		b := make([]byte, len(l.body), min(l.size, 2*len(l.body)))
		copy(b, l.body)
		l.body = b
	}
}

// filled says that up to n octets were read to room, and returns how many of them
// belong to the body.
func (l *largeBody) filled(n int) int {
	n = min(n, cap(l.body)-len(l.body))
	l.body = l.body[:len(l.body)+n]
	return n
}

// take copies what b has of the body, and returns how much that is.
func (l *largeBody) take(b []byte) (n int) {
	for n < len(b) && len(l.body) < l.size {
		l.grow()
		k := min(len(b)-n, cap(l.body)-len(l.body))
		l.body = append(l.body, b[n:n+k]...)
		n += k
	}
	return n
}

func (l *largeBody) complete() bool { return len(l.body) == l.size }

// end returns the frame, which is complete.
func (l *largeBody) end() (flags byte, body []byte) {
	flags, body = l.flags, l.body
	l.seen = max(l.seen, l.size)
	l.active, l.body = false, nil
	return flags, body
}
