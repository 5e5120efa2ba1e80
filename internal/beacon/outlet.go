package beacon

import (
	"fmt"
	"net"
	"net/netip"
	"syscall"
)

// An outlet is a socket to send by. All senders with the same interface, and
// where it is bound to one with the same source address, share it.
type outlet struct {
	conn  *net.UDPConn
	raw   syscall.RawConn
	users int
}

// An outletKey says for what an outlet is; src is the zero address where the
// outlet is bound to none.
type outletKey struct {
	ifindex int
	src     netip.Addr
}

// outlets holds those of a socket. It is for one goroutine at a time.
type outlets map[outletKey]*outlet

// take gives an outlet to one more sender, opening it if needed.
func (o outlets) take(key outletKey, open func() (*net.UDPConn, error)) (*outlet, error) {
	out := o[key]
	if out == nil {
		conn, err := open()
		if err != nil {
			return nil, fmt.Errorf("beacon: %w", err)
		}
		raw, err := conn.SyscallConn()
		if err != nil {
			conn.Close()
			return nil, fmt.Errorf("beacon: %w", err)
		}
		out = &outlet{conn: conn, raw: raw}
		o[key] = out
	}
	out.users++
	return out, nil
}

// release takes the outlet from a sender, and closes it with its last one.
func (o outlets) release(key outletKey) error {
	out := o[key]
	out.users--
	if out.users > 0 {
		return nil
	}
	delete(o, key)
	return out.conn.Close()
}
