package zre

import (
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/gozre/zre/internal/codec/zremsg"
	"github.com/gozre/zre/internal/transport/choose"
)

// foreigner is a peer that does as other implementations do: it answers PINGs, takes what comes in
// sequence, and forgets a node when a number is missing or when it has not heard from it for a
// while. Then it dials and greets the node again, as it hears its beacons.
type foreigner struct {
	*scripted
	node    string
	talks   bool          // it sends messages all the time
	expires time.Duration // without a message, it forgets the node
	ready   bool          // the node's HELLO came
	want    uint16        // the next number
	heard   time.Time
	got     chan string // what was sent to it
	stop    chan struct{}
	stopped chan struct{}
	killed  sync.Once
}

// newForeigner starts a peer of the node, at this address if it is valid.
func newForeigner(t *testing.T, n *Node, r reads, talks bool, at netip.AddrPort) *foreigner {
	t.Helper()
	f := &foreigner{
		scripted: newScriptedAt(t, at), node: n.Endpoint(), talks: talks, expires: 2 * time.Second,
		got: make(chan string, 1<<16), stop: make(chan struct{}), stopped: make(chan struct{}),
	}
	f.reads = r
	f.done.Store(true) // Connections end in between.
	t.Cleanup(f.kill)
	return f
}

// start greets the node.
func (f *foreigner) start() {
	go func() {
		defer close(f.stopped)
		f.greet()
		f.run()
	}()
}

// kill ends the process.
func (f *foreigner) kill() {
	f.killed.Do(func() {
		close(f.stop)
		<-f.stopped
		must(f.t, f.transport.Close(0))
	})
}

func (f *foreigner) greet() {
	f.ready, f.heard = false, time.Now()
	f.dial(f.node)
	f.send(f.hello("foreigner"))
}

func (f *foreigner) forget() {
	f.out.Abort()
	f.greet()
}

func (f *foreigner) run() {
	beat := time.NewTicker(50 * time.Millisecond)
	defer beat.Stop()
	for {
		select {
		case <-f.stop:
			return
		case h := <-f.in:
			if h.err == nil {
				f.take(h)
			}
		case <-beat.C:
			switch {
			case time.Since(f.heard) > f.expires:
				f.forget()
			case f.talks:
				f.send(&zremsg.Whisper{}, []byte("x"))
			}
		}
	}
}

func (f *foreigner) take(h heard) {
	if _, hello := h.message.(*zremsg.Hello); hello {
		if f.ready { // a new session: it greets again
			f.forget()
		}
		f.ready, f.want = true, 1
	}
	switch {
	case !f.ready:
		return
	case h.message.HeaderSequence() != f.want:
		f.forget()
		return
	}
	f.want++
	f.heard = time.Now()
	switch h.message.(type) {
	case *zremsg.Ping:
		f.send(&zremsg.PingOK{})
	case *zremsg.Whisper:
		f.got <- string(h.content[0])
	}
}

// The line to a peer is cut, and comes back: for a new connection first, and then for those that
// were there before, whose messages and ends are still on their way. A peer that reads one
// connection of a node only is heard and hears again, whichever it reads. What was lost is named.
func TestDeafAfterCut(t *testing.T) {
	if testTransport() == choose.Libzmq {
		t.Skip("libzmq's ROUTER decides which connection is read")
	}
	t.Parallel()
	for name, r := range map[string]reads{"the first connection": readsFirst, "the last connection": readsLast} {
		for _, talks := range []bool{true, false} {
			t.Run(fmt.Sprint(name, ", talks ", talks), func(t *testing.T) {
				t.Parallel()
				deafAfterCut(t, r, talks)
			})
		}
	}
}

func deafAfterCut(t *testing.T, r reads, talks bool) {
	n := newTestNet(t).start("n", func(c *Config) {
		c.Discovery.NoBeacon = true
		c.Timing.QuietPeriod, c.Timing.QuietPingRate = 300*time.Millisecond, 100*time.Millisecond
		c.Timing.DeadPeriod, c.Timing.CloseTimeout = 2*time.Second, 100*time.Millisecond
	})
	f := newForeigner(t, n, r, talks, netip.AddrPort{})
	way := newRelay(t, f.endpoint)
	f.endpoint = way.endpoint()
	f.start()
	await(t, n, is(EventEnter, "foreigner"))
	must(t, n.Whisper(bg(t), f.id, []byte("before")))
	must(t, n.Flush(bg(t)))

	way.cut()
	must(t, n.Whisper(bg(t), f.id, []byte("lost or late")))
	until(t, "the node to dial again", func() bool { return way.dialed() > 1 })
	await(t, n, is(EventExit, "foreigner"))
	way.mendLast()
	await(t, n, is(EventEnter, "foreigner"))
	way.mendAll()
	f.hears(n, 30)
	t.Logf("the node has dialed %d times", way.dialed())
}

// hears waits until so many messages in a row are acknowledged, and have arrived. Each that
// was not is named.
func (f *foreigner) hears(n *Node, many int) {
	t := f.t
	t.Helper()
	deadline := time.After(patience)
	for number, inARow := 0, 0; inARow < many; number++ {
		text := fmt.Sprint("number ", number)
		err := n.Whisper(bg(t), f.id, []byte(text))
		if err == nil {
			err = n.Flush(bg(t))
		}
		if inARow++; err != nil {
			inARow = 0
			var missed *DeliveryError
			if !errors.As(err, &missed) && !errors.Is(err, ErrUnknownPeer) && !errors.Is(err, ErrPeerGone) {
				t.Fatal(err)
			}
		}
		for got := ""; err == nil && got != text; {
			select {
			case got = <-f.got:
			default:
				t.Fatalf("%q counts as acknowledged and did not arrive", text)
			}
		}
		select {
		case <-deadline:
			t.Fatal("the peer does not hear the node")
		case <-time.After(25 * time.Millisecond):
		}
	}
}

// A peer that reads the last connection of a node only is killed, and another one begins at its
// port at once. The connection that was dialed to the first one does not come back, and does not
// take the place of the new one.
func TestClosedLinkStaysClosed(t *testing.T) {
	if testTransport() == choose.Libzmq {
		t.Skip("libzmq's ROUTER decides which connection is read")
	}
	t.Parallel()
	n := newTestNet(t).start("n", func(c *Config) {
		c.Discovery.NoBeacon = true
		c.Timing.QuietPeriod, c.Timing.QuietPingRate = 300*time.Millisecond, 100*time.Millisecond
		c.Timing.DeadPeriod, c.Timing.CloseTimeout = 2*time.Second, 100*time.Millisecond
	})
	var at netip.AddrPort
	for range 5 {
		f := newForeigner(t, n, readsLast, false, at)
		at = f.addr
		f.start()
		await(t, n, is(EventEnter, "foreigner"))
		f.hears(n, 20)
		if err := n.Whisper(bg(t), f.id, []byte("in flight")); err != nil {
			t.Error(err)
		}
		f.kill()
	}
}
