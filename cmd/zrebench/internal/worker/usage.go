package worker

import (
	"runtime"
	"runtime/debug"
	"time"
)

// usage says what this process uses, after a pause. Memory is counted when it is asked for: what
// only waits to be collected is given back to the system first, which takes processor time. Pools
// let go of theirs at the second collection.
func usage(job Job) (r Result, err error) {
	time.Sleep(job.Settle)
	r.Usage.CPU = cpuTime()
	if err := r.Usage.countThreads(); err != nil || !job.Weigh {
		return r, err
	}
	runtime.GC()
	debug.FreeOSMemory()
	r.Usage.Memory, err = anonymous()
	return r, err
}
