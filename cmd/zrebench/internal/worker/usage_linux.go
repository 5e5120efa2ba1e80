package worker

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// cpuTime is what this process has used of all cores since its start.
func cpuTime() time.Duration {
	var ru unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &ru); err != nil {
		return 0
	}
	return time.Duration(ru.Utime.Nano() + ru.Stime.Nano())
}

// used reads what this process has used so far.
func used() (Used, error) {
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return Used{}, err
	}
	libzmq := 0
	for _, t := range threads {
		// A thread may end meanwhile.
		if name, err := os.ReadFile("/proc/self/task/" + t.Name() + "/comm"); err == nil && bytes.HasPrefix(name, []byte("ZMQ")) {
			libzmq++
		}
	}
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return Used{}, err
	}
	fields := bytes.Fields(statm)
	if len(fields) < 2 {
		return Used{}, fmt.Errorf("usage: /proc/self/statm holds %q", statm)
	}
	pages, err := strconv.ParseInt(string(fields[1]), 10, 64)
	if err != nil {
		return Used{}, fmt.Errorf("usage: /proc/self/statm: %w", err)
	}
	return Used{
		CPU:     cpuTime(),
		Threads: len(threads),
		LibZMQ:  libzmq,
		Memory:  pages * int64(os.Getpagesize()),
	}, nil
}
