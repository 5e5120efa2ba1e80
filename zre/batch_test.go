package zre

import (
	"fmt"
	"io"
	"testing"
)

// NextBatch gives what Next gives, in the same order, and all of it counts as taken: the sender's
// Flush returns.
func TestNextBatch(t *testing.T) {
	eachWay(t, func(t *testing.T, tcp func(*Config)) {
		w := newTestNet(t)
		a, b := w.start("a", tcp), w.start("b", tcp)
		await(t, a, is(EventEnter, "b"))
		must(t, b.Join("g"))
		await(t, a, is(EventJoin, "b"))
		const count = 1000
		for i := range count {
			must(t, a.Whisper(bg(t), b.ID(), fmt.Append(nil, i), []byte("two")))
		}
		must(t, a.Shout(bg(t), "g", []byte("all")))
		flushed := make(chan error, 1)
		go func() { flushed <- a.Flush(bg(t)) }()
		events := make([]Event, 7)
		seen, entered := 0, false
		for last := false; !last; {
			n, err := b.NextBatch(bg(t), events)
			must(t, err)
			for _, ev := range events[:n] {
				switch {
				case ev.Type == EventEnter && ev.Peer == a.ID():
					entered = true
				case ev.Peer != a.ID() || ev.Name != "a" || !entered:
					t.Fatalf("%+v", ev)
				case ev.Type == EventWhisper:
					if got := fmt.Sprintf("%s", ev.Content); got != fmt.Sprintf("[%d two]", seen) || ev.Group != "" {
						t.Fatalf("message %d: %s %q", seen, got, ev.Group)
					}
					seen++
				case ev.Type == EventShout:
					last = ev.Group == "g"
				}
			}
		}
		if seen != count {
			t.Error(seen, "messages")
		}
		must(t, <-flushed)
		must(t, b.Close())
		for {
			n, err := b.NextBatch(bg(t), events)
			if err == io.EOF && n == 0 {
				return
			}
			must(t, err)
		}
	})
}

func TestNextBatchWithoutRoom(t *testing.T) {
	n := newTestNet(t).start("a")
	if got, err := n.NextBatch(bg(t), nil); got != 0 || err == nil {
		t.Errorf("%d events, %v", got, err)
	}
}
