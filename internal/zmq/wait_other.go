//go:build !linux

package zmq

// waitEagerly does nothing: how other systems wait has not been measured.
func waitEagerly(int) bool { return false }
