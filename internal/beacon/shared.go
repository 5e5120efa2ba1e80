package beacon

import (
	"slices"
	"sync"
)

// shared holds the transports of the process by their settings.
//
// It is package-level state, and argued for: 75 nodes in one process must not
// make 75 sockets that each wake up for each of the others' datagrams, and the
// nodes do not know of each other, so only the process can hold what they
// share. It is not configuration, it is empty when no Conn is open, and a Conn
// behaves the same whether or not it shares.
var shared = registry{open: openSocket}

type registry struct {
	open       opener
	mu         sync.Mutex
	transports map[string]*transport
}

// attach gives the Conn the transport for its settings, opening it if needed,
// and from then on the datagrams that arrive.
func (r *registry) attach(c *Conn, s settings) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := s.key()
	t := r.transports[key]
	if t == nil {
		var err error
		if t, err = openTransport(s, r.open, c.log); err != nil {
			return err
		}
		if r.transports == nil {
			r.transports = make(map[string]*transport)
		}
		r.transports[key] = t
	}
	c.transport = t
	c.receivedBefore = t.received.Load()
	c.droppedBefore = t.dropped.Load()
	t.setConns(append(slices.Clone(t.current()), c))
	return nil
}

// detach takes the Conn off its transport, and ends that with its last one.
func (r *registry) detach(c *Conn) {
	t := c.transport
	t.drop(c)
	r.mu.Lock()
	rest := slices.DeleteFunc(slices.Clone(t.current()), func(o *Conn) bool { return o == c })
	t.setConns(rest)
	if len(rest) == 0 {
		delete(r.transports, t.key)
	}
	r.mu.Unlock()
	// The same settings, if they are opened now, get a new transport; both can
	// be there at once because the port is shared.
	if len(rest) == 0 {
		t.close()
	}
}
