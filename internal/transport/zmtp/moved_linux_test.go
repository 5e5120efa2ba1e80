package zmtp

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/gozre/zre/internal/transport"
)

// A connection from an address that the host has lost ends when its owner says so, and others do
// not. The other end knows at least that nothing that it sends is acknowledged.
func TestAddressIsLost(t *testing.T) {
	a, b, wire := twoHosts(t, func(*transport.Config) {})
	out, in := connected(t, a, b)
	before := wire.Addr
	moved := func(local, _ netip.Addr) bool { return local == before }
	a.Transport.(transport.Mover).EndMoved(moved)
	if err := out.conn.Err(); err != nil {
		t.Fatalf("a connection from an address that is there has ended: %v", err)
	}
	if err := out.conn.Send([]byte("x")); err != nil {
		t.Fatal(err)
	}
	got(t, "a message", in.inbox)
	if out.conn.Unreceived(time.Minute) {
		t.Error("what has arrived counts as not received")
	}
	wire.Readdress()
	began := time.Now()
	if err := out.conn.Send([]byte("x")); err != nil {
		t.Fatal(err)
	}
	const silence = 50 * time.Millisecond
	for !out.conn.Unreceived(silence) {
		if time.Since(began) > time.Minute {
			t.Fatal("what is sent to an address that is gone counts as received")
		}
		time.Sleep(time.Millisecond)
	}
	b.Transport.(transport.Mover).EndMoved(moved)
	if err := got(t, "the connection ends", in.down); !errors.Is(err, transport.ErrUnreachable) {
		t.Errorf("it ends because of %v", err)
	}
}

// An end that cannot be read because the handler does not return is known all the same, and so
// is that TCP has connected before the handshake is complete.
func TestEndedUnread(t *testing.T) {
	a, b := newEnd(t), newEnd(t)
	out, in := connected(t, a, b)
	if !out.conn.Connected() || out.conn.Ended() || in.conn.Ended() {
		t.Fatalf("connected %v, ended %v, %v", out.conn.Connected(), out.conn.Ended(), in.conn.Ended())
	}
	in.gate.Lock()
	defer in.gate.Unlock()
	if err := out.conn.Send([]byte("x")); err != nil {
		t.Fatal(err)
	}
	out.conn.Close(time.Minute)
	eventually(t, "the other end to know", in.conn.Ended)
	if len(in.down) > 0 {
		t.Error("the end was read although the handler has not returned")
	}
}
