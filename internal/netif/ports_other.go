//go:build !linux

package netif

// bridgePorts gives none: the systems without this file's counterpart give the
// parts of a bridge no address of their own.
func bridgePorts() map[int]bool { return nil }
