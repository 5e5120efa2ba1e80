//go:build !linux

package beacon

func openSocket(b binding, ttl int) (socket, error) { return openPortable(b, ttl) }
