//go:build !unix

package zmtp

import (
	"errors"
	"net"
	"syscall"
)

// directWrites says that a sending goroutine can write without waiting.
const directWrites = false

type directWriter struct{}

func (*directWriter) prepare() {}

func (*directWriter) write(syscall.RawConn, net.Buffers) (int, error) {
	return 0, errors.ErrUnsupported
}
