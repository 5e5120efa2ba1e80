package zre

import (
	"errors"
	"testing"
	"time"

	"github.com/gozre/zre/internal/codec/zremsg"
	"github.com/gozre/zre/internal/transport/choose"
)

// forgetful is a peer that does as pyre does when it was not able to send: it closes
// the connection that it sends on, forgets the node, and reads nothing of it before
// the next HELLO. That one it does not answer, as it has sent its own before.
type forgetful struct {
	*scripted
	ready   bool // it reads what the node sends
	forgot  bool // the node, and has not greeted it again
	node    string
	forgets chan struct{}
	last    chan struct{} // closed when the last message came
}

// run reads what the node sends, and sends something every now and then.
func (f *forgetful) run(done chan<- struct{}) {
	defer close(done)
	talk := time.NewTicker(100 * time.Millisecond)
	defer talk.Stop()
	for {
		select {
		case h, open := <-f.in:
			if !open {
				return
			}
			f.take(h)
		case <-f.forgets:
			f.out.Abort()
			f.ready, f.forgot = false, true
		case <-talk.C:
			if !f.forgot {
				f.send(&zremsg.Whisper{}, []byte("x"))
			}
		}
	}
}

func (f *forgetful) take(h heard) {
	switch h.message.(type) {
	case *zremsg.Hello:
		if f.ready = !f.forgot; f.forgot { // This one is not read: it greets now.
			f.forgot = false
			f.dial(f.node)
			f.send(f.hello("forgetful"))
		}
	case *zremsg.Ping:
		if f.ready {
			f.send(&zremsg.PingOK{})
		}
	case *zremsg.Whisper:
		if f.ready && string(h.content[0]) == "last" {
			close(f.last)
		}
	}
}

// A peer that forgets the node hears it again after some seconds. What was lost is
// named, and what is sent then is acknowledged, however much was not before.
func TestForgetfulPeer(t *testing.T) {
	if testTransport() == choose.Libzmq {
		t.Skip("libzmq does not tell which accepted connection has ended")
	}
	t.Parallel()
	n := newTestNet(t).start("n", func(c *Config) {
		c.Discovery.NoBeacon = true
		c.Timing.QuietPingRate = 200 * time.Millisecond
	})
	p := newScripted(t)
	f := &forgetful{scripted: p, node: n.Endpoint(), forgets: make(chan struct{}), last: make(chan struct{})}
	p.enter(n, "forgetful")
	f.ready = true
	done := make(chan struct{})
	t.Cleanup(func() {
		p.done.Store(true)
		must(t, n.Close())
		must(t, p.transport.Close(0))
		close(p.in)
		<-done
	})
	go f.run(done)
	await(t, n, is(EventEnter, "forgetful"))
	must(t, n.Whisper(bg(t), p.id, []byte("x")))
	must(t, n.Flush(bg(t)))

	f.forgets <- struct{}{}
	await(t, n, is(EventExit, "forgetful"))
	await(t, n, is(EventEnter, "forgetful"))
	stop, sent := make(chan struct{}), make(chan struct{})
	go func() { // much that is not acknowledged
		defer close(sent)
		every := time.NewTicker(25 * time.Millisecond)
		defer every.Stop()
		for {
			select {
			case <-stop:
				return
			case <-every.C:
				if err := n.Whisper(bg(t), p.id, []byte("x")); err != nil && !errors.Is(err, ErrUnknownPeer) && !errors.Is(err, ErrPeerGone) {
					t.Error(err)
				}
			}
		}
	}()
	began := time.Now()
	if ev := await(t, n, is(EventExit, "forgetful")); ev.Reason != ReasonUnheard {
		t.Errorf("EXIT because of %v", ev.Reason)
	}
	await(t, n, is(EventEnter, "forgetful"))
	close(stop)
	<-sent
	must(t, n.Whisper(bg(t), p.id, []byte("last")))
	var missed *DeliveryError
	if err := n.Flush(bg(t)); !errors.As(err, &missed) || !errors.Is(err, ErrPeerGone) {
		t.Errorf("what was lost is not named: %v", err)
	}
	must(t, n.Flush(bg(t)))
	select {
	case <-f.last:
	case <-time.After(patience):
		t.Error("the last message has not arrived")
	}
	t.Logf("it hears again after %v", time.Since(began))
}
