package lab

import (
	"errors"
	"net"
	"syscall"
	"testing"
	"time"
)

// TestReset: both ends of a connection learn that it was reset, and one that is made later works.
func TestReset(t *testing.T) {
	s, ports := network(t, 2)
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
	connect := func() (out, in net.Conn) {
		ports[0].Host.Inside(func() {
			var err error
			if out, err = net.DialTimeout("tcp", "10.36.0.2:41000", time.Minute); err != nil {
				t.Error(err)
			}
		})
		if out == nil {
			t.FailNow()
		}
		in, err := listener.Accept()
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []net.Conn{out, in} {
			if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { c.Close() })
		}
		return out, in
	}
	send := func(out, in net.Conn) error {
		if _, err := out.Write([]byte("hello")); err != nil {
			t.Fatal(err)
		}
		_, err := in.Read(make([]byte, 5))
		return err
	}
	out, in := connect()
	if err := send(out, in); err != nil {
		t.Fatal(err)
	}
	stop := s.Reset()
	if err := send(out, in); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the receiver learns %v", err)
	}
	if _, err := out.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the sender learns %v", err)
	}
	if n := stop(); n != 1 {
		t.Errorf("%d connections were reset", n)
	}
	out, in = connect()
	if err := send(out, in); err != nil {
		t.Error(err)
	}
}

func TestLarger(t *testing.T) {
	denied := Larger(1400)
	if denied(make([]byte, 1414)) || !denied(make([]byte, 1415)) {
		t.Error("not those packets of more than 1400 octets")
	}
	no := func(*Port, *Port, []byte) bool { return false }
	yes := func(*Port, *Port, []byte) bool { return true }
	if Each(yes, no)(nil, nil, nil) || !Each(yes, yes)(nil, nil, nil) {
		t.Error("a frame passes where not all let it pass, or the other way")
	}
}
