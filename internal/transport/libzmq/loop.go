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
	watched []*watch
	poller  *zmq4.Poller // of the sockets in watched, nil if they have changed
	wake    *zmq4.Socket

	router   router
	accepted map[string]*conn // by the identity that the ROUTER gives them
	dialed   map[*conn]struct{}
	monitors uint64 // that there have been

	closing  bool
	deadline time.Time // of the drain of shut
	err      error     // of the end
}

// watch is a socket that the loop waits for.
type watch struct {
	socket *zmq4.Socket
	events zmq4.State
	ready  func(zmq4.State)
	gone   bool // it was removed
}

// open makes what the loop needs from its beginning.
func (t *Transport) open() error {
	t.accepted, t.dialed = make(map[string]*conn), make(map[*conn]struct{})
	var err error
	if t.wake, err = t.socket(zmq4.PAIR); err != nil {
		return err
	}
	if err := t.wake.Bind("inproc://wake"); err != nil {
		return err
	}
	if t.waker, err = t.socket(zmq4.PAIR); err != nil {
		return err
	}
	if err := t.waker.Connect("inproc://wake"); err != nil {
		return err
	}
	t.watch(t.wake, zmq4.POLLIN, func(zmq4.State) {
		_, _ = t.wake.RecvBytes(zmq4.DONTWAIT) // It has no content.
	})
	return nil
}

// watch makes the loop wait for events of a socket.
func (t *Transport) watch(s *zmq4.Socket, events zmq4.State, ready func(zmq4.State)) *watch {
	w := &watch{socket: s, events: events, ready: ready}
	t.watched = append(t.watched, w)
	t.poller = nil
	return w
}

// unwatch undoes watch.
func (t *Transport) unwatch(w *watch) {
	w.gone = true
	t.poller = nil
}

// want changes the events that the loop waits for.
func (t *Transport) want(w *watch, events zmq4.State) {
	if w.events != events {
		w.events = events
		t.poller = nil
	}
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
	if t.poller == nil {
		t.poller = zmq4.NewPoller()
		left := t.watched[:0]
		for _, w := range t.watched {
			if !w.gone {
				left = append(left, w)
				t.poller.Add(w.socket, w.events)
			}
		}
		clear(t.watched[len(left):])
		t.watched = left
	}
	t.mu.Lock()
	t.asleep = len(t.posted) == 0
	pause := time.Duration(-1)
	if !t.asleep {
		pause = 0
	}
	t.mu.Unlock()
	polled, err := t.poller.PollAll(pause)
	t.mu.Lock()
	t.asleep = false
	t.mu.Unlock()
	if err != nil {
		return err
	}
	for i, w := range t.watched[:len(polled)] {
		if events := polled[i].Events & w.events; events != 0 && !w.gone {
			w.ready(events)
		}
	}
	return nil
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
	errs := []error{t.closeRouter(linger)}
	for _, s := range []*zmq4.Socket{t.wake, t.waker} {
		if s != nil {
			errs = append(errs, s.Close())
		}
	}
	return errors.Join(append(errs, t.ctx.Term())...)
}
