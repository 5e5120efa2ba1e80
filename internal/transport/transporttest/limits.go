package transporttest

import (
	"github.com/gozre/zre/internal/transport"
)

// The limits of these tests.
const (
	maxFrame   = 10_000
	maxMessage = 30_000
	maxFrames  = 20
	maxFirst   = 500
	frameCost  = 24 // see transport.Limits
)

func setLimits(c *transport.Config) {
	c.Limits.MaxFrame, c.Limits.MaxMessage = maxFrame, maxMessage
	c.Limits.MaxFrames, c.Limits.MaxFirst = maxFrames, maxFirst
}

// repeat makes n frames of a size.
func repeat(n, size int) [][]byte {
	frames := make([][]byte, n)
	for i := range frames {
		frames[i] = fill(i, size)
	}
	return frames
}

// largest makes a message of exactly maxMessage.
func largest() [][]byte { return append([][]byte{nil}, repeat(3, maxMessage/3-4*frameCost/3)...) }

// limits exceeds each limit by one.
func limits(w *world) {
	for _, c := range []struct {
		name   string
		frames [][]byte
		frame  bool // it is about MaxFrame
	}{
		{"MaxFrame", [][]byte{nil, fill(1, maxFrame+1)}, true},
		{"MaxFrame, first", [][]byte{fill(1, maxFrame+1)}, true},
		{"MaxFirst", [][]byte{fill(1, maxFirst+1), nil}, false},
		{"MaxFrames", repeat(maxFrames+1, 1), false},
		{"MaxMessage", append(largest(), nil), false},
		{"MaxMessage by one", append(largest()[:3], fill(9, maxMessage/3-4*frameCost/3+1)), false},
	} {
		if !c.frame && w.opts.OnlyMaxFrame {
			continue
		}
		a, b := w.node(), w.listener(setLimits)
		da, ab := a.connect(b)
		other, accepted := w.node().connect(b)
		da.send("before")
		ab.awaitMessages(1) // What is not delivered when a connection ends is lost.
		da.send(string(c.frames[0]), c.frames[1:]...)
		_ = da.conn.Send([]byte("after")) // The connection may have ended by now.
		da.awaitDown(transport.ErrEnded, transport.ErrReset)
		ab.awaitGone(transport.ErrTooLarge)
		if got := ab.awaitMessages(1); string(got[0].first) != "before" {
			w.Errorf("%s: received %q", c.name, got[0].first)
		}
		other.send("another connection")
		accepted.awaitMessages(1)
	}
	// The one that dials has limits as well.
	if w.opts.OnlyMaxFrame {
		return
	}
	a, b := w.node(setLimits), w.listener()
	da, ab := a.connect(b)
	ab.send("m", fill(1, maxFrame+1))
	da.awaitDown(transport.ErrTooLarge)
	ab.awaitDown(transport.ErrEnded, transport.ErrReset)
}

func largestAllowed(w *world) {
	a, b := w.node(), w.listener(setLimits)
	da, ab := a.connect(b)
	want := [][][]byte{
		{nil, fill(1, maxFrame)},
		{fill(1, maxFirst), nil},
		repeat(maxFrames, 1),
		largest(),
	}
	for range 2 { // What one message takes does not count for the next one.
		want = append(want, want...)
	}
	for _, frames := range want {
		da.send(string(frames[0]), frames[1:]...)
	}
	for i, m := range ab.awaitMessages(len(want)) {
		compareFrames(w, i, m, want[i])
	}
}
