package beacon

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// Each Conn hears every beacon, its own too, by each way that it takes.
func TestConnsHearEachOther(t *testing.T) {
	kinds(t, func(t *testing.T, r *registry) {
		lo := loopback(t)
		port := freePort(t)
		ins := []inbox{newInbox(), newInbox()}
		a := open(t, r, Config{Port: port, Handler: ins[0].handle})
		b := open(t, r, Config{Port: port, Handler: ins[1].handle})
		send(t, a, "from a")
		send(t, b, "from b")
		for _, in := range ins {
			for _, payload := range []string{"from a", "from b"} {
				for range 3 { // broadcast and two groups
					d := in.want(t, payload)
					if !lo.Contains(d.from.Addr()) || d.ifindex != lo.Index {
						t.Errorf("heard from %v on interface %d", d.from, d.ifindex)
					}
				}
			}
		}
		if s := a.Stats(); s.Sent != 3 || s.SendErrors != 0 || s.Received != 6 || s.Dropped != 0 {
			t.Errorf("stats %+v", s)
		}
	})
}

func TestGroupWithAPortOfItsOwn(t *testing.T) {
	kinds(t, func(t *testing.T, r *registry) {
		port, other := freePort(t), freePort(t)
		groups := []netip.AddrPort{netip.AddrPortFrom(netip.MustParseAddr("239.9.9.9"), uint16(other))}
		in := newInbox()
		open(t, r, Config{Port: port, Groups: groups, Handler: in.handle})
		// This one has only the group in common with the first.
		send(t, open(t, r, Config{Port: freePort(t), Groups: groups}), "to the group")
		in.want(t, "to the group")
	})
}

func TestConnsShareATransport(t *testing.T) {
	port := freePort(t)
	a := open(t, &shared, Config{Port: port})
	b := open(t, &shared, Config{Port: port, Groups: []netip.AddrPort{DefaultGroup(0)}, TTL: DefaultTTL})
	c := open(t, &shared, Config{Port: port, TTL: 2})
	if a.transport != b.transport {
		t.Error("equal settings, two transports")
	}
	if a.transport == c.transport {
		t.Error("other settings, one transport")
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	send(t, b, "still open")
	b.Close()
	if d := open(t, &shared, Config{Port: port}); d.transport == b.transport {
		t.Error("the transport outlives its last Conn")
	}
}

func TestClosed(t *testing.T) {
	c := open(t, &shared, Config{Port: freePort(t)})
	for range 2 {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := c.Send([]byte("late")); !errors.Is(err, ErrClosed) {
		t.Errorf("Send after Close: %v", err)
	}
	if s := c.Stats(); s.Sent != 0 {
		t.Errorf("stats %+v", s)
	}
}

// When Close has returned the handler is not called any more, though others
// still send and hear.
func TestNoHandlerAfterClose(t *testing.T) {
	kinds(t, func(t *testing.T, r *registry) {
		port := freePort(t)
		in := newInbox()
		stays := open(t, r, Config{Port: port, Handler: in.handle})
		for n := range 50 {
			var closed, late atomic.Bool
			heard := make(chan struct{}, 1)
			c := open(t, r, Config{Port: port, Handler: func([]byte, netip.AddrPort, int) {
				if closed.Load() {
					late.Store(true)
				}
				select {
				case heard <- struct{}{}:
				default:
				}
			}})
			payload := fmt.Sprint("beacon ", n)
			send(t, stays, payload)
			<-heard
			c.Close()
			closed.Store(true)
			for range 3 {
				in.want(t, payload)
			}
			if late.Load() {
				t.Fatal("handler called after Close")
			}
		}
	})
}

// A datagram may be on its way to a Conn that is closed meanwhile.
func TestNoHandlerForWhatArrivesAtClose(t *testing.T) {
	in := newInbox()
	c := open(t, &shared, Config{Port: freePort(t), Handler: in.handle})
	c.Close()
	c.deliver([]byte("late"), netip.AddrPort{}, 0)
	if len(in) != 0 {
		t.Error("handler called after Close")
	}
}

// Many goroutines open, send and close at once, so that the race detector sees
// the transport come and go.
func TestOpenSendCloseAtOnce(t *testing.T) {
	kinds(t, func(t *testing.T, r *registry) {
		port, lo := freePort(t), loopback(t)
		var workers sync.WaitGroup
		for range 8 {
			workers.Go(func() {
				for range 20 {
					c, err := openIn(r, Config{Port: port, Interfaces: []string{lo.Name}})
					if err != nil {
						t.Error(err)
						return
					}
					if err := c.Send([]byte("beacon")); err != nil {
						t.Error(err)
					}
					c.Stats()
					c.Close()
				}
			})
		}
		workers.Wait()
		if len(r.transports) != 0 {
			t.Errorf("%d transports are left", len(r.transports))
		}
	})
}

func TestOpenWaitsForAnUnknownInterface(t *testing.T) {
	c, err := Open(Config{Port: freePort(t), Interfaces: []string{"no-such0"}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Send([]byte("x")); err == nil || c.Stats().Sent != 0 {
		t.Errorf("it sends by an interface that is not there: %v, %+v", err, c.Stats())
	}
	if c, err := Open(Config{Port: freePort(t), Exclude: []string{"[x"}}); err == nil {
		c.Close()
		t.Error("a bad pattern is allowed")
	}
}

func TestOpenNamesAPortThatIsNotShared(t *testing.T) {
	for _, family := range AnyFamily.families() {
		holder, err := net.ListenUDP(family.network(), nil)
		if err != nil {
			t.Logf("this host has no %v: %v", family, err)
			continue
		}
		defer holder.Close()
		port := holder.LocalAddr().(*net.UDPAddr).Port
		_, err = Open(Config{Port: port, Interfaces: []string{loopback(t).Name}})
		var portErr *PortError
		if !errors.As(err, &portErr) || int(portErr.Port) != port ||
			!strings.Contains(err.Error(), fmt.Sprint("UDP port ", port)) {
			t.Errorf("%v: got %v", family, err)
		}
	}
}

func TestSendRefusesWhatDoesNotFit(t *testing.T) {
	c := open(t, &shared, Config{Port: freePort(t)})
	if err := c.Send(make([]byte, maxDatagram)); !errors.Is(err, ErrNotSent) {
		t.Errorf("got %v", err)
	}
	if s := c.Stats(); s.Sent != 0 || s.SendErrors != 3 {
		t.Errorf("stats %+v", s)
	}
	in := newInbox()
	d := open(t, &shared, Config{Port: freePort(t), Handler: in.handle})
	long := strings.Repeat("x", 60000)
	send(t, d, long)
	in.want(t, long)
}
