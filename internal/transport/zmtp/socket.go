package zmtp

import (
	"net"
	"net/netip"
	"syscall"
)

// socket is the end of a byte stream: of TCP, or of a Unix domain socket to a process of this
// host (local.go).
type socket interface {
	net.Conn
	syscall.Conn
	CloseWrite() error
}

// listener accepts streams. It also returns the address of the other end.
type listener interface {
	next() (socket, netip.AddrPort, error)
	Close() error
	Addr() net.Addr
}

// tcpListener is the listener for TCP.
type tcpListener struct{ *net.TCPListener }

func (l tcpListener) next() (socket, netip.AddrPort, error) {
	c, err := l.AcceptTCP()
	if err != nil {
		return nil, netip.AddrPort{}, err
	}
	return c, addrPort(c.RemoteAddr()), nil
}

// isLocal reports whether the socket is a Unix domain socket.
func isLocal(s socket) bool {
	_, is := s.(*net.UnixConn)
	return is
}

// discardUnsent makes Close of the socket discard what the system has not sent yet. What was
// written to a Unix domain socket is with the other end already.
func discardUnsent(s socket) {
	if c, ok := s.(*net.TCPConn); ok {
		_ = c.SetLinger(0)
	}
}

// loopedBack reports whether TCP has connected a port to itself: the system took the port that is
// dialed for the dialing end.
func loopedBack(s socket) bool {
	return !isLocal(s) && addrPort(s.LocalAddr()) == addrPort(s.RemoteAddr())
}

// addrPort is a TCP address as Conn.Remote has it.
func addrPort(a net.Addr) netip.AddrPort {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	ap := tcp.AddrPort()
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}
