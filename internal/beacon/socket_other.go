//go:build !linux

package beacon

func openSocket(port uint16, ttl int) (socket, error) { return openPortable(port, ttl) }
