package zmtp

import (
	"errors"
	"os"
	"time"
)

// A goroutine that waits for one connection has a stack of 4 KiB or more, and a node with many
// peers waits for many connections. So a link on which nothing arrives comes to rest, where the
// system allows it: its goroutine ends, and one goroutine waits for all links at rest. The next
// octet and the end of the connection wake a link up: it gets a goroutine again. So does Close
// without a drain. With one the link goes on to rest while it sends, until the other end closes the
// connection or the time is over.
//
// A dialed link rests as soon as it is up, as little comes on it in ZRE, and an accepted one when it
// has read the first messages, which say whose it is. So where hundreds of links are made at once
// there are fewer goroutines at a time. What the runtime keeps of a goroutine that has ended it
// keeps for ever.

// restAfter is how long nothing has arrived on a link that comes to rest, in rounds (see alive.go).
const restAfter = 2

// minWakeInterval decides what a link does that is woken. If it was woken that long ago or longer,
// it rests again as soon as it has read what there is: a PING now and then, as a rule. If it was
// woken later, more may follow, and it keeps its goroutine for the next rounds.
const minWakeInterval = 2 * time.Second

// errRests says that the goroutine of a link ends because the link rests.
var errRests = errors.New("the link rests")

// stopWaiting makes the link's goroutine stop waiting, so that it comes to rest. It is called under
// mu.
func (l *link) stopWaiting() {
	if l.state == up && !l.rests {
		_ = l.sock.SetReadDeadline(time.Now()) // If it fails, the link has ended.
	}
}

// errIdle says that there is nothing to read.
var errIdle = errors.New("nothing to read")

// rest is called by the link's goroutine when it cannot read. It returns errRests if that is so
// because of stopWaiting, or after a single message: then the goroutine ends, and no longer touches
// the link. It returns nil if the goroutine is to read on, and else why it cannot.
func (l *link) rest(err error) error {
	l.in.reader.waits = true
	if err != errIdle && !errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.sock.SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	l.in.park()
	if l.state != up || !l.engine.resting.add(l) {
		return nil
	}
	l.rests = true
	l.engine.wg.Add(1) // for the goroutine to come
	return errRests
}

// wake gives a link that rests a goroutine again.
func (l *link) wake() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wakeLocked()
}

func (l *link) wakeLocked() {
	if !l.rests {
		return
	}
	l.rests = false
	now := l.engine.now()
	l.in.reader.waits = now < l.lively
	l.lively = now + minWakeInterval
	go func() {
		defer l.engine.wg.Done()
		l.engine.resting.remove(l)
		l.serve(nil)
	}()
}
