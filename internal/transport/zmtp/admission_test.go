package zmtp

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/gozre/zre/internal/transport"
)

func TestAdmission(t *testing.T) {
	a := admission{most: 3, mostPerHost: 2}
	x, y := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")
	for i, step := range []struct {
		host  netip.Addr
		leave bool
		ok    bool
	}{
		{x, false, true}, {x, false, true}, {x, false, false}, {y, false, true}, {y, false, false},
		{x, true, true}, {y, false, true}, {x, false, false}, {y, true, true}, {y, true, true}, {x, true, true},
	} {
		if step.leave {
			a.leave(step.host)
		} else if err := a.enter(step.host); (err == nil) != step.ok {
			t.Errorf("step %d: %v", i, err)
		}
	}
	if a.all != 0 || len(a.perHost) != 0 {
		t.Errorf("%d in all, hosts %v", a.all, a.perHost)
	}
}

// Beyond the limit newcomers are closed at once. When handshakes end, there is room again.
func TestUnfinishedHandshakesAreBounded(t *testing.T) {
	e := newEnd(t, func(cfg *transport.Config) { cfg.Limits.MaxPerHost = 5 })
	_, established := e.shaken()
	var unfinished []*script
	for range 5 {
		s := scriptTo(t, e.addr)
		s.send(peerGreeting[:20])
		s.expect("version", greeting(nullName, true)[:versionEnd])
		unfinished = append(unfinished, s)
	}
	for range 3 {
		if b := scriptTo(t, e.addr).expectEnd(); len(b) > 0 {
			t.Errorf("a newcomer got %q", b)
		}
	}
	if n := strings.Count(e.log.String(), "are the limit"); n != 1 {
		t.Errorf("it was logged %d times:\n%v", n, e.log)
	}
	unfinished[0].send(peerGreeting[20:], dealerReady)
	got(t, "one of them is accepted", e.accepted)
	e.shaken()
	_ = unfinished[1].Close()
	eventually(t, "the one that went leaves its place", func() bool {
		e := e.Transport.(*engine)
		e.admission.mu.Lock()
		defer e.admission.mu.Unlock()
		return e.admission.all == 3
	})
	if err := established.conn.Err(); err != nil {
		t.Errorf("an established connection has ended: %v", err)
	}
}
