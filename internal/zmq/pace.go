package zmq

import (
	"runtime"
	"time"
)

// A conversation, where message and answer follow each other, leaves a process idle for some microseconds at a time. Go's
// scheduler makes much of that: the processor is given up, the netpoller asked twice, and the monitor thread,
// which sleeps while the process is idle, is woken by the next call into C and sent to sleep again by a timer of 20 µs.
// Each timer costs a virtual machine an exit to its host. A round trip of 1 KiB on one core took 65 µs, where libzmq
// alone takes 46 and an eager wait 53.
//
// A receiver in a conversation waits eagerly: in the kernel, without telling the scheduler (waitEagerly). That holds one
// of Go's processors, though none of the machine, so it is kept rare and short:
//
//   - one receiver of the process at a time;
//   - only after eagerAfter waits in a row that were quick and brought few messages, so that what else comes up in the
//     process has to wait about as short a time as they took, and eagerLimit once when the conversation ends;
//   - goroutines that can run are let run first (yield), and a signal from the scheduler, which wants to collect
//     garbage or to run another goroutine, ends the wait.
const (
	eagerAfter = 8
	eagerQuick = 300 * time.Microsecond
	eagerFew   = 4
	// eagerLimit is beyond the kernel's next tick, mostly, and so costs no timer of its own.
	eagerLimit = 4 * time.Millisecond
)

// pace tells a conversation from other traffic.
type pace struct {
	began time.Time // of the wait under way
	short int       // waits in a row that were quick and brought few messages
}

func (p *pace) begin() { p.began = time.Now() }

// end tells that a wait brought messages.
func (p *pace) end(messages int) {
	if messages > eagerFew || time.Since(p.began) >= eagerQuick {
		p.short = 0
	} else if p.short < eagerAfter {
		p.short++
	}
}

// quick tells whether the next wait is likely to be short.
func (p *pace) quick() bool { return p.short >= eagerAfter }

// yield lets the goroutines run that can. One call is not enough: now and then the scheduler takes the goroutine that has
// yielded before those that have waited longer.
func yield() {
	runtime.Gosched()
	runtime.Gosched()
}
