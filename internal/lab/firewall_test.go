package lab

import (
	"net"
	"testing"
	"time"
)

func TestDeny(t *testing.T) {
	s, ports := network(t, 2)
	a, b := listen(t, ports[0].Host), listen(t, ports[1].Host)
	var listener net.Listener
	ports[1].Host.Inside(func() {
		var err error
		if listener, err = net.Listen("tcp", "10.36.0.2:41000"); err != nil {
			t.Error(err)
		}
	})
	if listener == nil {
		t.FailNow()
	}
	defer listener.Close()
	dial := func(wait time.Duration) (err error) {
		ports[0].Host.Inside(func() {
			var conn net.Conn
			if conn, err = net.DialTimeout("tcp", "10.36.0.2:41000", wait); err == nil {
				conn.Close()
			}
		})
		return err
	}
	s.Filter(Deny(OpensTCP, ports[1].Host))
	if dial(time.Second) == nil {
		t.Error("a denied connection was made")
	}
	expect(t, true, a, "10.36.0.2:5670", b)
	s.Filter(Deny(IsUDP(5670), ports[1].Host))
	expect(t, false, a, "10.36.0.2:5670", b)
	expect(t, true, b, "10.36.0.1:5670", a)
	if err := dial(30 * time.Second); err != nil {
		t.Errorf("the other protocol is denied too: %v", err)
	}
}
