//go:build !linux

package zmtp

// resting is for systems on which links can come to rest.
type resting struct{}

// canRest reports whether links can come to rest on this system.
const canRest = false

func (*resting) add(*link) bool { return false }
func (*resting) remove(*link)   {}
func (*resting) close()         {}
