package transporttest

import (
	"bytes"
	"fmt"
	"sync/atomic"

	"github.com/gozre/zre/internal/transport"
)

func order(w *world) {
	const n = 20_000
	a, b := w.node(), w.listener()
	b.prepare = func(h *handler) { h.check(nil) }
	da, ab := a.connect(b)
	w.together(func() error { return stream{source: 1}.send(da, 0, n) })
	ab.awaitTaken(n)
	w.poll("an empty outbox", func() bool { return da.conn.Queued() == 0 })
}

// lengths are those at which something changes: the form of a frame's size, and what
// buffers take.
var lengths = []int{
	0, 1, 2, 254, 255, 256, 257, 511, 512, 513, 2047, 2048, 4096, 8191, 8192, 8193,
	16<<10 + 1, 32 << 10, 64<<10 - 9, 64 << 10, 64<<10 + 1, 100_000, 1 << 20, 1<<20 + 200_000,
	2 << 20,
}

func sizes(w *world) {
	a := w.node()
	b := w.listener(func(c *transport.Config) { c.Limits.MaxFirst = 4 << 20 })
	da, ab := a.connect(b)
	var want [][][]byte
	send := func(frames ...[]byte) {
		da.send(string(frames[0]), frames[1:]...)
		want = append(want, frames)
	}
	for i, n := range lengths {
		send(fill(i, n))
		send([]byte("h"), fill(i+1, n))
		send(nil, fill(i, n), nil, fill(i, n/2), nil)
	}
	got := ab.awaitMessages(len(want))
	for i, m := range got {
		compareFrames(w, i, m, want[i])
	}
}

func compareFrames(w *world, i int, m message, want [][]byte) {
	w.Helper()
	if len(m.rest)+1 != len(want) {
		w.Fatalf("message %d has %d frames, want %d", i, len(m.rest)+1, len(want))
	}
	for k, f := range append([][]byte{m.first}, m.rest...) {
		if !bytes.Equal(f, want[k]) {
			w.Errorf("message %d, frame %d: %d octets differ from %d", i, k, len(f), len(want[k]))
		}
	}
}

func manyFrames(w *world) {
	a, b := w.node(), w.listener()
	da, ab := a.connect(b)
	for i, n := range []int{300, 5000, 1, 20_000} {
		frames := make([][]byte, n)
		for k := range frames {
			frames[k] = fill(i+k, k%300)
		}
		da.send("many", frames...)
		got := ab.awaitMessages(i + 1)
		compareFrames(w, i, got[i], append([][]byte{[]byte("many")}, frames...))
	}
}

func bothDirections(w *world) {
	const n = 5000
	a, b := w.node(), w.listener()
	b.prepare = func(h *handler) { h.check(nil) }
	da := a.dialTarget(b.target(), func(h *handler) { h.check(nil) })
	da.awaitUp()
	da.send(greeting)
	ab := b.acceptedFrom(a)
	w.together(
		func() error { return stream{source: 1}.send(da, 0, n) },
		func() error { return stream{source: 2}.send(ab, 0, n) },
	)
	ab.awaitTaken(n)
	da.awaitTaken(n)
}

func concurrentSenders(w *world) {
	const senders, n = 8, 2000
	a, b := w.node(), w.listener()
	var c *checker
	b.prepare = func(h *handler) { c = h.check(nil) }
	da, ab := a.connect(b)
	var send []func() error
	for i := range senders {
		send = append(send, func() error { return stream{source: i}.send(da, 0, n) })
	}
	w.together(send...)
	ab.awaitTaken(senders * n)
	if len(c.next) != senders {
		w.Errorf("messages of %d senders, want %d", len(c.next), senders)
	}
}

func sharedContent(w *world) {
	const receivers = 5
	a := w.node()
	var dialed, accepted []*handler
	for range receivers {
		d, acc := a.connect(w.listener())
		dialed, accepted = append(dialed, d), append(accepted, acc)
	}
	var want [][][]byte
	for i, n := range append(lengths, 3, 300_000, 4) {
		frames := [][]byte{fill(i, n), nil, fill(i, n%1000)}
		content := transport.NewContent(frames...)
		for _, d := range dialed {
			if err := d.conn.SendContent([]byte("shared"), content); err != nil {
				w.Fatal(err)
			}
			d.send("own")
		}
		content.Release()
		want = append(want, append([][]byte{[]byte("shared")}, frames...), [][]byte{[]byte("own")})
	}
	for _, acc := range accepted {
		for i, m := range acc.awaitMessages(len(want)) {
			compareFrames(w, i, m, want[i])
			// The memory is the receiver's own: the others must not see that.
			for _, f := range m.rest {
				clear(f)
			}
		}
	}
}

// largeFirst sends messages whose frames a writer takes apart: the first one is as much
// as it takes at once.
func largeFirst(w *world) {
	const n = 100
	a, b := w.node(), w.listener()
	da, ab := a.connect(b)
	w.together(func() error {
		for i := range n {
			content := transport.NewContent(fill(i, 1000), nil, fill(i, 10))
			if err := da.conn.SendContent(fill(i, 300_000), content); err != nil {
				return err
			}
			content.Release()
		}
		return nil
	})
	for i, m := range ab.awaitMessages(n) {
		compareFrames(w, i, m, [][]byte{fill(i, 300_000), fill(i, 1000), nil, fill(i, 10)})
	}
}

// ownFrames keeps received frames, writes beyond them and lets the sender use its
// buffers again.
func ownFrames(w *world) {
	const n = 300
	a, b := w.node(), w.listener()
	da, ab := a.connect(b)
	for i := range n {
		da.send("f", fill(i, i%50), fill(i+1, i*37%9000))
	}
	got := ab.awaitMessages(n)
	for i := range n {
		for k, f := range got[i].rest {
			_ = append(f, "beyond the end"...) // must not reach a neighbour
			if !filled(i+k, f) {
				w.Fatalf("message %d, frame %d has changed", i, k)
			}
		}
		da.send("f", bytes.Repeat([]byte{0xff}, 9000))
	}
	ab.awaitMessages(2 * n)
	for i := range n {
		for k, f := range got[i].rest {
			if !filled(i+k, f) {
				w.Fatalf("message %d, frame %d has changed afterwards", i, k)
			}
		}
	}
}

func answerInsideReceive(w *world) {
	const rounds = 2000
	a, b := w.node(), w.listener()
	b.prepare = func(h *handler) {
		h.take = func(m transport.Message) {
			if err := h.conn.Send(m.First, m.Rest...); err != nil {
				w.Errorf("answer: %v", err)
			}
		}
	}
	var seen atomic.Int64
	da := a.dialTarget(b.target(), func(h *handler) {
		h.take = func(m transport.Message) {
			i := int(seen.Add(1))
			if want := fmt.Sprint(i); string(m.First) != want || !filled(i, m.Rest[0]) {
				w.Errorf("answer %q, want %q", m.First, want)
			}
			if i < rounds {
				h.send(fmt.Sprint(i+1), fill(i+1, i%100))
			}
		}
	})
	da.awaitUp()
	da.send("1", fill(1, 1))
	da.awaitTaken(rounds)
}

// blockedReceiver sends more than anything between may hold.
func blockedReceiver(w *world) {
	const size = 16 << 10
	n := (w.opts.InFlight + 16<<20) / size
	length := func(int) int { return size }
	a, b, other := w.node(), w.listener(), w.node()
	b.prepare = func(h *handler) {
		h.check(length)
		if h.identity == string(a.cfg.Identity) {
			h.block()
		}
	}
	da := a.dial(b)
	da.awaitUp()
	da.send(greeting)
	ab := b.acceptedFrom(a)
	w.await("a call of Receive", func() bool { return ab.inside })

	w.together(func() error { return stream{1, length}.send(da, 0, n) })
	if q, most := da.conn.Queued(), n*size-w.opts.InFlight; q < most {
		w.Errorf("the receiver does not read, and only %d octets are queued, want %d", q, most)
	}
	if !w.opts.OneReader {
		do, ob := other.connect(b)
		w.together(func() error { return stream{2, length}.send(do, 0, 10) })
		ob.awaitTaken(10)
	}
	w.change(func() {
		if ab.taken > 0 {
			ab.breach("%d messages while it was blocked", ab.taken)
		}
		ab.unblock()
	})
	ab.awaitTaken(n)
	w.poll("an empty outbox", func() bool { return da.conn.Queued() == 0 })
}

// manyConnections connects all pairs of nodes, both ways.
func manyConnections(w *world) {
	const n = 15
	var nodes []*node
	for range n {
		nodes = append(nodes, w.listener())
	}
	for _, a := range nodes {
		for _, b := range nodes {
			if a != b {
				a.dial(b).send("hello", a.cfg.Identity)
			}
		}
	}
	for _, b := range nodes {
		for _, a := range nodes {
			if a == b {
				continue
			}
			m := b.acceptedFrom(a).awaitMessages(1)
			if !bytes.Equal(m[0].rest[0], a.cfg.Identity) {
				w.Errorf("%q says that it is %q", a.cfg.Identity, m[0].rest[0])
			}
		}
	}
}
