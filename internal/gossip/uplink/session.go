package uplink

import (
	"errors"
	"time"

	"github.com/gozre/zre/internal/codec/zgossipmsg"
	"github.com/gozre/zre/internal/gossip/wire"
)

// Kind is what a server turned out to be.
type Kind uint8

// The kinds of servers.
const (
	Unknown Kind = iota
	Czmq         // czmq's zgossip, and so zyre
	Zre          // haskell-zre's server
	Ours         // a server of this project
)

// String returns the name of the dialect.
func (k Kind) String() string { return [...]string{"unknown", "czmq", "zre", "ours"}[k] }

// ZreTTL is the TTL, in seconds, of what is published to a haskell-zre server.
const ZreTTL = 600

// probeTTL is the TTL of a probe in seconds. Only a haskell-zre server acts on it.
const probeTTL = 5

// Config is the behaviour of a session. All fields are needed but Key.
type Config struct {
	Mark         wire.Mark
	Key          string        // the node's key in canonical form; empty for a server
	PingInterval time.Duration // below 1 s, after which czmq's server forgets its client
	CalmInterval time.Duration // the same for other servers
	Timeout      time.Duration // silence after which the connection is replaced
	ProbeAfter   time.Duration // silence after which a probe is sent
	Refresh      Refresh       // how often to publish again, by kind of server
}

// Refresh is how often the tuple has to be published again; 0 is never.
type Refresh struct {
	Czmq time.Duration // it answers PINGs of clients that it has forgotten
	Zre  time.Duration // below ZreTTL
	Ours time.Duration // below the TTL that is published
}

// Tuple is a received PUBLISH.
type Tuple struct {
	Key        string // canonical, or raw octets in a message that is refused
	Value      string
	TTL        time.Duration
	Provenance *wire.Provenance // from a server of ours, to a server
}

// Handler is the owner of a session. Its methods are called from the methods of the session.
type Handler interface {
	// Send sends one frame. The session survives a message that is lost.
	Send(frame []byte)
	// Ready says that a session has begun. Everything has to be published now, even if
	// it was published before.
	Ready(kind Kind)
	// Lost says that the session has ended, if one had begun.
	Lost()
	// Publish hands over a received tuple.
	Publish(t Tuple)
	// Beats hands over the beats that a server of ours has sent.
	Beats(beats []wire.Beat)
	// Probe returns a tuple for a probe, if there is one.
	Probe() (key, value string, ok bool)
	// Refresh says that it is time to publish again. To czmq one tuple is enough.
	Refresh(kind Kind)
	// Reopen asks for a new connection in place of this one, with this identity or none.
	Reopen(identity []byte)
	// Self says that the server at the other end is this one.
	Self()
}

// ErrMessage says that a message is not one of the protocol.
var ErrMessage = errors.New("not a gossip message")

// Session is the state of one connection. It must be guarded by its owner.
type Session struct {
	cfg     Config
	handler Handler
	decoder zgossipmsg.Decoder

	kind    Kind
	up      bool
	named   bool // connected with the node's UUID as identity
	ready   bool
	fencing bool
	pings   int // sent on this connection
	pongs   int // received on it
	fence   int // the PONG that ends fencing
	heard   time.Time
	pinged  time.Time
	greeted time.Time
	ticked  time.Time
	fresh   time.Time // when everything was last published

	Refused  uint64 // messages that were none
	Sessions uint64 // how often a session has begun
}

// New makes a session that is down.
func New(cfg Config, h Handler) *Session { return &Session{cfg: cfg, handler: h} }

// Kind returns what the server turned out to be.
func (s *Session) Kind() Kind { return s.kind }

// Ready reports whether a session has begun.
func (s *Session) Ready() bool { return s.ready }

// Complete reports whether the server has sent all tuples that it had when the session began.
// The second PONG follows them. A haskell-zre server sends them when it is greeted.
func (s *Session) Complete() bool { return s.ready && (s.kind == Zre || s.pongs >= 2) }

// Connected says that the connection is up.
func (s *Session) Connected(now time.Time) {
	s.Disconnected()
	s.up, s.kind, s.fencing = true, Unknown, false
	s.pings, s.pongs = 0, 0
	s.heard, s.greeted, s.ticked = now, now, now
	s.ping(now)
	s.send(&zgossipmsg.Hello{})
	if s.named {
		s.begin(Zre)
		return
	}
	s.ping(now)
}

// Disconnected says that the connection has ended. The caller connects again.
func (s *Session) Disconnected() {
	s.up = false
	s.end()
}

func (s *Session) begin(kind Kind) {
	s.kind, s.ready = kind, true
	s.Sessions++
	s.fresh = s.heard
	s.handler.Ready(kind)
}

func (s *Session) end() {
	if s.ready {
		s.ready = false
		s.handler.Lost()
	}
}

func (s *Session) reopen(named bool) {
	s.end()
	s.up, s.named = false, named
	var identity []byte
	if named {
		raw, _ := wire.RawKey(s.cfg.Key)
		identity = []byte(raw)
	}
	s.handler.Reopen(identity)
}

// Tick lets time pass. It is called at least once in PingInterval.
func (s *Session) Tick(now time.Time) {
	if !s.up {
		return
	}
	interval := s.cfg.PingInterval
	if s.kind == Ours || s.kind == Zre {
		interval = s.cfg.CalmInterval
	}
	switch {
	case s.answers() && now.Sub(s.heard) >= s.cfg.Timeout:
		s.reopen(false)
		return
	case s.kind == Unknown && now.Sub(s.greeted) >= s.cfg.ProbeAfter:
		s.greeted = now
		if key, value, ok := s.handler.Probe(); ok {
			s.send(&zgossipmsg.Publish{Key: key, Value: value, TTL: probeTTL})
		}
		s.send(&zgossipmsg.Hello{})
	case s.kind == Zre && s.cfg.Key == "" && now.Sub(s.greeted) >= 3*s.cfg.CalmInterval:
		// It forwards nothing to a client without a tuple of its own, so it is asked.
		s.greeted = now
		s.send(&zgossipmsg.Hello{})
	}
	if now.Sub(s.pinged) >= interval {
		s.ping(now)
	}
	s.refresh(now)
	s.ticked = now
}

// answers reports whether the server answers PINGs, so that silence shows that it is gone.
func (s *Session) answers() bool {
	return s.kind == Czmq || s.kind == Ours || s.kind == Zre && s.pongs > 0
}

// forgetful is how long czmq's server keeps a silent client. After a longer pause between two
// ticks, because the process was stopped for instance, it has forgotten us.
const forgetful = 900 * time.Millisecond

func (s *Session) refresh(now time.Time) {
	if !s.ready || s.fencing {
		return
	}
	r := s.cfg.Refresh
	every := [...]time.Duration{Czmq: r.Czmq, Zre: r.Zre, Ours: r.Ours}[s.kind]
	slept := s.kind == Czmq && !s.ticked.IsZero() && now.Sub(s.ticked) >= forgetful
	if every > 0 && now.Sub(s.fresh) >= every || slept {
		s.fresh = now
		s.handler.Refresh(s.kind)
	}
}

// ping sends a PING with our mark.
func (s *Session) ping(now time.Time) {
	s.pinged = now
	s.pings++
	frame, _ := new(zgossipmsg.Ping).AppendTo(nil) // It has no field that could be wrong.
	s.handler.Send(wire.AppendMark(frame, s.cfg.Mark))
}

// Publish sends a tuple as it is, if a session has begun.
func (s *Session) Publish(key, value string, ttl uint32) {
	if s.ready && !s.fencing {
		s.send(&zgossipmsg.Publish{Key: key, Value: value, TTL: ttl})
	}
}

func (s *Session) send(m zgossipmsg.Message) {
	if frame, err := m.AppendTo(nil); err == nil { // else a field is too long for the protocol
		s.handler.Send(frame)
	}
}
