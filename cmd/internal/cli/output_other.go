//go:build !unix

package cli

import "os"

// WatchOutput does nothing on this system: that nobody reads f any more is noticed at the
// next write.
func WatchOutput(_ *os.File, _ func()) (stop func()) { return func() {} }
