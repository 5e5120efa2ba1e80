package rawzmq

/*
#cgo !windows pkg-config: libzmq
#cgo windows LDFLAGS: -lzmq
#include <stdlib.h>
#include <zmq.h>
#include "raw.h"
*/
import "C"

import (
	"fmt"
	"time"
	"unsafe"
)

// check turns what a loop returned into an error.
func check(op string, rc C.int) error {
	if rc >= 0 {
		return nil
	}
	return fmt.Errorf("rawzmq: %s: %s", op, C.GoString(C.zmq_strerror(-rc)))
}

// Sink is a ROUTER that is bound. It serves one goroutine.
type Sink struct {
	context, socket unsafe.Pointer
	endpoint        string
}

// NewSink binds a ROUTER, with a high-water mark in messages (0: none).
func NewSink(endpoint string, hwm int) (*Sink, error) {
	s := new(Sink)
	if err := check("open", C.raw_open(&s.context, &s.socket, C.ZMQ_ROUTER, C.int(hwm))); err != nil {
		return nil, err
	}
	name := C.CString(endpoint)
	defer C.free(unsafe.Pointer(name))
	var bound [256]C.char
	if err := check("bind "+endpoint, C.raw_bind(s.socket, name, &bound[0], C.size_t(len(bound)))); err != nil {
		s.Close()
		return nil, err
	}
	s.endpoint = C.GoString(&bound[0])
	return s, nil
}

// Endpoint is where the Sink is bound.
func (s *Sink) Endpoint() string { return s.endpoint }

// Received is what Receive has seen.
type Received struct {
	Elapsed time.Duration // from the first message to the last
	Octets  int64         // in all frames but the identities
}

// Receive blocks until count messages have come.
func (s *Sink) Receive(count int) (Received, error) {
	var ns, octets C.int64_t
	err := check("receive", C.raw_receive(s.socket, C.int64_t(count), &ns, &octets))
	return Received{time.Duration(ns), int64(octets)}, err
}

// Close closes the socket and ends its context.
func (s *Sink) Close() { C.raw_close(s.context, &s.socket, 1) }

// Source is a DEALER for each of its endpoints. It serves one goroutine.
type Source struct {
	context unsafe.Pointer
	sockets []unsafe.Pointer
}

// NewSource connects one DEALER to each endpoint, with a high-water mark in messages (0: none).
func NewSource(identity string, hwm int, endpoints ...string) (*Source, error) {
	s := new(Source)
	for i, e := range endpoints {
		var socket unsafe.Pointer
		var rc C.int
		if i == 0 {
			rc = C.raw_open(&s.context, &socket, C.ZMQ_DEALER, C.int(hwm))
		} else {
			rc = C.raw_more(s.context, &socket, C.ZMQ_DEALER, C.int(hwm))
		}
		err := check("open", rc)
		if err == nil {
			s.sockets = append(s.sockets, socket)
			err = s.connect(socket, e, identity)
		}
		if err != nil {
			s.Close()
			return nil, err
		}
	}
	return s, nil
}

func (s *Source) connect(socket unsafe.Pointer, endpoint, identity string) error {
	name, id := C.CString(endpoint), C.CString(identity)
	defer C.free(unsafe.Pointer(name))
	defer C.free(unsafe.Pointer(id))
	return check("connect "+endpoint, C.raw_connect(socket, name, id, C.size_t(len(identity))))
}

// Send sends count messages to each endpoint, and blocks where a queue is full.
func (s *Source) Send(count, header, content int) error {
	return check("send", C.raw_send(unsafe.SliceData(s.sockets), C.int(len(s.sockets)), C.int64_t(count), C.size_t(header), C.size_t(content)))
}

// Close closes the sockets and ends their context, when all that was sent has left.
func (s *Source) Close() {
	if s.context != nil {
		C.raw_close(s.context, unsafe.SliceData(s.sockets), C.int(len(s.sockets)))
	}
}

// Ping sends a message to the first endpoint of out, waits for one to come in, and so on, count times. It
// gives how long each round took.
func Ping(out *Source, in *Sink, count, header, content int) ([]time.Duration, error) {
	times := make([]time.Duration, max(count, 1))
	err := check("ping", C.raw_ping(out.sockets[0], in.socket, C.int64_t(count), C.size_t(header), C.size_t(content), (*C.int64_t)(&times[0])))
	return times[:count], err
}

// Pong answers count messages, each with one of the same size.
func Pong(out *Source, in *Sink, count int) error {
	return check("pong", C.raw_pong(out.sockets[0], in.socket, C.int64_t(count)))
}
