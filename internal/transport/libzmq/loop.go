//go:build libzmq

package libzmq

import (
	"errors"
	"fmt"
	"syscall"
	"time"

	zmq4 "github.com/pebbe/zmq4"
)

// Errors of the system that pebbe/zmq4 has no name for.
const (
	wouldBlock = zmq4.Errno(syscall.EAGAIN)
	noDevice   = zmq4.Errno(syscall.ENODEV)
)

// loop is what belongs to the goroutine of run.
type loop struct {
	watched map[*zmq4.Socket]watch
	wake    *zmq4.Socket

	router   router
	accepted map[string]*conn // by the identity that the ROUTER gives them
	dialed   map[*conn]struct{}
	monitors uint64 // that there have been

	closing  bool
	deadline time.Time // of the drain of shut
	err      error     // of the end
}

// watch is what the loop does with a socket.
type watch struct {
	events func() zmq4.State // what it waits for, looked up each time
	ready  func(zmq4.State)
}

func pollIn() zmq4.State { return zmq4.POLLIN }

// open makes what the loop needs from its beginning.
func (t *Transport) open() (err error) {
	t.watched = make(map[*zmq4.Socket]watch)
	t.accepted, t.dialed = make(map[string]*conn), make(map[*conn]struct{})
	if t.wake, err = t.socket(zmq4.PAIR); err != nil {
		return err
	}
	if err := t.wake.Bind("inproc://wake"); err != nil {
		return err
	}
	if t.waker, err = t.socket(zmq4.PAIR); err != nil {
		return err
	}
	t.watch(t.wake, pollIn, func(zmq4.State) {
		_, _ = t.wake.RecvBytes(zmq4.DONTWAIT) // It has no content.
	})
	return t.waker.Connect("inproc://wake")
}

func (t *Transport) watch(s *zmq4.Socket, events func() zmq4.State, ready func(zmq4.State)) {
	t.watched[s] = watch{events, ready}
}

func (t *Transport) unwatch(s *zmq4.Socket) { delete(t.watched, s) }

// post gives the loop a function to run. It reports false if the loop has ended.
func (t *Transport) post(f func()) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stopped {
		return false
	}
	t.posted = append(t.posted, f)
	if t.asleep {
		t.asleep = false
		// It cannot fail: the queue has room for more than there can be.
		_, _ = t.waker.SendBytes(nil, zmq4.DONTWAIT)
	}
	return true
}

// after posts a function after a time.
func (t *Transport) after(pause time.Duration, f func()) *time.Timer {
	return time.AfterFunc(pause, func() { t.post(f) })
}

// run is the loop.
func (t *Transport) run() {
	defer close(t.done)
	for {
		t.runPosted()
		if t.closing && len(t.dialed) == 0 && len(t.accepted) == 0 {
			break
		}
		if err := t.wait(); err != nil {
			t.err = fmt.Errorf("libzmq: wait: %w", err)
			t.cfg.Logger.Error("the transport ends", "err", t.err)
			t.shut(0)
			break
		}
	}
	t.mu.Lock()
	t.stopped = true
	t.mu.Unlock()
	t.runPosted()
	t.err = errors.Join(t.err, t.release(time.Until(t.deadline)))
}

// runPosted runs what others have given to the loop.
func (t *Transport) runPosted() {
	t.mu.Lock()
	fs := t.posted
	t.posted = nil
	t.mu.Unlock()
	for _, f := range fs {
		f()
	}
}

// wait waits until a socket is ready or something is posted, and does what there is to
// do for the sockets.
func (t *Transport) wait() error {
	poller := zmq4.NewPoller()
	for s, w := range t.watched {
		if events := w.events(); events != 0 {
			poller.Add(s, events)
		}
	}
	t.mu.Lock()
	t.asleep = len(t.posted) == 0
	pause := time.Duration(-1)
	if !t.asleep {
		pause = 0
	}
	t.mu.Unlock()
	polled, err := poller.Poll(pause)
	t.mu.Lock()
	t.asleep = false
	t.mu.Unlock()
	for _, p := range polled {
		if w, ok := t.watched[p.Socket]; ok { // It was not closed in between.
			w.ready(p.Events)
		}
	}
	return err
}

// shut begins the end: all connections are closed, and messages of new ones are dropped.
// The ROUTER listens until then, because zmq_unbind would also end the connections.
func (t *Transport) shut(drain time.Duration) {
	deadline := time.Now().Add(drain)
	if t.closing && !deadline.Before(t.deadline) {
		return
	}
	t.closing, t.deadline = true, deadline
	for x := range t.dialed {
		x.close(drain)
	}
	for _, x := range t.accepted {
		x.close(drain)
	}
}

// release closes what is left, and waits until libzmq has sent what it has to send, at
// most for the given time.
func (t *Transport) release(linger time.Duration) error {
	t.router.close(linger)
	var errs []error
	for _, s := range []*zmq4.Socket{t.router.zap, t.wake, t.waker} {
		if s != nil {
			errs = append(errs, s.Close())
		}
	}
	return errors.Join(append(errs, t.ctx.Term())...)
}
