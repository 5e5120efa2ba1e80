package report

import (
	"time"

	"golang.org/x/sys/unix"
)

// processorTime is what all processes have used so far, and what this one and its children that have
// ended have.
func processorTime() (busy, own time.Duration, known bool) {
	for _, who := range []int{unix.RUSAGE_SELF, unix.RUSAGE_CHILDREN} {
		var ru unix.Rusage
		if err := unix.Getrusage(who, &ru); err != nil {
			return 0, 0, false
		}
		own += time.Duration(ru.Utime.Nano() + ru.Stime.Nano())
	}
	busy, err := busyTime(read("/proc/stat"))
	return busy, own, err == nil
}
