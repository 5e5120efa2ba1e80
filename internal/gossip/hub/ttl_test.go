package hub

import (
	"testing"
	"time"

	"github.com/gozre/zre/internal/codec/zgossipmsg"
)

// A client is told how long a tuple still lives, in the unit of its dialect: milliseconds,
// or seconds rounded up for a haskell-zre node, which knows no tuple without a TTL.
func TestTTLIsTranslated(t *testing.T) {
	const raw, text = "\xf1\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10", "F102030405060708090A0B0C0D0E0F10"
	tests := map[string]struct {
		key     string        // raw from a haskell-zre node
		ttl     uint32        // in the unit of who publishes
		later   time.Duration // that the readers come
		millis  uint32        // told a zyre node
		seconds uint32        // told a haskell-zre node
	}{
		"seconds":                {raw, 600, 0, 600_000, 600},
		"milliseconds":           {text, 90_500, 0, 90_500, 91},
		"what is left":           {text, 90_500, 30_200 * time.Millisecond, 60_300, 61},
		"what is left, seconds":  {raw, 600, time.Minute, 540_000, 540},
		"1 would withdraw":       {text, 3, 2 * time.Millisecond, 2, 1},
		"none":                   {text, 0, 0, 0, zreTTL},
		"none, and time goes on": {text, 0, time.Hour, 0, zreTTL},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			now := time.Unix(1_000_000, 0)
			told := make(map[string]uint32)
			cfg := simConfig
			cfg.IdleTimeout = 24 * time.Hour
			cfg.Send = func(identity, first, second []byte) error {
				frame := first
				if second != nil { // the identity comes before what a haskell-zre node is told
					frame = second
				}
				if m := new(zgossipmsg.Publish); m.Decode(frame) == nil {
					told[string(identity)] = m.TTL
				}
				return nil
			}
			h := New(now, cfg)
			say := func(identity string, messages ...zgossipmsg.Message) {
				for _, m := range messages {
					h.Receive(now, []byte(identity), [][]byte{frameOf(m)})
				}
				h.Flush(now)
			}
			author := "\x00zyre"
			if tc.key == raw {
				author = raw
			}
			say(author, &zgossipmsg.Hello{}, &zgossipmsg.Publish{Key: tc.key, Value: endpoint(1), TTL: tc.ttl})
			now = now.Add(tc.later)
			haskell, zyre := "\x02bcdefghijklmnop", "\x00reader"
			say(haskell, &zgossipmsg.Hello{})
			say(zyre, &zgossipmsg.Hello{}, &zgossipmsg.Ping{})
			if got, ok := told[zyre]; !ok || got != tc.millis {
				t.Errorf("zyre is told %d ms (%t), want %d", got, ok, tc.millis)
			}
			if got, ok := told[haskell]; !ok || got != tc.seconds {
				t.Errorf("haskell-zre is told %d s (%t), want %d", got, ok, tc.seconds)
			}
		})
	}
}
