package report

import (
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// Watch measures what else the machine does. Figures of a busy machine are less reliable.
type Watch struct {
	begin     time.Time
	busy, own time.Duration
	known     bool
}

// NewWatch begins to watch.
func NewWatch() Watch {
	w := Watch{begin: time.Now()}
	w.busy, w.own, w.known = processorTime()
	return w
}

// Others is how much of the cores other processes have used so far, such as "31 % of 2 cores"; ""
// where that is not known.
func (w Watch) Others() string {
	busy, own, known := processorTime()
	cores := runtime.NumCPU()
	whole := time.Since(w.begin) * time.Duration(cores)
	if !w.known || !known || whole <= 0 {
		return ""
	}
	return fmt.Sprintf("%.0f %% of %d cores", share(busy-w.busy-(own-w.own), whole), cores)
}

// share is in percent, and within what is possible: the two clocks do not tick together.
func share(part, whole time.Duration) float64 {
	return min(max(100*float64(part)/float64(whole), 0), 100)
}

// tick is the unit of /proc/stat on all of Linux's architectures that Go has.
const tick = 10 * time.Millisecond

// busyTime reads the first line of /proc/stat: what all cores did since the start of the system,
// except idle and waiting for disks. Time that another guest of the same machine has stolen counts.
func busyTime(stat string) (time.Duration, error) {
	line, _, _ := strings.Cut(stat, "\n")
	fields := strings.Fields(line)
	const idle, iowait, steal = 4, 5, 8
	if len(fields) <= steal || fields[0] != "cpu" {
		return 0, errors.New("/proc/stat does not begin as it should")
	}
	var sum int64
	for i, f := range fields[1 : steal+1] {
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return 0, err
		}
		if i+1 != idle && i+1 != iowait {
			sum += n
		}
	}
	return time.Duration(sum) * tick, nil
}
