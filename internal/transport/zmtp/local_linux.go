package zmtp

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Two processes of one host and user use a Unix domain socket in place of TCP, where the system
// has such sockets with names outside the file system (Linux). There are no segments and no
// acknowledgements: of large messages there are half as many again in a second, and round trips take
// three quarters of the time.
//
// Each TCP listener has a Unix one beside it, with the address as its name. Such names belong to a
// network namespace, as TCP ports do. A dialing end tries the name first if the address is one of
// this host, and the one that the host would dial it from (a secondary address of IPv4 may not be).
// It uses the connection only if the listener's process has the same user or is root's:
// anybody may have taken the name. Otherwise, and with a process that has no such listener, it
// uses TCP.
//
// The dialing end names its socket by the address that TCP would have chosen for it, so that the
// other end knows it by that. The address must be one of this host.

const (
	localName = "@zre/zmtp/"      // and the address of the TCP listener
	localFrom = "@zre/zmtp/from/" // and the address of the dialing end, "/" and a number
)

// localBuffer is how much, in octets, the system keeps on the way to a process of this host. With
// less there are more changes between the processes; with more, what one writes has left the
// processor's cache when the other one reads it.
const localBuffer = 256 << 10

// localListener is the listener for processes of this host.
type localListener struct{ *net.UnixListener }

func (l localListener) next() (socket, netip.AddrPort, error) {
	for {
		c, err := l.AcceptUnix()
		if err != nil {
			return nil, netip.AddrPort{}, err
		}
		from, ok, err := parseLocalFrom(c.RemoteAddr())
		switch {
		case err != nil:
			_ = c.Close()
			return nil, from, err
		case ok:
			_ = c.SetWriteBuffer(localBuffer)
			return c, from, nil
		}
		_ = c.Close()
	}
}

// listenLocal opens the listener beside that for TCP at this address. It returns nil if there can be
// none: then other processes use TCP.
func (e *engine) listenLocal(addr netip.AddrPort) listener {
	if e.cfg.TCPOnly {
		return nil
	}
	name := &net.UnixAddr{Net: "unix", Name: localName + addr.String()}
	l, err := net.ListenUnix("unix", name)
	if err != nil {
		e.cfg.Logger.Debug("processes of this host have to use TCP", "address", addr, "cause", err)
		return nil
	}
	return localListener{l}
}

// dialLocal connects to a process of this host that listens at the address. It returns nil if that
// cannot be: then TCP has to be tried.
func (e *engine) dialLocal(to netip.AddrPort) socket {
	if e.cfg.TCPOnly {
		return nil
	}
	from, err := ownAddrFor(to.Addr())
	if err != nil {
		return nil
	}
	any := netip.IPv4Unspecified()
	for _, at := range []netip.Addr{to.Addr(), netip.IPv6Unspecified(), any} {
		if at == any && !to.Addr().Is4() {
			break
		}
		if c := dialLocalName(from, netip.AddrPortFrom(at, to.Port())); c != nil {
			return c
		}
	}
	return nil
}

// dialLocalName connects to the listener beside that for TCP at this address.
func dialLocalName(from netip.Addr, at netip.AddrPort) socket {
	d := net.Dialer{LocalAddr: &net.UnixAddr{Net: "unix", Name: nameLocalFrom(from)}}
	c, err := d.DialContext(context.Background(), "unix", localName+at.String()) // It does not wait.
	if err != nil {
		return nil
	}
	s := c.(*net.UnixConn)
	if !ofOurUser(s) {
		_ = s.Close()
		return nil
	}
	_ = s.SetWriteBuffer(localBuffer)
	return s
}

// overflowUID is what users look like that a user namespace does not know: all the same.
const overflowUID = 65534

// ofOurUser reports whether the process that listens at the other end has the user of this one, or
// is root's.
func ofOurUser(c *net.UnixConn) bool {
	raw, err := c.SyscallConn()
	if err != nil {
		return false
	}
	ours := false
	err = raw.Control(func(fd uintptr) {
		cred, err := unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
		ours = err == nil && cred.Uid != overflowUID && (cred.Uid == 0 || int(cred.Uid) == os.Geteuid())
	})
	return err == nil && ours
}

// nameLocalFrom is the name of a dialing end with this address. The number makes it unique.
func nameLocalFrom(addr netip.Addr) string {
	return localFrom + addr.String() + "/" + strconv.FormatUint(rand.Uint64(), 16)
}

// parseLocalFrom returns the address in the name of a dialing end. It reports false if there is
// none, or none of this host, and an error if there is no descriptor left to find that out.
func parseLocalFrom(name net.Addr) (from netip.AddrPort, ok bool, err error) {
	if name == nil {
		return from, false, nil
	}
	rest, ok := strings.CutPrefix(name.String(), localFrom)
	if !ok {
		return from, false, nil
	}
	text, _, _ := strings.Cut(rest, "/")
	addr, err := netip.ParseAddr(text)
	if err != nil {
		return from, false, nil
	}
	addr = addr.Unmap()
	own, err := ownAddrFor(addr)
	if outOfDescriptors(err) {
		return from, false, err
	}
	return netip.AddrPortFrom(addr, 0), own == addr, nil
}

// errNotOwn says that an address is not one of this host.
var errNotOwn = errors.New("address of another host")

// ownAddrFor returns the address of this host that TCP would dial addr from, if addr is one of this
// host too.
func ownAddrFor(addr netip.Addr) (netip.Addr, error) {
	c, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(addr, discardPort)))
	if err != nil {
		return netip.Addr{}, err
	}
	defer c.Close()
	from := c.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap()
	if from != addr && !(addr.IsLoopback() && from.IsLoopback()) {
		return netip.Addr{}, errNotOwn
	}
	return from, nil
}

// discardPort is the port of a UDP socket that sends nothing.
const discardPort = 9

// writeLocal writes all that is to be written, and counts what the system takes while it waits for
// more room.
func (l *link) writeLocal(w *writer) error {
	var failed error
	err := l.raw.Write(func(fd uintptr) bool {
		for len(w.rest) > 0 {
			n, err := writev(int(fd), w.rest)
			switch err {
			case nil:
				l.written.Add(uint64(n))
				w.rest = skip(w.rest, n)
			case unix.EINTR:
			case unix.EAGAIN:
				return false
			default:
				failed = err
				return true
			}
		}
		return true
	})
	return cmp.Or(err, failed)
}

// closedByLocalPeer reports whether the other end of a Unix domain socket has closed it. What it has
// sent before may not be read yet.
func closedByLocalPeer(raw syscall.RawConn) bool {
	closed := false
	err := raw.Control(func(fd uintptr) {
		polled := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLRDHUP}}
		n, err := unix.Poll(polled, 0)
		closed = err == nil && n > 0
	})
	return err != nil || closed
}
