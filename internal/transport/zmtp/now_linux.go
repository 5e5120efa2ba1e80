//go:build !race

package zmtp

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The runtime is told of a system call, and then wakes its monitor thread, if that sleeps because
// nothing has run. On a busy core this made one of ten round trips of a single message twice as long
// as the others. A call for few octets on a socket that does not block is over before the monitor
// could do anything about it, so here the runtime is not told. The race detector has to know of all
// calls.

// fewOctets is how many may be copied by a call that the runtime is not told of. The garbage
// collector may have to wait for it.
const fewOctets = 8 << 10

// readNow reads what there is, and does not wait.
func readNow(fd int, b []byte) (int, error) {
	if len(b) == 0 || len(b) > fewOctets {
		return unix.Read(fd, b)
	}
	return fromRaw(syscall.RawSyscall(unix.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b))))
}

// writeNow writes what there is room for, and does not wait.
func writeNow(fd int, b []byte) (int, error) {
	if len(b) == 0 || len(b) > fewOctets {
		return unix.Write(fd, b)
	}
	return fromRaw(syscall.RawSyscall(unix.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b))))
}

func fromRaw(n, _ uintptr, errno syscall.Errno) (int, error) {
	if errno != 0 {
		return -1, errno
	}
	return int(n), nil
}
