//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package transfer

import "os"

const nonblock = 0

// lock does nothing: these systems have no lock that ends with the file.
func lock(*os.File) error { return nil }
