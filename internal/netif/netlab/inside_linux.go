package netlab

import (
	"runtime"

	"github.com/vishvananda/netns"
)

// Inside runs f inside the host, and returns when it has. Sockets that f opens
// stay in the host; goroutines that it starts do not run there. So f must not
// end the test: it reports by t.Error.
func (h *Host) Inside(f func()) {
	h.t.Helper()
	done := make(chan error)
	go func() {
		// The thread is not unlocked, so that it ends with the goroutine and
		// nothing else ever runs in the namespace.
		runtime.LockOSThread()
		namespace, err := netns.GetFromName(h.name)
		if err == nil {
			err = netns.Set(namespace)
			namespace.Close()
		}
		if err == nil {
			f()
		}
		done <- err
	}()
	if err := <-done; err != nil {
		h.t.Fatalf("enter namespace %s: %v", h.name, err)
	}
}
