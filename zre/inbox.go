package zre

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/gozre/zre/internal/zmq"
)

// inboxMessages is how many messages of one peer libzmq holds for the inbox. With
// half of it libzmq's thread sleeps and wakes so often that a tenth of the
// throughput is lost; with many thousands the processors' caches are.
const inboxMessages = 1536

// openInbox makes the socket that peers send to, on a random free port.
func (n *Node) openInbox() error {
	first, count := n.cfg.Ports.First, n.cfg.Ports.Last-n.cfg.Ports.First+1
	for _, i := range rand.Perm(count) {
		err := n.bind(first + i)
		if err == nil {
			if n.security.public != "" {
				return nil // Nothing is proven over inproc.
			}
			return n.bindInproc()
		}
		if !errors.Is(err, zmq.ErrAddrInUse) {
			return fmt.Errorf("inbox: %w", err)
		}
	}
	return fmt.Errorf("%w: all TCP ports from %d to %d are taken", ErrNoPort, n.cfg.Ports.First, n.cfg.Ports.Last)
}

// bind makes the inbox and binds it to a port on all addresses that the node is
// to be found at.
func (n *Node) bind(port int) error {
	inbox, err := n.zmq.Router(zmq.Options{
		// A peer whose connection broke comes back with the same identity.
		Handover:       true,
		MaxMessageSize: n.cfg.MaxMessageSize,
		// Peers of this implementation are bounded by their SendWindow; this
		// bounds the others while the node does not read.
		RecvHWM: inboxMessages,
		Curve:   n.security.inbox(),
	})
	if err != nil {
		return err
	}
	n.bound = n.net.bindTo()
	for _, host := range n.bound {
		if _, err := inbox.Bind(fmt.Sprintf("tcp://%s:%d", host, port)); err != nil {
			return errors.Join(err, inbox.Close())
		}
	}
	n.inbox, n.port = inbox, uint16(port)
	return nil
}

// bindInproc lets nodes of this process reach this one without the kernel.
func (n *Node) bindInproc() error {
	if _, err := n.inbox.Bind("inproc://" + inprocName(n.cfg.UUID)); err != nil {
		return fmt.Errorf("UUID %s is in use in this process: %w", n.cfg.UUID, err)
	}
	return nil
}

// These bound what the inbox takes in at once. The node's mutex is taken for each
// batch, and an application woken that does not read for itself, so a large one is
// cheaper; it is also what may be in memory beyond Config.ReceiveQueue.
const (
	batchMessages = 1024
	batchOctets   = 1 << 20
)

// readInbox takes in messages when it is its turn, until the inbox is closed.
func (n *Node) readInbox() {
	defer n.wg.Done()
	for {
		n.waitForRoom()
		n.turns.reading.Lock()
		if n.queue.full() && !n.closing.Load() {
			n.turns.reading.Unlock() // It became full while somebody else was reading.
			continue
		}
		if !n.read(false) {
			return
		}
		// While the queue is full those who wait do not read.
		if n.turns.waiters.Load() > 0 && !n.queue.full() {
			n.standBy()
		}
	}
}

// read waits for messages and takes in a batch of them. It is called with reading
// locked, and unlocks it. It reports false when the inbox is closed. Idle says that
// an application would do nothing but wait meanwhile.
func (n *Node) read(idle bool) bool {
	t := n.turns
	t.batch.Idle = idle
	err := n.inbox.Receive(&t.batch)
	t.leads.Store(false)
	if err != nil {
		if !t.ended.Swap(true) && !isClosed(err) {
			n.log.Error("inbox cannot be read; the node is deaf", "error", err)
		}
		t.reading.Unlock()
		return false
	}
	now := n.now()
	n.mu.Lock()
	for i := range t.batch.Len() {
		identity, key, header := n.security.head(t.batch.Head(i))
		n.core.Receive(now, identity, key, header, t.batch.Message(i))
	}
	n.unlock()
	t.reading.Unlock() // Who reads next finds these events in the queue.
	return true
}

// waitForRoom reads no more while the application does not keep up, so that
// senders wait instead of this node's memory growing.
func (n *Node) waitForRoom() {
	if !n.queue.full() || n.closing.Load() {
		return
	}
	since := n.now()
	n.deaf.Store(true)
	for n.queue.full() && !n.closing.Load() {
		<-n.queue.room
	}
	n.deaf.Store(false)
	now := n.now()
	n.mu.Lock()
	n.core.Hear(now, now-since)
	n.unlock()
}
