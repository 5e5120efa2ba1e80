package rawzmq

/*
#include <stdlib.h>
#include <zmq.h>
#include "raw.h"
#include "mesh.h"
*/
import "C"

import (
	"fmt"
	"unsafe"
)

// Mesh is the sockets that a number of nodes would have, in one libzmq context: a ROUTER for each, and a DEALER
// for each node that it is linked to. It serves one goroutine.
type Mesh struct {
	context          unsafe.Pointer
	routers, dealers []unsafe.Pointer
	endpoints        []string
}

// NewMesh binds a ROUTER for each of n nodes, with transport "tcp" or "inproc". The context has room for
// sockets of them and their DEALERs.
func NewMesh(n, sockets int, transport string) (*Mesh, error) {
	m := &Mesh{context: C.zmq_ctx_new()}
	if m.context == nil {
		return nil, fmt.Errorf("rawzmq: no context")
	}
	C.zmq_ctx_set(m.context, C.ZMQ_MAX_SOCKETS, C.int(sockets))
	for i := range n {
		var socket unsafe.Pointer
		if err := check("open", C.raw_more(m.context, &socket, C.ZMQ_ROUTER, 0)); err != nil {
			m.Close()
			return nil, err
		}
		m.routers = append(m.routers, socket)
		to := "tcp://127.0.0.1:*"
		if transport != "tcp" {
			to = fmt.Sprintf("inproc://raw-%d", i)
		}
		endpoint, err := bind(socket, to)
		if err != nil {
			m.Close()
			return nil, err
		}
		m.endpoints = append(m.endpoints, endpoint)
	}
	return m, nil
}

// bind binds a socket and gives the endpoint with what was left open filled in.
func bind(socket unsafe.Pointer, endpoint string) (string, error) {
	name := C.CString(endpoint)
	defer C.free(unsafe.Pointer(name))
	var bound [256]C.char
	err := check("bind "+endpoint, C.raw_bind(socket, name, &bound[0], C.size_t(len(bound))))
	return C.GoString(&bound[0]), err
}

// Endpoints is where the ROUTERs are bound.
func (m *Mesh) Endpoints() []string { return m.endpoints }

// Connect makes a DEALER from the i-th node to an endpoint, with an identity like that of a node.
func (m *Mesh) Connect(i int, endpoint string) error {
	var socket unsafe.Pointer
	if err := check("open", C.raw_more(m.context, &socket, C.ZMQ_DEALER, 0)); err != nil {
		return err
	}
	m.dealers = append(m.dealers, socket)
	name, id := C.CString(endpoint), C.CString(fmt.Sprintf("\x01%016d", i))
	defer C.free(unsafe.Pointer(name))
	defer C.free(unsafe.Pointer(id))
	return check("connect "+endpoint, C.raw_connect(socket, name, id, 17))
}

// Greet sends one message on every DEALER.
func (m *Mesh) Greet(size int) error {
	return check("greet", C.mesh_greet(unsafe.SliceData(m.dealers), C.int(len(m.dealers)), C.size_t(size)))
}

// Await waits until every ROUTER has received that many messages.
func (m *Mesh) Await(messages int) error {
	return check("await", C.mesh_await(unsafe.SliceData(m.routers), C.int(len(m.routers)), C.int(messages)))
}

// Close closes all sockets and ends their context.
func (m *Mesh) Close() {
	all := append(m.dealers, m.routers...)
	C.raw_close(m.context, unsafe.SliceData(all), C.int(len(all)))
}

// Version is that of the libzmq in use.
func Version() string {
	var major, minor, patch C.int
	C.zmq_version(&major, &minor, &patch)
	return fmt.Sprintf("%d.%d.%d", major, minor, patch)
}
