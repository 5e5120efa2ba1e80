//go:build unix

package zmtp

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// directWrites says that a sending goroutine can write without waiting.
const directWrites = true

// directWriter makes one system call that does not wait.
type directWriter struct {
	call    func(fd uintptr) bool
	buffers net.Buffers
	n       int
	err     error
}

func (d *directWriter) prepare() {
	d.call = func(fd uintptr) bool {
		if len(d.buffers) == 1 {
			d.n, d.err = writeNow(int(fd), d.buffers[0])
		} else {
			d.n, d.err = writev(int(fd), d.buffers)
		}
		return true
	}
}

// write writes what fits into the system's buffer.
func (d *directWriter) write(raw syscall.RawConn, b net.Buffers) (int, error) {
	d.buffers = b
	err := raw.Write(d.call)
	d.buffers = nil
	if err == nil {
		err = d.err
	}
	if err == unix.EAGAIN || err == unix.EINTR {
		return 0, nil
	}
	return max(d.n, 0), err
}
