package zmtp

import "syscall"

// dualStack makes a socket for IPv6 accept connections by IPv4 as well. It is for
// net.ListenConfig.Control.
func dualStack(_, _ string, c syscall.RawConn) error {
	var err error
	if e := c.Control(func(fd uintptr) {
		err = syscall.SetsockoptInt(syscall.Handle(fd), syscall.IPPROTO_IPV6, syscall.IPV6_V6ONLY, 0)
	}); e != nil {
		return e
	}
	return err
}
