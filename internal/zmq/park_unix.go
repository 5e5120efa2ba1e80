//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package zmq

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	zmq4 "github.com/pebbe/zmq4"
	"golang.org/x/sys/unix"
)

// netParker parks in Go's netpoller. It has its own duplicate of ZMQ_FD, because the netpoller wants to
// own what it watches, and libzmq closes its descriptor when it likes.
type netParker struct {
	file *os.File
	conn syscall.RawConn
	look func(uintptr) bool

	fd  int  // of file
	how wait // for look, which is called by park
}

// newNetParker gives nil when the netpoller does not take the descriptor.
func newNetParker(zs *zmq4.Socket, look func() bool) (parker, error) {
	fd, err := zs.GetFd()
	if err != nil {
		return nil, fmt.Errorf("zmq: descriptor: %w", mapped(err))
	}
	own, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("zmq: duplicate descriptor: %w", err)
	}
	// libzmq has made it non-blocking, which is how os.NewFile knows that it is for the netpoller.
	file := os.NewFile(uintptr(own), "zmq")
	conn, err := file.SyscallConn()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("zmq: descriptor: %w", err), file.Close())
	}
	// Without the netpoller there are no deadlines, and conn.Read would not wait but spin.
	if file.SetReadDeadline(time.Time{}) != nil {
		return nil, file.Close()
	}
	p := &netParker{file: file, conn: conn, fd: own}
	p.look = func(uintptr) bool { return look() || p.how != parked && waitInKernel(p.fd, p.how) && look() }
	return p, nil
}

// park relies on the order within RawConn.Read: reset the readiness, look, wait for readiness, look…
// What changes after a look makes the descriptor ready, and so ends the wait that follows.
func (p *netParker) park(how wait) error {
	if p.how = how; how != parked {
		yield()
	}
	for {
		err := p.conn.Read(p.look)
		switch {
		case err == nil:
			return nil
		case !errors.Is(err, os.ErrDeadlineExceeded):
			return ErrClosed
		}
		// This was wake. One that comes before the deadline is lifted is lost, but not what it was about:
		// Read looks again after that.
		if err := p.file.SetReadDeadline(time.Time{}); err != nil {
			return ErrClosed
		}
	}
}

// wake ends the wait by a deadline that has passed: nothing must be written to libzmq's descriptor.
func (p *netParker) wake() {
	// The only error is that the file is closed, and then there is nobody to be woken.
	_ = p.file.SetReadDeadline(time.Unix(1, 0))
}

func (p *netParker) close() error { return p.file.Close() }
