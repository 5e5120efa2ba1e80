package zmtp

import (
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// resting waits for the links at rest by one epoll instance, and so without a goroutine for each.
type resting struct {
	mu    sync.Mutex // guards what follows
	file  *os.File   // the epoll instance; nil while there is no link
	raw   syscall.RawConn
	links map[uint64]*link // by number
	last  uint64           // number of a link
	done  chan struct{}    // closed when the goroutine has ended
	no    bool             // there can be none

	// The arguments and the result of control, and what it calls: no memory is needed for a call.
	op      int
	event   unix.EpollEvent
	worked  bool
	ofEpoll func(fd uintptr)
	ofLink  func(fd uintptr)
	present *link // whose socket it is
	epoll   int
}

// canRest reports whether links can come to rest on this system.
const canRest = true

// open makes the epoll instance. It is non-blocking, so that Go's own poller waits for it, and
// no thread does. Called under mu.
func (r *resting) open() bool {
	if r.file != nil || r.no {
		return !r.no
	}
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return false // There may be a descriptor for it later.
	}
	if err = unix.SetNonblock(fd, true); err == nil {
		r.file = os.NewFile(uintptr(fd), "epoll")
		r.raw, err = r.file.SyscallConn()
	}
	if err != nil {
		r.no = true
		_ = unix.Close(fd)
		return false
	}
	r.links, r.done = make(map[uint64]*link), make(chan struct{})
	r.ofLink = func(fd uintptr) { r.worked = unix.EpollCtl(r.epoll, r.op, int(fd), &r.event) == nil }
	r.ofEpoll = func(fd uintptr) {
		r.epoll = int(fd)
		_ = r.present.raw.Control(r.ofLink)
	}
	go r.wait(r.raw, r.done)
	return true
}

// add lets a link rest. It reports false if that cannot be.
func (r *resting) add(l *link) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.open() {
		return false
	}
	r.last++
	r.event = unix.EpollEvent{
		Events: unix.EPOLLIN | unix.EPOLLRDHUP | unix.EPOLLONESHOT,
		Fd:     int32(uint32(r.last)), Pad: int32(uint32(r.last >> 32)),
	}
	if !r.control(l, unix.EPOLL_CTL_ADD) {
		return false
	}
	l.restNumber = r.last
	r.links[l.restNumber] = l
	return true
}

// remove takes a link out that rests no more.
func (r *resting) remove(l *link) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.links, l.restNumber)
	r.control(l, unix.EPOLL_CTL_DEL) // It fails if the socket is closed, and so out already.
}

// control is epoll_ctl for the socket of a link. Called under mu.
func (r *resting) control(l *link, op int) bool {
	r.present, r.op, r.worked = l, op, false
	_ = r.raw.Control(r.ofEpoll)
	r.present = nil
	return r.worked
}

// wait wakes links until close.
func (r *resting) wait(raw syscall.RawConn, done chan struct{}) {
	defer close(done)
	events := make([]unix.EpollEvent, 64)
	for {
		n := 0
		err := raw.Read(func(fd uintptr) bool {
			var err error
			n, err = unix.EpollWait(int(fd), events, 0)
			return err != nil || n > 0
		})
		if err != nil {
			return // It is closed.
		}
		for _, e := range events[:max(n, 0)] {
			if l := r.link(uint64(uint32(e.Fd)) | uint64(uint32(e.Pad))<<32); l != nil {
				l.wake()
			}
		}
	}
}

func (r *resting) link(number uint64) *link {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.links[number]
}

// close gives the descriptor back and ends the goroutine, until a link comes to rest again. It is
// called when there is no link.
func (r *resting) close() {
	r.mu.Lock()
	file, done := r.file, r.done
	r.file = nil
	r.mu.Unlock()
	if file != nil {
		_ = file.Close()
		<-done
	}
}
