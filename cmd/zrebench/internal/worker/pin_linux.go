package worker

import (
	"fmt"
	"runtime"

	"golang.org/x/sys/unix"
)

// onCores calls start on a thread that may run on the first n cores only, so that the process that
// start makes is bound to them with all its threads. The thread itself is set free again.
func onCores(n int, start func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var before, few unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return fmt.Errorf("bind to %d cores: %w", n, err)
	}
	if n >= before.Count() {
		return start()
	}
	for i := 0; few.Count() < n; i++ {
		if before.IsSet(i) {
			few.Set(i)
		}
	}
	if err := unix.SchedSetaffinity(0, &few); err != nil {
		return fmt.Errorf("bind to %d cores: %w", n, err)
	}
	err := start()
	if again := unix.SchedSetaffinity(0, &before); again != nil && err == nil {
		err = fmt.Errorf("release from %d cores: %w", n, again)
	}
	return err
}
