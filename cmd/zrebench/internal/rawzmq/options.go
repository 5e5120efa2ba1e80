//go:build libzmq

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
	"strings"
	"unsafe"
)

// Options are the settings of a socket.
type Options struct {
	HWM      int    // high-water mark in messages, 0 for none
	Identity string // of a DEALER
	// Public and Secret are the keys of this end, in Z85. Without them the socket is plain.
	Public, Secret string
}

// Endpoints of ROUTERs with CURVE have their public key after this.
const keyMark = "|"

// check makes an error of what a function in C has returned.
func check(op string, rc C.int) error {
	if rc >= 0 {
		return nil
	}
	return fmt.Errorf("rawzmq: %s: %s", op, C.GoString(C.zmq_strerror(-rc)))
}

// open makes a socket; the context is made first if there is none yet.
func (o Options) open(context *unsafe.Pointer, kind C.int) (socket unsafe.Pointer, err error) {
	if *context == nil {
		if *context = C.zmq_ctx_new(); *context == nil {
			return nil, fmt.Errorf("rawzmq: no context")
		}
	}
	err = check("open", C.raw_open(*context, &socket, kind, C.int(o.HWM)))
	return socket, err
}

// bind binds a ROUTER and returns where.
func (o Options) bind(socket unsafe.Pointer, endpoint string) (string, error) {
	name := C.CString(endpoint)
	defer C.free(unsafe.Pointer(name))
	if o.Secret != "" {
		secret := C.CString(o.Secret)
		defer C.free(unsafe.Pointer(secret))
		if err := check("CURVE", C.raw_curve_server(socket, secret)); err != nil {
			return "", err
		}
	}
	var bound [256]C.char
	if err := check("bind "+endpoint,
		C.raw_bind(socket, name, &bound[0], C.size_t(len(bound)))); err != nil {
		return "", err
	}
	if o.Public != "" {
		return C.GoString(&bound[0]) + keyMark + o.Public, nil
	}
	return C.GoString(&bound[0]), nil
}

// connect connects a DEALER.
func (o Options) connect(socket unsafe.Pointer, endpoint string) error {
	address, key, secure := strings.Cut(endpoint, keyMark)
	if secure {
		server, public, secret := C.CString(key), C.CString(o.Public), C.CString(o.Secret)
		defer C.free(unsafe.Pointer(server))
		defer C.free(unsafe.Pointer(public))
		defer C.free(unsafe.Pointer(secret))
		err := check("CURVE", C.raw_curve_client(socket, server, public, secret))
		if err != nil {
			return err
		}
	}
	name, id := C.CString(address), C.CString(o.Identity)
	defer C.free(unsafe.Pointer(name))
	defer C.free(unsafe.Pointer(id))
	return check("connect "+address,
		C.raw_connect(socket, name, id, C.size_t(len(o.Identity))))
}

// Version is that of the libzmq in use.
func Version() string {
	var major, minor, patch C.int
	C.zmq_version(&major, &minor, &patch)
	return fmt.Sprintf("%d.%d.%d", major, minor, patch)
}
