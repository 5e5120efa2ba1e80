package worker

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// cpuTime is what this process has used of all cores since its start, user and system.
func cpuTime() time.Duration {
	var ru unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &ru); err != nil {
		return 0
	}
	return time.Duration(ru.Utime.Nano() + ru.Stime.Nano())
}

// countThreads counts those that there are now.
func (u *Used) countThreads() error {
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return err
	}
	u.Threads = len(threads)
	for _, t := range threads {
		// A thread may have ended.
		name, err := os.ReadFile("/proc/self/task/" + t.Name() + "/comm")
		if err == nil && bytes.HasPrefix(name, []byte("ZMQ")) {
			u.LibZMQ++
		}
	}
	return nil
}

// anonymous is the resident memory of this process that no file stands behind. The pages of the
// program itself are left out: how many of them are there says which code has run.
func anonymous() (int64, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	for line := range bytes.Lines(status) {
		if fields := bytes.Fields(line); len(fields) == 3 && string(fields[0]) == "RssAnon:" {
			kib, err := strconv.ParseInt(string(fields[1]), 10, 64)
			if err != nil {
				return 0, fmt.Errorf("usage: RssAnon: %w", err)
			}
			return kib << 10, nil
		}
	}
	return 0, fmt.Errorf("usage: there is no RssAnon in /proc/self/status")
}
