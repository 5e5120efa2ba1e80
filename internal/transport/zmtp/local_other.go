//go:build !linux

package zmtp

import (
	"net/netip"
	"syscall"
)

// listenLocal opens no listener: this system has no Unix domain sockets with names outside the file
// system.
func (e *engine) listenLocal(netip.AddrPort) listener { return nil }

// dialLocal says that TCP has to be tried.
func (e *engine) dialLocal(netip.AddrPort) socket { return nil }

func closedByLocalPeer(syscall.RawConn) bool { return false }

func (l *link) writeLocal(*writer) error { return nil }
