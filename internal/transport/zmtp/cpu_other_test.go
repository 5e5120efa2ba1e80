//go:build !unix

package zmtp

import "time"

// cpuTime is the processor time that this process has used; not known here.
func cpuTime() time.Duration { return 0 }
