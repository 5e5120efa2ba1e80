//go:build !unix

package cli

import "os"

// WatchOutput would call gone when nobody can read any more what is written to
// f. Here only the next write can tell.
func WatchOutput(_ *os.File, _ func()) (stop func()) { return func() {} }
