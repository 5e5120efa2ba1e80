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
		ttl     uint32        // in the unit of the publisher
		later   time.Duration // how much later the readers come
		millis  uint32        // sent to a zyre node
		seconds uint32        // sent to a haskell-zre node
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
			b := newTable(t, func(c *Config) { c.IdleTimeout = 24 * time.Hour })
			author := "\x00zyre"
			if tc.key == raw {
				author = raw
			}
			b.say(author, &zgossipmsg.Hello{}, &zgossipmsg.Publish{Key: tc.key, Value: endpoint(1), TTL: tc.ttl})
			b.now = b.now.Add(tc.later)
			haskell := b.say("\x02bcdefghijklmnop", &zgossipmsg.Hello{})
			zyre := b.say("\x00reader", &zgossipmsg.Hello{}, &zgossipmsg.Ping{})
			if names := haskell.sent[0][0]; string(names) != "\x02bcdefghijklmnop" {
				t.Errorf("the identity before a message to haskell-zre is %q", names)
			}
			for name, c := range map[string]struct {
				*client
				want uint32
			}{"zyre": {zyre, tc.millis}, "haskell-zre": {haskell, tc.seconds}} {
				told := c.take(zgossipmsg.IDPublish)
				if len(told) != 1 || told[0].(*zgossipmsg.Publish).TTL != c.want {
					t.Errorf("%s was sent %v, want a TTL of %d", name, told, c.want)
				}
			}
		})
	}
}
