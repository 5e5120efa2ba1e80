package hub

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gozre/zre/internal/codec/zgossipmsg"
)

// A zyre node with a key ends its process when it gets an endpoint without one, so it is sent
// none. All others are sent all.
func TestEndpointsWithKeys(t *testing.T) {
	const key = "|rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
	b := newTable(t, nil)
	say := func(identity string, messages ...zgossipmsg.Message) {
		b.say(identity, messages...)
		b.wait(time.Second)
	}
	publish := func(i int, suffix string) zgossipmsg.Message {
		return &zgossipmsg.Publish{Key: keyOf(i), Value: endpoint(i) + suffix}
	}
	expect := func(identity string, want ...string) {
		t.Helper()
		var told []string
		for _, m := range b.client(identity).take(zgossipmsg.IDPublish) {
			told = append(told, strings.ReplaceAll(m.(*zgossipmsg.Publish).Value, key, "|K"))
		}
		slices.Sort(told)
		for i, w := range want {
			host, k, _ := strings.Cut(w, "|")
			want[i] = endpoint(int(host[0] - '0'))
			if k != "" {
				want[i] += "|K"
			}
		}
		slices.Sort(want)
		if !slices.Equal(told, want) {
			t.Errorf("%q was sent %q, want %q", identity, told, want)
		}
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
