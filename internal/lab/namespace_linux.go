package lab

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// namespace is a network namespace that lives as long as this process holds it open.
type namespace struct{ file *os.File }

// tools says which program that a lab needs is not here.
func tools() error {
	for _, tool := range []string{"ip", "nsenter"} {
		if _, err := exec.LookPath(tool); err != nil {
			return fmt.Errorf("%s is needed (packages iproute2 and util-linux): %w", tool, err)
		}
	}
	return nil
}

// unable says why there can be no lab here; it tries once for the whole process.
var unable = sync.OnceValue(func() error {
	if err := tools(); err != nil {
		return err
	}
	ns, err := newNamespace()
	if err != nil {
		return fmt.Errorf("root is needed, or leave to make user namespaces: %w", err)
	}
	ns.close()
	return nil
})

// onOwnThread runs f, which may enter another network namespace, on a thread that nothing else
// runs on meanwhile. Afterwards the thread returns to its namespace and to its other work. It
// must not end: the programs that were once started from it would be killed (dieWithParent),
// because to the kernel the parent that dies is the thread.
func onOwnThread(f func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		home, err := os.Open("/proc/thread-self/ns/net")
		if err == nil {
			err = f()
			if unix.Setns(int(home.Fd()), unix.CLONE_NEWNET) == nil {
				runtime.UnlockOSThread()
			} // Else it has to end with its goroutine after all.
			home.Close()
		}
		done <- err
	}()
	return <-done
}

func newNamespace() (*namespace, error) {
	ns := new(namespace)
	err := onOwnThread(func() (err error) {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return os.NewSyscallError("unshare", err)
		}
		ns.file, err = os.Open("/proc/thread-self/ns/net")
		return err
	})
	return ns, err
}

// path names the namespace for other programs.
func (ns *namespace) path() string {
	return fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), ns.file.Fd())
}

func (ns *namespace) inside(f func()) error {
	return onOwnThread(func() error {
		if err := unix.Setns(int(ns.file.Fd()), unix.CLONE_NEWNET); err != nil {
			return os.NewSyscallError("setns", err)
		}
		f()
		return nil
	})
}

func (ns *namespace) close() { ns.file.Close() }

func dieWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}

// inside tells a test process that Main started that it is that one.
const inside = "ZRE_LAB_INSIDE"

// Main runs the tests of a package, in a user namespace of their own if it takes that to make
// a lab. It returns the status to exit with.
func Main(m *testing.M) int {
	if os.Getenv(inside) != "" {
		if out, err := exec.Command("ip", "link", "set", "lo", "up").CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "lab: set lo up: %v: %s", err, out)
		}
		return m.Run()
	}
	if os.Getuid() == 0 || tools() != nil {
		return m.Run() // without the tools New says what is missing
	}
	self := exec.Command("/proc/self/exe", os.Args[1:]...)
	self.Env = append(os.Environ(), inside+"=1")
	self.Stdin, self.Stdout, self.Stderr = os.Stdin, os.Stdout, os.Stderr
	self.SysProcAttr = &syscall.SysProcAttr{
		// The network namespace is for the way back: a thread may return only to one that is its
		// user namespace's own.
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
		Pdeathsig:   syscall.SIGKILL,
	}
	if err := self.Start(); err != nil {
		return m.Run() // no user namespaces here: New will say so
	}
	if err := self.Wait(); err != nil {
		return max(1, self.ProcessState.ExitCode())
	}
	return 0
}
