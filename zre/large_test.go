package zre

import "testing"

// A message that is much larger than the send window arrives.
func TestLargeMessage(t *testing.T) {
	eachWay(t, func(t *testing.T, way func(*Config)) {
		w := newTestNet(t)
		small := func(c *Config) { c.Limits.SendWindow = 64 << 10 }
		a, b := w.start("a", way, small), w.start("b", way)
		talk(t, a, b)
		large := make([]byte, 20<<20)
		flushed := make(chan error, 1)
		must(t, a.Whisper(bg(t), b.ID(), large))
		go func() { flushed <- a.Flush(bg(t)) }()
		if ev := await(t, b, is(EventWhisper, "a")); len(ev.Content) != 1 || len(ev.Content[0]) != len(large) {
			t.Errorf("%d frames came", len(ev.Content))
		}
		must(t, <-flushed)
	})
}
