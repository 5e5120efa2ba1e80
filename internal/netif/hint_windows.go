package netif

import (
	"context"
	"runtime"
	"sync"
	"unsafe"

	"golang.org/x/sys/windows"
)

// A listener is what the system is given to call back with.
type listener struct{ hints chan<- struct{} }

// hint tells when the IP Helper speaks of interfaces or their addresses, until
// ctx ends; task is done when it has given back what it holds. Where there is no
// IP Helper it tells nothing.
func hint(ctx context.Context, task *sync.WaitGroup, hints chan<- struct{}) {
	l := &listener{hints}
	var pinned runtime.Pinner
	pinned.Pin(l) // the system keeps a pointer to it
	// One function makes one callback, however often it is asked for.
	callback := windows.NewCallback(changedCallback)
	var handles []windows.Handle
	for _, notify := range []func(uint16, uintptr, unsafe.Pointer, bool, *windows.Handle) error{
		windows.NotifyUnicastIpAddressChange,
		windows.NotifyIpInterfaceChange,
	} {
		var handle windows.Handle
		if notify(windows.AF_UNSPEC, callback, unsafe.Pointer(l), false, &handle) == nil {
			handles = append(handles, handle)
		}
	}
	task.Go(func() {
		<-ctx.Done()
		for _, handle := range handles {
			// It waits for a call that is running; none begins afterwards.
			_ = windows.CancelMibChangeNotify2(handle)
		}
		pinned.Unpin()
	})
}

// changedCallback is called on a thread of the system's, with what was given to
// it, the row of the table that has changed, and how.
func changedCallback(l *listener, _ unsafe.Pointer, _ uint32) uintptr {
	tell(l.hints)
	return 0
}
