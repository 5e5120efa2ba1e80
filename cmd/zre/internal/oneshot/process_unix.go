//go:build unix

package oneshot

import (
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// defaultSignals makes the signals of failed writes do in commands what they do elsewhere. The
// programs here ignore them, and what is ignored a child would ignore too.
func defaultSignals() {
	signal.Notify(make(chan os.Signal, 1), unix.SIGPIPE, unix.SIGXFSZ) // nobody reads it
}

// ownGroup puts a command that is to be started into a process group of its own, which is ended
// when the context of the command ends. The goroutine keeps its thread until unlock.
func ownGroup(cmd *exec.Cmd) (unlock func()) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return unix.Kill(-cmd.Process.Pid, unix.SIGTERM) }
	return dieTogether(cmd)
}

// endGroup kills what is left of the group of a command that has ended.
func endGroup(cmd *exec.Cmd) {
	_ = unix.Kill(-cmd.Process.Pid, unix.SIGKILL) // Usually nothing is left.
}

// exitStatus is the status of a command as shells count it.
func exitStatus(state *os.ProcessState) int {
	if ws, ok := state.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return 128 + int(ws.Signal())
	}
	return state.ExitCode() & 0xff
}
