package zmtp

import (
	"log/slog"
	"net/netip"
)

// shortage says once that no connection can be dialed because the process or the system
// has no descriptor left, and once that there are some again.
type shortage struct {
	log *slog.Logger
	episode
}

// dialed is told how a connection was dialed.
func (d *shortage) dialed(to netip.AddrPort, err error) {
	switch {
	case outOfDescriptors(err):
		d.failed(func() {
			d.log.Warn("cannot connect: there is no file descriptor left", "endpoint", to, "cause", err,
				"hint", "raise the limit of open files; connections that exist go on")
		})
	case err == nil:
		d.worked(func() { d.log.Info("there are file descriptors again", "endpoint", to) })
	}
}
