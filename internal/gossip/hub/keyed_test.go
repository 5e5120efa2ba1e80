package hub

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gozre/zre/internal/codec/zgossipmsg"
)

// A zyre node with a key ends its process over an endpoint without one, so it is told of
// none; everybody else is told of all.
func TestEndpointsWithKeys(t *testing.T) {
	const key = "|rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
	now := time.Unix(1_000_000, 0)
	told := make(map[string][]string)
	cfg := simConfig
	cfg.Send = func(identity, first, _ []byte) error {
		if m := new(zgossipmsg.Publish); m.Decode(first) == nil {
			told[string(identity)] = append(told[string(identity)], strings.ReplaceAll(m.Value, key, "|K"))
		}
		return nil
	}
	h := New(now, cfg)
	say := func(identity string, messages ...zgossipmsg.Message) {
		for _, m := range messages {
			h.Receive(now, []byte(identity), [][]byte{frameOf(m)})
		}
		h.Flush(now)
		now = now.Add(time.Second)
		h.Tick(now)
	}
	publish := func(i int, suffix string) zgossipmsg.Message {
		return &zgossipmsg.Publish{Key: keyOf(i), Value: endpoint(i) + suffix}
	}
	expect := func(identity string, want ...string) {
		t.Helper()
		slices.Sort(told[identity])
		for i, w := range want {
			host, k, _ := strings.Cut(w, "|")
			want[i] = endpoint(int(host[0] - '0'))
			if k != "" {
				want[i] += "|K"
			}
		}
		slices.Sort(want)
		if !slices.Equal(told[identity], want) {
			t.Errorf("%q is told %q, want %q", identity, told[identity], want)
		}
		delete(told, identity)
	}
	say("\x00plain", &zgossipmsg.Hello{}, publish(1, ""))
	say("\x00secure", &zgossipmsg.Hello{}, publish(2, key))
	say("\x00other", &zgossipmsg.Hello{}, publish(3, key))
	say("\x00late", &zgossipmsg.Hello{}, publish(4, ""))
	expect("\x00plain", "2|K", "3|K", "4")
	expect("\x00secure", "3|K")
	expect("\x00other", "2|K")
	expect("\x00late", "1", "2|K", "3|K")
	// A czmq server passes on what it knows of both kinds.
	say("\x00secure", publish(5, ""))
	expect("\x00secure", "1", "3|K", "4")
}
