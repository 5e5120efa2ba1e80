package zmq

// Group sends many messages at the price of little more than their sending: the
// socket is locked once, and looks once, at the end, whether the calls took in news
// for a goroutine that is parked.
type Group struct{ s *Socket }

// Together calls f with a Group of the socket. Until f returns nobody else can use the
// socket, so f must not call the socket itself, nor block.
func (s *Socket) Together(f func(g Group)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(Group{s})
	if !s.closed {
		s.settle()
	}
}

// Send is Socket.Send.
func (g Group) Send(first []byte, rest ...[]byte) error { return g.s.put(first, rest) }
