package zmq

import (
	"runtime"
	"time"
)

// A receiver that waits costs its process much, when it waits often and each time for some microseconds only. Go's
// scheduler gives up the processor and asks the netpoller twice; once no goroutine is left that can run, the monitor thread
// goes to sleep too, is woken by the next call into C, and then looks around fifty times at intervals of 20 µs. Each of its
// timers costs a virtual machine an exit to its host: a stream of small messages lost a twentieth of two cores to that,
// and a round trip of 1 KiB on one core took 65 µs, where libzmq alone takes 46.
//
// So there are two ways to wait in the kernel first, for waitLimit at most, before the goroutine parks.
//
// A receiver in a conversation, where message and answer follow each other, waits without telling the scheduler: eagerly. A
// round trip then takes 53 µs. That holds one of Go's processors, though none of the machine, so it is kept rare and short:
//
//   - one receiver of the process at a time;
//   - only after waitAfter waits in a row that were quick and brought few messages, so that what else comes up in the
//     process has to wait about as short a time as they took, and waitLimit once when the conversation ends;
//   - goroutines that can run are let run first (yield), and a signal from the scheduler, which wants to collect
//     garbage or to run another goroutine, ends the wait.
//
// A receiver of a stream that has nothing else to do (Batch.Idle) waits in a system call, as one that reads a file: held.
// The scheduler knows, and takes the processor away where another goroutine could use it and no other processor is idle.
type wait uint8

const (
	parked wait = iota
	held
	eager
)

const (
	waitAfter  = 8
	eagerQuick = 300 * time.Microsecond
	eagerFew   = 4
	// waitLimit is beyond the kernel's next tick, mostly, and so costs no timer of its own.
	waitLimit = 4 * time.Millisecond
)

// pace tells how long the next wait is likely to be.
type pace struct {
	began time.Time // of the wait under way
	few   int       // waits in a row that were quick and brought few messages
	short int       // waits in a row that were no longer than waitLimit
}

func (p *pace) begin() { p.began = time.Now() }

// end tells that a wait brought messages.
func (p *pace) end(messages int) {
	took := time.Since(p.began)
	count(&p.few, messages <= eagerFew && took < eagerQuick)
	count(&p.short, took < waitLimit)
}

func count(row *int, again bool) {
	if !again {
		*row = 0
	} else if *row < waitAfter {
		*row++
	}
}

// next tells how to wait; idle is Batch.Idle.
func (p *pace) next(idle bool) wait {
	switch {
	case p.few >= waitAfter:
		return eager
	case idle && p.short >= waitAfter && runtime.GOMAXPROCS(0) > 1:
		return held
	}
	return parked
}

// yield lets the goroutines run that can. One call is not enough: now and then the scheduler takes the goroutine that has
// yielded before those that have waited longer.
func yield() {
	runtime.Gosched()
	runtime.Gosched()
}
