package worker

import (
	"fmt"
	"runtime"

	"golang.org/x/sys/unix"
)

// onOneCore calls start on a thread that may run on one core only, so that the process that start makes is
// bound to that core with all its threads. The thread itself is set free again.
func onOneCore(start func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var before, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return fmt.Errorf("bind to one core: %w", err)
	}
	for i := range len(before) * 64 {
		if before.IsSet(i) {
			one.Set(i)
			break
		}
	}
	if err := unix.SchedSetaffinity(0, &one); err != nil {
		return fmt.Errorf("bind to one core: %w", err)
	}
	err := start()
	if again := unix.SchedSetaffinity(0, &before); again != nil && err == nil {
		err = fmt.Errorf("release from one core: %w", again)
	}
	return err
}
