package oneshot

import (
	"os/exec"
	"runtime"

	"golang.org/x/sys/unix"
)

// dieTogether makes the kernel kill a command when this process is killed. The kernel takes the
// end of the thread that started the command for that, so the goroutine keeps it.
func dieTogether(cmd *exec.Cmd) (unlock func()) {
	cmd.SysProcAttr.Pdeathsig = unix.SIGKILL
	runtime.LockOSThread()
	return runtime.UnlockOSThread
}
