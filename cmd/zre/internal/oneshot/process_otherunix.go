//go:build unix && !linux

package oneshot

import "os/exec"

// dieTogether does nothing: this system has no such thing.
func dieTogether(*exec.Cmd) (unlock func()) { return func() {} }
