//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package zmq

import zmq4 "github.com/pebbe/zmq4"

// newNetParker gives nil: Go's netpoller does not take libzmq's descriptor on this system.
func newNetParker(*zmq4.Socket, func() bool) (parker, error) { return nil, nil }
