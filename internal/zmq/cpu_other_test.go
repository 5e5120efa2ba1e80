//go:build !unix

package zmq

import "time"

// cpuTime is not known here.
func cpuTime() time.Duration { return 0 }
