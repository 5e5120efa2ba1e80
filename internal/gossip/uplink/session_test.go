package uplink

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gozre/zre/internal/codec/zgossipmsg"
	"github.com/gozre/zre/internal/gossip/wire"
)

const (
	key   = "00112233445566778899AABBCCDDEEFF"
	value = "tcp://10.0.0.1:41000"
)

// script drives a session and notes all that it does.
type script struct {
	*Session
	t     *testing.T
	now   time.Time
	notes []string
}

func newScript(t *testing.T, ownKey string) *script {
	s := &script{t: t, now: time.Unix(1000, 0)}
	s.Session = New(Config{
		Mark: wire.Mark{Role: wire.RoleNode, ID: wire.ID{1}}, Key: ownKey,
		PingInterval: 400 * time.Millisecond, CalmInterval: time.Second, Timeout: 3 * time.Second, ProbeAfter: time.Second,
		Refresh: Refresh{Czmq: 5 * time.Second, Zre: 50 * time.Second, Ours: 20 * time.Second},
	}, s)
	s.Connected(s.now)
	return s
}

func (s *script) note(format string, args ...any) {
	s.notes = append(s.notes, fmt.Sprintf(format, args...))
}

func (s *script) Send(frame []byte) {
	msg, trailer := wire.Split(frame)
	m, err := zgossipmsg.Decode(msg)
	if err != nil {
		s.t.Fatal(err)
	}
	text := m.ID().String()
	if p, ok := m.(*zgossipmsg.Publish); ok {
		text += fmt.Sprintf(" %q %d", p.Key, p.TTL)
	}
	if len(trailer) > 0 {
		text += "+"
	}
	s.note("%s", text)
}
func (s *script) Ready(k Kind)                  { s.note("ready %v", k) }
func (s *script) Lost()                         { s.note("lost") }
func (s *script) Publish(t Tuple)               { s.note("tuple %s %s %v", t.Key, t.Value, t.TTL) }
func (s *script) Beats(b []wire.Beat)           { s.note("beats %d", len(b)) }
func (s *script) Probe() (string, string, bool) { return key, value, true }
func (s *script) Refresh(k Kind)                { s.note("refresh %v", k) }
func (s *script) Reopen(id []byte)              { s.note("reopen %x", id) }
func (s *script) Self()                         { s.note("self") }

// wait lets time pass in steps of 100 ms.
func (s *script) wait(d time.Duration) {
	for end := s.now.Add(d); s.now.Before(end); {
		s.now = s.now.Add(100 * time.Millisecond)
		s.Tick(s.now)
	}
}

func (s *script) hear(m zgossipmsg.Message, trailer []byte, before ...[]byte) {
	s.t.Helper()
	frame, err := m.AppendTo(nil)
	if err == nil {
		all := append(before, append(frame, trailer...))
		err = s.Receive(s.now, all[0], all[1:]...)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// expect checks what was done since the last time, but for PINGs.
func (s *script) expect(want ...string) {
	s.t.Helper()
	var got []string
	for _, n := range s.notes {
		if n != "PING+" {
			got = append(got, n)
		}
	}
	s.notes = nil
	if diff := cmp.Diff(want, got); diff != "" {
		s.t.Fatal(diff)
	}
}

func pong(role wire.Role, id byte) (zgossipmsg.Message, []byte) {
	return &zgossipmsg.Pong{}, wire.AppendMark(nil, wire.Mark{Role: role, ID: wire.ID{id}})
}

func TestOurServer(t *testing.T) {
	s := newScript(t, key)
	if got := strings.Join(s.notes, " "); got != "PING+ HELLO PING+" {
		t.Errorf("greeting: %s", got)
	}
	s.expect("HELLO")
	s.hear(pong(wire.RoleServer, 2))
	s.expect("ready ours")
	s.hear(&zgossipmsg.Publish{Key: "k", Value: "v", TTL: 7}, nil)
	s.expect("tuple k v 7ms")
	for range 11 { // it answers
		s.wait(2 * time.Second)
		s.hear(pong(wire.RoleServer, 2))
	}
	s.expect("refresh ours")
	s.wait(3 * time.Second) // it does not
	s.expect("lost", "reopen ")
	s.hear(&zgossipmsg.Publish{Key: "k", Value: "v"}, nil) // the rest of the old connection
	s.expect()
}

func TestCzmqServer(t *testing.T) {
	s := newScript(t, key)
	s.hear(&zgossipmsg.Pong{}, nil)
	s.expect("HELLO")
	s.hear(&zgossipmsg.Publish{Key: "k", Value: "v"}, nil)
	s.hear(&zgossipmsg.Pong{}, nil)
	s.expect("tuple k v 0s", "ready czmq") // when all that it holds has come

	// Several INVALIDs, of which one counts.
	for range 3 {
		s.hear(&zgossipmsg.Invalid{}, nil)
	}
	s.Session.Publish(key, value, 0) // not now
	s.expect()
	s.hear(&zgossipmsg.Invalid{}, nil)
	s.hear(&zgossipmsg.Pong{}, nil)
	s.expect("HELLO", "ready czmq")
	s.hear(&zgossipmsg.Pong{}, nil)
	s.expect()

	s.now = s.now.Add(2 * time.Second) // the process was stopped: it has been forgotten
	s.Tick(s.now)
	s.hear(&zgossipmsg.Pong{}, nil)
	s.expect("refresh czmq")
	for range 5 {
		s.wait(time.Second)
		s.hear(&zgossipmsg.Pong{}, nil)
	}
	s.expect("refresh czmq")
	s.Disconnected()
	s.expect("lost")
	s.wait(time.Minute)
	s.expect()
}

func TestZreServer(t *testing.T) {
	raw, _ := wire.RawKey(key)
	s := newScript(t, key)
	s.wait(time.Second)
	probe := fmt.Sprintf("PUBLISH %q 5", key)
	s.expect("HELLO", probe, "HELLO")
	s.wait(time.Second)
	s.expect(probe, "HELLO")
	s.hear(&zgossipmsg.Publish{Key: key, Value: value, TTL: 5}, nil, []byte("\x00abcd"))
	s.expect(fmt.Sprintf("reopen %x", raw)) // once more, under our own name
	s.Connected(s.now)
	s.expect("HELLO", "ready zre")
	s.hear(&zgossipmsg.Publish{Key: raw, Value: value, TTL: 600}, nil, []byte(raw))
	s.expect("tuple " + key + " " + value + " 10m0s")
	s.wait(time.Minute)
	s.expect("refresh zre")
	s.hear(&zgossipmsg.Pong{}, nil) // another server runs there now
	s.expect("lost", "reopen ")
}

// Newer servers of haskell-zre answer PINGs, in two frames.
func TestZreServerThatAnswers(t *testing.T) {
	raw, _ := wire.RawKey(key)
	s := newScript(t, key)
	s.hear(&zgossipmsg.Pong{}, nil, []byte("\x00abcd"))
	s.expect("HELLO", fmt.Sprintf("reopen %x", raw))
	s.hear(&zgossipmsg.Pong{}, nil, []byte("\x00abcd")) // of the old connection
	s.Connected(s.now)
	s.expect("HELLO", "ready zre")
	for range 60 { // nothing is opened again while it answers
		s.hear(&zgossipmsg.Pong{}, nil, []byte(raw))
		s.wait(time.Second)
	}
	s.expect("refresh zre")
	s.wait(3 * time.Second) // it is silent
	s.expect("lost", "reopen ")
}

// One that does not answer may be silent.
func TestZreServerThatIsSilent(t *testing.T) {
	s := newScript(t, "")
	s.hear(&zgossipmsg.Publish{Key: key, Value: value}, nil, []byte("\x00abcd"))
	s.wait(10 * time.Second)
	for _, n := range s.notes {
		if strings.HasPrefix(n, "reopen") {
			t.Error("the connection was replaced")
		}
	}
}

func TestServerWithoutKeyAsksAgain(t *testing.T) {
	s := newScript(t, "")
	s.hear(&zgossipmsg.Publish{Key: key, Value: value}, nil, []byte("\x00abcd"))
	s.expect("HELLO", "ready zre", "tuple "+key+" "+value+" 0s")
	s.wait(3 * time.Second)
	s.expect("HELLO") // it forwards nothing to who is no node
}

func TestServerIsSelf(t *testing.T) {
	s := newScript(t, key)
	s.hear(pong(wire.RoleServer, 1))
	s.expect("HELLO", "self")
}

func TestRefusals(t *testing.T) {
	s := newScript(t, key)
	s.expect("HELLO")
	for i, frames := range [][][]byte{
		{nil}, {{}}, {{1}, {2}, {3}}, {[]byte("\xaa\xa0\x09\x01")}, {[]byte("\xaa\xa0\x04\x01x")},
		{[]byte("\xaa\xa0\x02\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00")}, {[]byte("\xaa\xa0\x02\x01\x01k\x00\x00\x00\x00\x00\x00\x00\x00ZREG")},
	} {
		if err := s.Receive(s.now, frames[0], frames[1:]...); err == nil {
			t.Errorf("case %d was taken for a message", i)
		}
	}
	s.expect()
	if s.Refused != 7 {
		t.Errorf("%d refused", s.Refused)
	}
}
