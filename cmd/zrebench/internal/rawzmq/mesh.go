//go:build libzmq

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

// Mesh is the sockets that a number of nodes would have, in one libzmq context: a ROUTER for each,
// and a DEALER for each node that it is linked to. It serves one goroutine.
type Mesh struct {
	context          unsafe.Pointer
	nodes            []Options
	routers, dealers []unsafe.Pointer
	endpoints        []string
}

// NewMesh binds a ROUTER for each node, with transport "tcp" or "inproc". The context has room for
// so many sockets.
func NewMesh(nodes []Options, sockets int, transport string) (*Mesh, error) {
	m := &Mesh{context: C.zmq_ctx_new(), nodes: nodes}
	if m.context == nil {
		return nil, fmt.Errorf("rawzmq: no context")
	}
	C.zmq_ctx_set(m.context, C.ZMQ_MAX_SOCKETS, C.int(sockets))
	for i, o := range nodes {
		to := "tcp://127.0.0.1:*"
		if transport != "tcp" {
			to = fmt.Sprintf("inproc://raw-%d", i)
		}
		if err := m.bind(o, to); err != nil {
			m.Close()
			return nil, err
		}
	}
	return m, nil
}

func (m *Mesh) bind(o Options, to string) error {
	socket, err := o.open(&m.context, C.ZMQ_ROUTER)
	if err != nil {
		return err
	}
	m.routers = append(m.routers, socket)
	endpoint, err := o.bind(socket, to)
	m.endpoints = append(m.endpoints, endpoint)
	return err
}

// Endpoints is where the ROUTERs are bound.
func (m *Mesh) Endpoints() []string { return m.endpoints }

// Connect makes a DEALER from the i-th node to an endpoint.
func (m *Mesh) Connect(i int, endpoint string) error {
	socket, err := m.nodes[i].open(&m.context, C.ZMQ_DEALER)
	if err != nil {
		return err
	}
	m.dealers = append(m.dealers, socket)
	return m.nodes[i].connect(socket, endpoint)
}

// Greet sends one message on every DEALER.
func (m *Mesh) Greet(size int) error {
	return check("greet",
		C.mesh_greet(unsafe.SliceData(m.dealers), C.int(len(m.dealers)), C.size_t(size)))
}

// Await waits until every ROUTER has received that many messages.
func (m *Mesh) Await(messages int) error {
	return check("await",
		C.mesh_await(unsafe.SliceData(m.routers), C.int(len(m.routers)), C.int(messages)))
}

// Close closes all sockets and ends their context.
func (m *Mesh) Close() { closeAll(m.context, append(m.dealers, m.routers...)...) }
