//go:build !linux

package report

import "time"

// processorTime is not known on this system.
func processorTime() (busy, own time.Duration, known bool) { return 0, 0, false }
