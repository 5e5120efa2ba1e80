//go:build linux

package lab

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"sync"

	"golang.org/x/sys/unix"
)

// switchAhead is how far the switch goes before other programs, in steps of nice(1).
const switchAhead = 10

// switchFirst lets all threads of this process, which is the switch, go before other programs: a network
// does not become slow when hosts are busy, and the programs together want more of the processors than
// there is. Root may do that. Threads that begin later are like those that begin them.
var switchFirst = sync.OnceValue(func() error {
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return err
	}
	for _, thread := range threads {
		id, err := strconv.Atoi(thread.Name())
		if err == nil {
			err = unix.Setpriority(unix.PRIO_PROCESS, id, -switchAhead)
		}
		if err != nil {
			return fmt.Errorf("thread %s: %w", thread.Name(), err)
		}
	}
	return nil
})

// afterSwitch is the command that starts another one so that the switch goes before it, and all that are
// started so have equal shares: as any program of the machine, or, without the right to let the switch
// go first, of what other programs leave over. (Then one may get nothing for seconds.)
func afterSwitch() []string {
	if switchFirst() == nil {
		return []string{"nice", "-n", strconv.Itoa(switchAhead)}
	}
	if !full {
		return nil // They are few.
	}
	if _, err := exec.LookPath("chrt"); err != nil {
		return []string{"nice", "-n", "19"}
	}
	return []string{"chrt", "-i", "0"}
}
