package beacon

import (
	"bytes"
	"errors"
	"log/slog"
	"net/netip"
	"strings"
	"syscall"
	"testing"
)

// brokenSender fails with its error, if it has one.
type brokenSender struct{ err error }

func (b *brokenSender) send([]byte) error { return b.err }
func (b *brokenSender) close() error      { return nil }

// A transport that sends on two interfaces, one of which fails.
func TestOneBadInterfaceDoesNotStopTheOthers(t *testing.T) {
	bad, good := &brokenSender{err: syscall.ENETUNREACH}, &brokenSender{}
	tr := &transport{routes: []route{
		{target: target{name: "bad0"}, sender: bad},
		{target: target{name: "good0"}, sender: good},
	}}
	var out bytes.Buffer
	log := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	for range 3 {
		if sent, failed, err := tr.send(nil, log); sent != 1 || failed != 1 || err != nil {
			t.Errorf("sent %d, failed %d, %v", sent, failed, err)
		}
	}
	if n := strings.Count(out.String(), "cannot send"); n != 1 || !strings.Contains(out.String(), "bad0") {
		t.Errorf("logged %d times: %s", n, &out)
	}
	good.err = syscall.EPERM
	if sent, failed, err := tr.send(nil, log); sent != 0 || failed != 2 || !errors.Is(err, ErrNotSent) || !errors.Is(err, syscall.EPERM) {
		t.Errorf("sent %d, failed %d, %v", sent, failed, err)
	}
	bad.err, good.err = nil, nil
	if sent, failed, err := tr.send(nil, log); sent != 2 || failed != 0 || err != nil {
		t.Errorf("sent %d, failed %d, %v", sent, failed, err)
	}
	if n := strings.Count(out.String(), "sending again"); n != 2 {
		t.Errorf("%d recoveries logged: %s", n, &out)
	}
}

func TestSendWithoutAnyInterface(t *testing.T) {
	tr := &transport{}
	if _, _, err := tr.send(nil, slog.New(slog.DiscardHandler)); !errors.Is(err, ErrNotSent) {
		t.Errorf("got %v", err)
	}
}

func TestDispatchDropsOtherInterfaces(t *testing.T) {
	in := newInbox()
	c := &Conn{handler: in.handle}
	tr := &transport{}
	c.transport = tr
	tr.setConns([]*Conn{c})
	from := netip.MustParseAddrPort("10.0.0.1:5670")
	tr.dispatch([]byte("any"), from, 9)
	tr.accepted.Store(&[]int{2, 3})
	for ifindex, payload := range []string{"unknown", "other", "named", "named too"} {
		tr.dispatch([]byte(payload), from, ifindex)
	}
	in.want(t, "any")
	for _, want := range []datagram{{"named", from, 2}, {"named too", from, 3}} {
		if got := <-in; got != want {
			t.Errorf("got %v, want %v", got, want)
		}
	}
	if s := c.Stats(); s.Received != 3 || s.Dropped != 2 {
		t.Errorf("stats %+v", s)
	}
}
