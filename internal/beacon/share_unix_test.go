//go:build unix

package beacon

import (
	"errors"
	"os"
	"syscall"
	"testing"
)

// A host may lack a version of IP, but not all that are to be used.
func TestHostLacksAVersionOfIP(t *testing.T) {
	lacks := func(family Family) *registry {
		return &registry{open: func(b binding, ttl int) (socket, error) {
			if b.family == family {
				return nil, &os.SyscallError{Syscall: "socket", Err: syscall.EAFNOSUPPORT}
			}
			return openSocket(b, ttl)
		}}
	}
	in := newInbox()
	port := freePort(t)
	c := open(t, lacks(IPv6), Config{Port: port, Handler: in.handle})
	send(t, c, "by IPv4")
	in.want(t, "by IPv4")
	if s := c.Stats(); s.Sent != 3 || s.SendErrors != 0 {
		t.Errorf("stats %+v", s)
	}
	config := Config{Port: port, Family: IPv6, Interfaces: []string{loopback(t).Name}}
	if _, err := openIn(lacks(IPv6), config); !errors.Is(err, syscall.EAFNOSUPPORT) {
		t.Errorf("IPv6 alone: %v", err)
	}
}
