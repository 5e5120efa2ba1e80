package zmq

/*
#cgo !windows pkg-config: libzmq
#cgo linux LDFLAGS: -ldl
#cgo windows LDFLAGS: -lzmq
#cgo noescape zre_drain
#cgo noescape zre_in_hand
#cgo noescape zre_skip
#cgo noescape zre_send1
#cgo noescape zre_send2
#cgo noescape zre_send_packed
#cgo noescape zre_send_frame
#cgo noescape zre_content_add
#cgo noescape zre_send_content
#include "shim.h"
*/
import "C"

// There is no "#cgo nocallback" above: it saves nothing, and has each call tell the runtime twice that C will not call
// back, which costs a seventh of a call.

import (
	"errors"
	"reflect"
	"unsafe"

	zmq4 "github.com/pebbe/zmq4"
)

// rawSocket is libzmq's pointer to a socket, as a number: it points to nothing that Go knows of. 0 stands
// for "not known", and then the socket works through pebbe's calls.
type rawSocket C.uintptr_t

// rawOf reads libzmq's pointer out of pebbe's socket, where it is an unexported field. Should a later
// version of pebbe keep it elsewhere, this gives 0.
func rawOf(zs *zmq4.Socket) rawSocket {
	f := reflect.ValueOf(zs).Elem().FieldByName("soc")
	if !f.IsValid() || f.Kind() != reflect.UnsafePointer {
		return 0
	}
	return rawSocket(f.Pointer())
}

// errno turns what the shim returned into an error.
func errno(rc C.int) error {
	if rc >= 0 {
		return nil
	}
	return mapped(zmq4.Errno(-rc))
}

// octets is the C view of b. C reads it during the call and keeps nothing of it.
func octets(b []byte) (*C.uchar, C.size_t) {
	return (*C.uchar)(unsafe.SliceData(b)), C.size_t(len(b))
}

func (r rawSocket) send1(a []byte) error {
	ap, an := octets(a)
	return errno(C.zre_send1(C.uintptr_t(r), ap, an))
}

func (r rawSocket) send2(a, b []byte) error {
	ap, an := octets(a)
	bp, bn := octets(b)
	return errno(C.zre_send2(C.uintptr_t(r), ap, an, bp, bn))
}

func (r rawSocket) sendFrame(a []byte, at int, more bool) error {
	ap, an := octets(a)
	var m C.int
	if more {
		m = 1
	}
	return errno(C.zre_send_frame(C.uintptr_t(r), ap, an, C.int(at), m))
}

// packer lays the frames of a small message one after the other, so that one call sends them all: an
// array of pointers into Go's memory must not be handed to C.
type packer struct {
	buf  []byte
	lens []C.size_t
}

// packed is the size up to which laying frames side by side is cheaper than a call for each.
const packed = 4096

func (p *packer) reset() { p.buf, p.lens = p.buf[:0], p.lens[:0] }

func (p *packer) add(frame []byte) {
	p.buf = append(p.buf, frame...)
	p.lens = append(p.lens, C.size_t(len(frame)))
}

func (r rawSocket) sendPacked(p *packer) error {
	bp, _ := octets(p.buf)
	return errno(C.zre_send_packed(C.uintptr_t(r), bp, unsafe.SliceData(p.lens), C.int(len(p.lens))))
}

// sharedFrames are frames in C's memory; the zero value has none.
type sharedFrames struct{ c *C.zre_content }

// newSharedFrames copies frames to C's memory. It gives the zero value when there is none to be had.
func newSharedFrames(frames [][]byte) sharedFrames {
	c := C.zre_content_new(C.int(len(frames)))
	if c == nil {
		return sharedFrames{}
	}
	for _, f := range frames {
		fp, fn := octets(f)
		if C.zre_content_add(c, fp, fn) < 0 {
			C.zre_content_free(c)
			return sharedFrames{}
		}
	}
	return sharedFrames{c}
}

func (f sharedFrames) free() {
	if f.c != nil {
		C.zre_content_free(f.c)
	}
}

func (r rawSocket) sendShared(a []byte, f sharedFrames) error {
	ap, an := octets(a)
	return errno(C.zre_send_content(C.uintptr_t(r), ap, an, f.c))
}

func holdMemory(octets int) { C.zre_hold_memory(C.int(octets)) }

// receiver is the shim's half of a receiving socket. It lives in C's memory, because a frame of libzmq
// may stay in it from one call to the next.
type receiver struct{ c *C.zre_receiver }

// newReceiver makes one; proven has it add a frame with the proven key behind the first one of each message.
func newReceiver(proven bool) (receiver, error) {
	var p C.int
	if proven {
		p = 1
	}
	c := C.zre_receiver_new(p)
	if c == nil {
		return receiver{}, errors.New("zmq: out of memory")
	}
	return receiver{c}, nil
}

func (r receiver) free() {
	if r.c != nil {
		C.zre_receiver_free(r.c)
	}
}

// reason is why drain returned.
type reason C.int

const (
	reasonEmpty reason = C.ZRE_EMPTY
	reasonFull  reason = C.ZRE_FULL
	reasonSpace reason = C.ZRE_SPACE
)

// drain receives into slab, and the first frames of each message, heads of them, into passage where they
// fit; taken says that Go has copied the frame in hand.
func (r receiver) drain(s rawSocket, taken bool, slab, passage []byte, heads, messages int) (reason, error) {
	sp, sn := octets(slab)
	pp, pn := octets(passage)
	var t C.int
	if taken {
		t = 1
	}
	rc := C.zre_drain(r.c, C.uintptr_t(s), t, sp, sn, pp, pn, C.int(heads), ownBuffer, C.int(messages))
	return reason(rc), errno(rc)
}

func (r receiver) skip(s rawSocket) error { return errno(C.zre_skip(r.c, C.uintptr_t(s))) }

// need is the size of the frame in hand after reasonSpace.
func (r receiver) need() int { return int(r.c.need) }

// appendFrame appends the frame in hand to buf. Go copies it, not the shim, because append does not clear
// memory first that it is about to overwrite, as make would have to.
func (r receiver) appendFrame(buf []byte) []byte {
	return append(buf, unsafe.Slice((*byte)(C.zre_in_hand(r.c)), r.need())...)
}

// In frames, moreFollows marks a frame that does not end its message, and passing one that lies in the
// passage. The rest is the frame's size.
const (
	moreFollows = C.ZRE_MORE
	passing     = C.ZRE_PASSING
)

// frames describes the frames that the last drain stored. It is C's memory and holds until the next drain.
func (r receiver) frames() []uint64 { return unsafe.Slice((*uint64)(&r.c.lens[0]), int(r.c.count)) }
