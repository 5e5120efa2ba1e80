package beacon

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
)

const (
	// maxDatagram is what one receive takes; UDP has nothing longer.
	maxDatagram = 1 << 16
	// receiveBuffer is asked of the system for bursts: when all nodes of a
	// large network start together, and each beacon comes by several ways.
	receiveBuffer = 1 << 20
)

// A socket hears on one UDP port of all interfaces, in one version of IP.
type socket interface {
	// receive waits for one datagram. The payload is valid until the next call.
	receive() (payload []byte, from netip.AddrPort, ifindex int, err error)
	// prepare makes what it takes to send to a target of the socket's family. It
	// and the methods of all senders are for one goroutine at a time.
	prepare(target) (sender, error)
	// join and leave are for one goroutine at a time. Joining again what is
	// joined already renews it.
	join(ifi *net.Interface, group netip.Addr) error
	leave(ifi *net.Interface, group netip.Addr) error
	// close makes receive return net.ErrClosed. The senders are closed by then.
	close() error
}

// An opener opens a socket whose multicast datagrams make ttl hops.
type opener func(b binding, ttl int) (socket, error)

// A sender sends to one target without waiting. (That package net lets every
// UDP socket send broadcasts is part of what it does for all of them.)
type sender interface {
	send(payload []byte) error
	close() error
}

// A route is a target with what it takes to send there.
type route struct {
	target
	sender
	failing bool
}

// listen opens a UDP socket that shares its port with other programs.
func listen(b binding) (*net.UDPConn, error) {
	config := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
		return control(raw, sharePort)
	}}
	conn, err := config.ListenPacket(context.Background(), b.family.network(), b.String())
	if isHeld(err) {
		return nil, &PortError{Port: b.port, Err: err}
	}
	if err != nil {
		return nil, fmt.Errorf("beacon: %w", err)
	}
	udp := conn.(*net.UDPConn)
	// The system may give less than asked for; a beacon may be lost anyway.
	_ = udp.SetReadBuffer(receiveBuffer)
	return udp, nil
}

// control calls f with the descriptor.
func control(raw syscall.RawConn, f func(fd uintptr) error) error {
	var err error
	controlErr := raw.Control(func(fd uintptr) { err = f(fd) })
	return errors.Join(controlErr, err)
}
