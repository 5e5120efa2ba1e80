//go:build libzmq

package rawzmq

/*
#include <stdlib.h>
#include <zmq.h>
#include "raw.h"
*/
import "C"

import (
	"time"
	"unsafe"
)

// Sink is a ROUTER that is bound. It serves one goroutine.
type Sink struct {
	context, socket unsafe.Pointer
	endpoint        string
}

// NewSink binds a ROUTER.
func NewSink(endpoint string, o Options) (*Sink, error) {
	s := new(Sink)
	var err error
	if s.socket, err = o.open(&s.context, C.ZMQ_ROUTER); err == nil {
		s.endpoint, err = o.bind(s.socket, endpoint)
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Endpoint is where a Source connects to.
func (s *Sink) Endpoint() string { return s.endpoint }

// Receive waits until count messages have come, and returns the octets in all their frames but the
// identities.
func (s *Sink) Receive(count int) (int64, error) {
	var octets C.int64_t
	err := check("receive", C.raw_receive(s.socket, C.int64_t(count), &octets))
	return int64(octets), err
}

// Close closes the socket and ends its context.
func (s *Sink) Close() { closeAll(s.context, s.socket) }

// Source is a DEALER for each of its endpoints. It serves one goroutine.
type Source struct {
	context unsafe.Pointer
	sockets []unsafe.Pointer
}

// NewSource connects one DEALER to each endpoint.
func NewSource(o Options, endpoints ...string) (*Source, error) {
	s := new(Source)
	for _, e := range endpoints {
		socket, err := o.open(&s.context, C.ZMQ_DEALER)
		if err == nil {
			s.sockets = append(s.sockets, socket)
			err = o.connect(socket, e)
		}
		if err != nil {
			s.Close()
			return nil, err
		}
	}
	return s, nil
}

// Send sends count messages to each endpoint, and waits where a queue is full.
func (s *Source) Send(count, header, content int) error {
	return check("send", C.raw_send(unsafe.SliceData(s.sockets), C.int(len(s.sockets)),
		C.int64_t(count), C.size_t(header), C.size_t(content)))
}

// Close closes the sockets and ends their context, when all that was sent has left.
func (s *Source) Close() { closeAll(s.context, s.sockets...) }

// closeAll closes the sockets of a context and ends it.
func closeAll(context unsafe.Pointer, sockets ...unsafe.Pointer) {
	if context != nil {
		C.raw_close(context, unsafe.SliceData(sockets), C.int(len(sockets)))
	}
}

// Ping sends a message to the first endpoint of out, waits for one to come in, and so on, count
// times. It returns how long each round took.
func Ping(out *Source, in *Sink, count, header, content int) ([]time.Duration, error) {
	times := make([]time.Duration, max(count, 1))
	err := check("ping", C.raw_ping(out.sockets[0], in.socket, C.int64_t(count),
		C.size_t(header), C.size_t(content), (*C.int64_t)(&times[0])))
	return times[:count], err
}

// Pong answers count messages, each with one of the same size.
func Pong(out *Source, in *Sink, count int) error {
	return check("pong", C.raw_pong(out.sockets[0], in.socket, C.int64_t(count)))
}
