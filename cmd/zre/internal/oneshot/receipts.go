package oneshot

import (
	"context"
	"sync"

	"github.com/gozre/zre/zre"
)

// receipts takes events, and acknowledges messages when the commands that run for them have
// ended. A node acknowledges all that was taken or nothing, as PINGs count messages in order. So
// it is done while no command runs, by the goroutine that takes events. A node without
// Config.ManualAck acknowledges by itself, and nothing has to wait for that.
type receipts struct {
	node *zre.Node
	most int // so many commands begin at most before none runs; 0: any number

	mu      sync.Mutex // guards what follows
	running int
	begun   int                // since the last acknowledgement
	cut     bool               // a command was ended: what was taken is not acknowledged
	wake    context.CancelFunc // ends the waiting of next
}

// newReceipts is for so many commands at a time. Manual says that the node has Config.ManualAck.
func newReceipts(node *zre.Node, parallel int, manual bool) *receipts {
	most := 0
	switch {
	case manual && parallel > 1:
		most = 4 * parallel
	case manual:
		most = 1
	}
	return &receipts{node: node, most: most, wake: func() {}}
}

// next returns the next event. While it waits for one, it acknowledges those before it as soon
// as no command runs.
func (r *receipts) next(ctx context.Context) (zre.Event, error) {
	for {
		waiting, cancel := context.WithCancel(ctx)
		r.mu.Lock()
		r.wake = cancel
		idle := r.running == 0
		full := !idle && r.most > 0 && r.begun >= r.most
		r.mu.Unlock()
		if idle {
			r.acknowledge()
		}
		if full {
			<-waiting.Done()
		} else if ev, err := r.node.Next(waiting); err == nil || waiting.Err() == nil {
			cancel()
			return ev, err
		}
		cancel()
		if ctx.Err() != nil {
			return zre.Event{}, ctx.Err()
		}
	}
}

// began says that a command runs for the event that next has returned.
func (r *receipts) began() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.running++
	r.begun++
}

// ended says that a command has ended. A command that was cut has not handled its message.
func (r *receipts) ended(cut bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.running--
	r.cut = r.cut || cut
	if r.running == 0 {
		r.wake()
	}
}

// acknowledge acknowledges all that next has returned. No command may run.
func (r *receipts) acknowledge() {
	r.mu.Lock()
	cut := r.cut
	r.begun = 0
	r.mu.Unlock()
	if !cut {
		r.node.Ack()
	}
}
