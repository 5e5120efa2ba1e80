package lab

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// device is where interfaces come from whose other end is a file.
const device = "/dev/net/tun"

// cannotTap says why there can be no switch here.
func cannotTap() error {
	if reason := unable(); reason != nil {
		return reason
	}
	file, err := os.OpenFile(device, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return file.Close()
}

// openTap makes an Ethernet interface of the host, whose other end is the file.
func (h *Host) openTap(name string) (io.ReadWriteCloser, error) {
	var fd int
	var err error
	h.Inside(func() { fd, err = openTap(name) })
	if err != nil {
		return nil, err
	}
	// Only now: the runtime's poller takes a TAP device that has its interface already.
	return os.NewFile(uintptr(fd), "tap "+name), nil
}

func openTap(name string) (int, error) {
	fd, err := unix.Open(device, unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return 0, fmt.Errorf("open %s: %w", device, err)
	}
	request, err := unix.NewIfreq(name)
	if err == nil {
		request.SetUint16(unix.IFF_TAP | unix.IFF_NO_PI)
		err = unix.IoctlIfreq(fd, unix.TUNSETIFF, request)
	}
	if err != nil {
		unix.Close(fd)
		return 0, fmt.Errorf("make TAP interface %s: %w", name, err)
	}
	return fd, nil
}
