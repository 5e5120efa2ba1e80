package worker

import (
	"runtime/debug"
	"time"
)

// usage says what this process uses, after a pause. Memory that is only waiting to be collected is given back to the
// system before it is counted.
func (s *server) usage(job Job) (r Result, err error) {
	time.Sleep(job.Settle)
	debug.FreeOSMemory()
	r.Usage, err = used()
	return r, err
}
