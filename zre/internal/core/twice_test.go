package core

import (
	"bytes"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/gozre/zre/internal/codec/zremsg"
	"github.com/gozre/zre/internal/curve"
)

// logged makes the core of a desk write its warnings to a buffer.
func (d *desk) logged() *bytes.Buffer {
	var b bytes.Buffer
	d.core.cfg.Logger = slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{Level: slog.LevelWarn}))
	return &b
}

// Our own beacons come back. Those of another node with our UUID are told, once.
func TestOwnUUIDTwice(t *testing.T) {
	d := newDesk(t)
	log := d.logged()
	for range 100 {
		d.core.Beacon(d.now, own, ownAt.Host(), ownAt.Addr.Port(), curve.Key{})
		d.core.Beacon(d.now, own, friendHost, 0, curve.Key{})
	}
	if log.Len() != 0 {
		t.Errorf("our own beacons are told of: %s", log)
	}
	for range 100 {
		d.core.Beacon(d.now, own, friendHost, 41000, curve.Key{})
	}
	if n := strings.Count(log.String(), "UUID"); n != 1 || !strings.Contains(log.String(), friendHost.String()) {
		t.Errorf("it says:\n%s", log)
	}
	if d.core.Stats().BeaconsHeard != 0 {
		t.Error("they count as heard")
	}
	d = newDesk(t)
	log = d.logged()
	for range 2 {
		d.core.Accept(d.now, append([]byte{1}, own[:]...), curve.Key{}, friendHost, &deskConn{desk: d})
	}
	if strings.Count(log.String(), "UUID") != 1 {
		t.Errorf("a connection with our UUID: %s", log)
	}
}

// A second node with the UUID of a peer that lives is told of, once.
func TestPeerUUIDTwice(t *testing.T) {
	d, rival := contested(t, strangerHost)
	log := d.logged()
	for i := range 10 {
		d.tick(time.Second)
		d.conns[0].say(&zremsg.PingOK{Sequence: uint16(3 + i)})
	}
	if n := strings.Count(log.String(), "one UUID"); n != 1 || !strings.Contains(log.String(), strangerHost.String()) {
		t.Errorf("it says:\n%s", log)
	}
	if rival.closed || !rival.conn.Waits() {
		t.Error("the second one does not wait")
	}
}

// When more peers come than allowed, the log says so once.
func TestTooManyPeersIsTold(t *testing.T) {
	d := newDesk(t)
	log := d.logged()
	for n := range 20 {
		d.fromHost(netip.AddrFrom4([4]byte{10, 0, 2, byte(n)}), n, &zremsg.Hello{})
	}
	if n := strings.Count(log.String(), "as many peers as allowed"); n != 1 {
		t.Errorf("it says:\n%s", log)
	}
}
