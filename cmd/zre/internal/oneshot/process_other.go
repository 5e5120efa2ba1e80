//go:build !unix

package oneshot

import (
	"os"
	"os/exec"
)

func defaultSignals() {}

// ownGroup does nothing on this system: the command alone is ended.
func ownGroup(*exec.Cmd) (unlock func()) { return func() {} }

func endGroup(*exec.Cmd) {}

func exitStatus(state *os.ProcessState) int { return state.ExitCode() & 0xff }
