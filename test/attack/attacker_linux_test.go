package attack

import (
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/codec/zgossipmsg"
	"github.com/gozre/zre/internal/codec/zrebeacon"
	"github.com/gozre/zre/internal/codec/zremsg"
	"github.com/gozre/zre/internal/gossip/wire"
	"github.com/gozre/zre/internal/transport"
	"github.com/gozre/zre/internal/transport/zmtp"
)

// attacker is a host that sends what it likes.
type attacker struct {
	t      *testing.T
	ctx    context.Context // ends with the row
	port   int             // of the beacons
	at     netip.AddrPort  // of the victim
	honest uuid.UUID
	gossip netip.AddrPort
	dials  atomic.Int32 // connections that the victim made to a third party
}

// deaf is a connection of which nothing is read.
type deaf struct{}

func (deaf) Up(*transport.Conn)                           {}
func (deaf) Receive(*transport.Conn, []transport.Message) {}
func (deaf) Retry(*transport.Conn, error)                 {}
func (deaf) Down(*transport.Conn, error)                  {}

// connect makes a ZMTP connection with an identity, which lives as long as the row.
func (a *attacker) connect(to netip.AddrPort, identity []byte) *transport.Conn {
	tr, err := zmtp.New(transport.Config{
		Identity: identity, Logger: slog.New(slog.DiscardHandler),
		Accept: func(*transport.Conn) transport.Handler { return nil },
	})
	if err != nil {
		a.t.Error(err)
		return nil
	}
	context.AfterFunc(a.ctx, func() { _ = tr.Close(0) })
	return tr.Dial(transport.Target{Addr: to}, deaf{})
}

func identity(id uuid.UUID) []byte { return append([]byte{1}, id[:]...) }

func encode(m interface{ AppendTo([]byte) ([]byte, error) }) []byte {
	b, err := m.AppendTo(nil)
	if err != nil {
		panic(err)
	}
	return b
}

// sleep waits, and reports false at the end of the row.
func (a *attacker) sleep(d time.Duration) bool {
	select {
	case <-a.ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// listeners are endpoints at which the connections that the victim makes are accepted, and
// nothing is read.
func (a *attacker) listeners(count int) []netip.AddrPort {
	tr, err := zmtp.New(transport.Config{
		Identity: []byte("x"), Logger: slog.New(slog.DiscardHandler),
		Accept: func(*transport.Conn) transport.Handler { return deaf{} },
	})
	if err != nil {
		a.t.Fatal(err)
	}
	context.AfterFunc(a.ctx, func() { _ = tr.Close(0) })
	var all []netip.AddrPort
	for range count {
		at, err := tr.Listen(netip.MustParseAddrPort("127.0.0.1:0"))
		if err != nil {
			a.t.Error(err)
			break
		}
		all = append(all, at)
	}
	return all
}

// hugeHellos makes 100 peers say that they are in 10,000 groups each.
func (a *attacker) hugeHellos() {
	at := a.listeners(100)
	for n := range at {
		groups := make([]string, 10_000)
		for i := range groups {
			groups[i] = fmt.Sprintf("%d %d %s", n, i, strings.Repeat("x", 80))
		}
		m := zremsg.Hello{Sequence: 1, Endpoint: "tcp://" + at[n].String(), Name: "x", Groups: groups}
		if c := a.connect(a.at, identity(uuid.New())); c != nil {
			_ = c.Send(encode(&m))
		}
		if !a.sleep(time.Millisecond) {
			return
		}
	}
}

// restarts makes one peer begin session after session.
func (a *attacker) restarts() {
	at := a.listeners(1)[0]
	m := zremsg.Hello{Sequence: 1, Endpoint: "tcp://" + at.String(), Name: "x", Groups: []string{"a", "b"}}
	c := a.connect(a.at, identity(uuid.New()))
	for a.sleep(100 * time.Microsecond) {
		_ = c.Send(encode(&m))
	}
}

// comeAndGo makes new peers connect, say HELLO and leave.
func (a *attacker) comeAndGo() {
	at := a.listeners(200)
	for n := 0; a.sleep(time.Millisecond); n++ {
		m := zremsg.Hello{Sequence: 1, Endpoint: "tcp://" + at[n%len(at)].String(), Name: "x"}
		c := a.connect(a.at, identity(uuid.New()))
		_ = c.Send(encode(&m))
		time.AfterFunc(50*time.Millisecond, func() { c.Close(0) })
	}
}

// beacons sends beacons from an address of this host, at a rate, with what next returns.
func (a *attacker) beacons(from string, every time.Duration, next func(n int) zrebeacon.Plain) {
	c, err := net.DialUDP("udp4", &net.UDPAddr{IP: net.ParseIP(from)}, &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: a.port})
	if err != nil {
		a.t.Error(err)
		return
	}
	defer c.Close()
	begin := time.Now()
	for n := 0; a.sleep(time.Millisecond); {
		for ; time.Duration(n)*every < time.Since(begin); n++ {
			b := next(n)
			_, _ = c.Write(encode(&b))
		}
	}
}

// reflection names many ports of one third party, which counts the connections.
func (a *attacker) reflection() {
	l, err := net.Listen("tcp4", "127.0.0.9:0")
	if err != nil {
		a.t.Error(err)
		return
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			a.dials.Add(1)
			c.Close()
		}
	}()
	port := uint16(l.Addr().(*net.TCPAddr).Port)
	a.beacons("127.0.0.9", 30*time.Millisecond, func(int) zrebeacon.Plain {
		return zrebeacon.Plain{UUID: uuid.New(), Port: port}
	})
}

// floodBeacons sends 10,000 a second, of nodes that do not exist.
func (a *attacker) floodBeacons() {
	a.beacons("127.0.0.66", 100*time.Microsecond, func(n int) zrebeacon.Plain {
		return zrebeacon.Plain{UUID: uuid.New(), Port: uint16(1 + n%60000)}
	})
}

// leaves says that the honest node leaves, and connects with its identity.
func (a *attacker) leaves() {
	for range 15 {
		if c := a.connect(a.at, identity(a.honest)); c != nil {
			_ = c.Send(encode(&zremsg.Goodbye{Sequence: 2}))
		}
	}
	a.beacons("127.0.0.1", 10*time.Millisecond, func(int) zrebeacon.Plain {
		return zrebeacon.Plain{UUID: a.honest}
	})
}

// raw opens TCP connections, and says something on each.
func (a *attacker) raw(count int, say []byte) {
	for range count {
		c, err := net.DialTimeout("tcp", a.at.String(), time.Second)
		if err != nil {
			continue
		}
		_, _ = c.Write(say)
		context.AfterFunc(a.ctx, func() { c.Close() })
	}
	<-a.ctx.Done()
}

// halfGreetings opens 3,000 connections that never finish the greeting.
func (a *attacker) halfGreetings() { a.raw(3000, []byte{0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0x7f, 3}) }

// mute opens 1,500 connections that never say HELLO.
func (a *attacker) mute() {
	for range 1500 {
		a.connect(a.at, identity(uuid.New()))
		if !a.sleep(time.Millisecond) {
			return
		}
	}
	<-a.ctx.Done()
}

// endless sends, on ten connections, messages that do not end.
func (a *attacker) endless() {
	part := make([]byte, 1<<20)
	for range 10 {
		c := a.connect(a.at, identity(uuid.New()))
		frames := make([][]byte, 40)
		for i := range frames {
			frames[i] = part
		}
		_ = c.Send(encode(&zremsg.Whisper{Sequence: 2}), frames...)
	}
	<-a.ctx.Done()
}

// halfMessages sends, on connections of 30 peers, the first 60 MB of a message, and nothing more.
func (a *attacker) halfMessages() {
	at := a.listeners(30)
	part := make([]byte, 1<<20)
	var sending sync.WaitGroup
	for _, l := range at {
		c, err := net.DialTimeout("tcp", a.at.String(), time.Second)
		if err != nil {
			a.t.Error(err)
			continue
		}
		stop := context.AfterFunc(a.ctx, func() { c.Close() })
		sending.Go(func() {
			defer stop()
			id := identity(uuid.New())
			_, _ = c.Write(slices.Concat(
				[]byte("\xff\x00\x00\x00\x00\x00\x00\x00\x00\x7f\x03\x00NULL"), make([]byte, 48),
				[]byte("\x04\x3a\x05READY\x0bSocket-Type\x00\x00\x00\x06DEALER\x08Identity\x00\x00\x00\x11"), id,
				transport.AppendFrame(nil, 0, encode(&zremsg.Hello{Sequence: 1, Endpoint: "tcp://" + l.String(), Name: "x"})),
				transport.AppendFrame(nil, transport.FlagMore, encode(&zremsg.Whisper{Sequence: 2})),
				binary.BigEndian.AppendUint64([]byte{transport.FlagLong}, 200<<20),
			))
			for range 60 {
				if _, err := c.Write(part); err != nil {
					return // It was cut off.
				}
			}
			<-a.ctx.Done()
		})
	}
	sending.Wait()
}

// reader enters, and sends 100 messages of 64 KB, which the victim sends back. It acknowledges
// nothing, so that the victim waits for room in its window.
func (a *attacker) reader() {
	at := a.listeners(1)[0]
	m := zremsg.Hello{Sequence: 1, Endpoint: "tcp://" + at.String(), Name: "x"}
	c := a.connect(a.at, identity(uuid.New()))
	_ = c.Send(encode(&m))
	if !a.sleep(500 * time.Millisecond) { // Before it is a peer, messages are refused.
		return
	}
	for n := range uint16(100) {
		_ = c.Send(encode(&zremsg.Whisper{Sequence: 2 + n}), make([]byte, 64<<10))
	}
	<-a.ctx.Done()
}

// descriptors opens 500 connections that never finish the greeting.
func (a *attacker) descriptors() { a.raw(500, []byte{0xff}) }

// origins publishes tuples that are said to come from servers that do not exist.
func (a *attacker) origins() {
	c := a.connect(a.gossip, nil)
	_ = c.Send(encode(&zgossipmsg.Hello{}))
	for n := 0; n < 20_000 && (n%100 != 0 || a.sleep(time.Millisecond)); n++ {
		m := zgossipmsg.Publish{Key: fmt.Sprintf("%032X", n), Value: "tcp://127.0.0.66:1"}
		id := uuid.New()
		var origin wire.ID
		copy(origin[:], id[:])
		_ = c.Send(wire.AppendProvenance(encode(&m), wire.Provenance{Origin: origin, Seq: uint64(n + 1), State: wire.Alive}))
	}
	<-a.ctx.Done()
}

// resets connects to the gossip server and resets after the handshake.
func (a *attacker) resets() {
	for a.sleep(10 * time.Millisecond) {
		for range 4 {
			c, err := net.DialTimeout("tcp", a.gossip.String(), time.Second)
			if err != nil {
				continue
			}
			_ = c.(*net.TCPConn).SetLinger(0)
			_, _ = c.Write(append([]byte{0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0x7f, 3, 0}, append([]byte("NULL"), make([]byte, 48)...)...))
			time.AfterFunc(20*time.Millisecond, func() { c.Close() })
		}
	}
}
