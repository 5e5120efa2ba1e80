package transport

import (
	"errors"
	"log/slog"
	"net/netip"
	"time"

	"github.com/gozre/zre/internal/curve"
)

// Errors of all transports; further errors wrap them where one applies.
var (
	// ErrClosed says that the connection or transport was closed by its owner.
	ErrClosed = errors.New("connection is closed")
	// ErrAddrInUse says that another socket listens at the address.
	ErrAddrInUse = errors.New("address is in use")
	// ErrAddrNotAvailable says that the address is none of this host's.
	ErrAddrNotAvailable = errors.New("address is not available on this host")
	// ErrRefused says that nobody listens at the address.
	ErrRefused = errors.New("connection refused")
	// ErrUnreachable says that no route leads to the address.
	ErrUnreachable = errors.New("host or network is unreachable")
	// ErrTimeout says that the other end did not answer in time.
	ErrTimeout = errors.New("timed out")
	// ErrReset says that the other end, or its system, has ended the connection
	// without an orderly close, or no longer knows of it.
	ErrReset = errors.New("connection reset by peer")
	// ErrEnded says that the other end has closed the connection.
	ErrEnded = errors.New("connection closed by peer")
	// ErrHandshake says that the handshake failed: the other end does not speak
	// ZMTP 3, has another mechanism or socket type, or broke the protocol.
	ErrHandshake = errors.New("handshake failed")
	// ErrUntrusted says that the other end does not trust our key.
	ErrUntrusted = errors.New("the peer does not trust our key")
	// ErrWrongKey says that the other end does not have the public key that was
	// expected.
	ErrWrongKey = errors.New("the peer has another key than expected")
	// ErrNotTrusted says that we do not trust the key of the other end.
	ErrNotTrusted = errors.New("the key of the peer is not trusted")
	// ErrMechanism says that one end uses CURVE and the other one does not.
	ErrMechanism = errors.New("one end uses CURVE and the other does not")
	// ErrProtocol says that the other end broke the protocol after the handshake.
	ErrProtocol = errors.New("protocol error")
	// ErrTooLarge says that a frame or message was beyond a limit of Limits.
	ErrTooLarge = errors.New("message is larger than allowed")
)

// Transport makes connections. All methods are safe for concurrent use.
type Transport interface {
	// Listen accepts connections at the address, for each of which Config.Accept
	// is called. It may be called several times. Port 0 stands for any free port;
	// the address that it listens at is returned.
	Listen(addr netip.AddrPort) (netip.AddrPort, error)
	// Dial makes a connection. It returns at once; what becomes of it is told to
	// the handler.
	Dial(to Target, h Handler) *Conn
	// Handshakes returns how many connections are accepted and have not finished their
	// handshake, as far as the transport knows: nodes that are about to be there.
	Handshakes() int
	// Close closes all listeners and connections, drains the latter for the given
	// time at most, and waits until no Handler runs any more. It must not be
	// called from a Handler.
	Close(drain time.Duration) error
}

// Mover is a Transport that can end connections which a change of this host's addresses has
// made useless.
type Mover interface {
	// EndMoved ends each connection for which moved reports true of its own address and that
	// of the other end.
	EndMoved(moved func(local, remote netip.Addr) bool)
}

// Rekeyer is a Transport whose key pair can be replaced. Package libzmq has none: a socket of
// libzmq keeps the keys that it had when it began to listen.
type Rekeyer interface {
	// SetKeys replaces the key pair of Config.Security, which must be set. Handshakes that begin
	// later use it, in both directions. Connections that exist go on: their own keys live as long
	// as they do (ZeroMQ RFC 25). If the keys are no pair, there is an error and nothing changes.
	SetKeys(public, secret curve.Key) error
}

// Target is where a connection is dialed to.
type Target struct {
	Addr netip.AddrPort
	// Key is the public key that the other end must have; zero with NULL.
	Key curve.Key
	// Name finds a listener of this process by its Config.Name, "" if the name
	// is not known.
	Name string
}

// Config is what a transport is made of.
type Config struct {
	// Identity is what the other ends know this one by, up to 255 octets; none is
	// allowed. It is named on dialed connections and on accepted ones.
	Identity []byte
	// Name is what other parts of this process find the listeners by (package
	// mem), "" if they do not.
	Name string
	// Accept is called once for each accepted connection when its handshake is
	// complete, before any other call for it. Nil for the Handler refuses the
	// connection. It is called from the connection's goroutine.
	Accept func(c *Conn) Handler
	// Lost, if not nil, is called when an accepted connection has ended and it is
	// not known which one it was. Only package libzmq does that.
	Lost func()
	// TCPOnly makes package zmtp use TCP also between processes of this host, which else have
	// a Unix domain socket.
	TCPOnly bool
	// Security is set to use CURVE (ZeroMQ RFC 26) on all connections; nil means
	// the mechanism NULL.
	Security *Security
	Limits   Limits
	// Logger gets refused handshakes and faults of this host. Not nil.
	Logger *slog.Logger
}

// Security is what a transport needs for CURVE.
type Security struct {
	Public, Secret curve.Key
	// Allow decides within the handshake of an accepted connection whether the
	// owner of the key may connect; an error refuses it, and the other end is
	// told that its key is not trusted. It must not block. Nil refuses all; a
	// transport that only dials does not need it.
	Allow func(key curve.Key, from netip.AddrPort) error
}

// Handler is told what happens to one connection. The calls come from one
// goroutine at a time. When the owner has closed the connection, a call may still be
// on its way; after that there is only Down.
type Handler interface {
	// Up is the first call, when the handshake of a dialed connection is
	// complete. For an accepted one Config.Accept stands for it.
	Up(c *Conn)
	// Receive hands over messages in order. It may block, which stops reading.
	// The first frame of each message, and the slice of messages, are valid until
	// it returns; the other frames belong to the receiver.
	Receive(c *Conn, messages []Message)
	// Retry says that an attempt to connect has failed and that there will be
	// another one.
	Retry(c *Conn, err error)
	// Down is the last call: the connection has ended. The error wraps ErrClosed
	// if Close was called.
	Down(c *Conn, err error)
}

// Message is a received message.
type Message struct {
	First []byte   // valid until Receive returns
	Rest  [][]byte // the receiver's; frames below 8 KiB share memory with their neighbours
}

// The defaults of Limits.
const (
	DefaultMaxFrame         = 256 << 20
	DefaultMaxFrames        = 65536
	DefaultMaxFirst         = 1 << 20
	DefaultHandshakeTimeout = 10 * time.Second
	DefaultMaxHandshakes    = 1024
	DefaultMaxPerHost       = 256
	DefaultKeepAlive        = 10 * time.Second
	DefaultRetryFirst       = 50 * time.Millisecond
	DefaultRetryMost        = 2 * time.Second
)

// Limits bound what the other ends can make a transport do. A zero field stands
// for its default.
type Limits struct {
	// MaxFrame is the largest frame, in octets; MaxMessage the largest message,
	// all its frames together, each with 24 octets on top (default: MaxFrame);
	// MaxFrames the largest number of frames in a message; MaxFirst the largest
	// first frame, in octets. A connection that exceeds one is closed as soon as
	// the octets that say so arrive. What the messages that are being received take on all
	// connections together has the bound MaxMessage too, or 16 MiB if that is more; package zmtp
	// lets connections wait for each other then.
	MaxFrame, MaxMessage int64
	MaxFrames, MaxFirst  int
	// MaxStranger is the largest message, counted as MaxMessage is, on an accepted connection
	// until Conn.Admit is called (default: MaxMessage). Only package zmtp has that bound.
	MaxStranger int64
	// HandshakeTimeout bounds a handshake, from the accepted or established TCP
	// connection on.
	HandshakeTimeout time.Duration
	// MaxHandshakes bounds accepted connections with an unfinished handshake, in
	// all; MaxPerHost those from one address. Beyond it, a newcomer is closed.
	MaxHandshakes, MaxPerHost int
	// KeepAlive is the silence after which the other end is asked whether it is
	// still there: by TCP, and where it speaks ZMTP 3.1 by a ZMTP PING. After
	// five KeepAlive without one octet the connection ends. A cut of two and a
	// half is survived with what was in flight. TCP counts whole seconds.
	KeepAlive time.Duration
	// RetryFirst is the pause after the first failed attempt to connect. It
	// doubles up to RetryMost; each pause is shortened by up to a quarter, at
	// random.
	RetryFirst, RetryMost time.Duration
}

// WithDefaults returns the limits with zero fields filled in.
func (l Limits) WithDefaults() Limits {
	orDefault(&l.MaxFrame, DefaultMaxFrame)
	orDefault(&l.MaxMessage, l.MaxFrame)
	orDefault(&l.MaxStranger, l.MaxMessage)
	orDefault(&l.MaxFrames, DefaultMaxFrames)
	orDefault(&l.MaxFirst, DefaultMaxFirst)
	orDefault(&l.HandshakeTimeout, DefaultHandshakeTimeout)
	orDefault(&l.MaxHandshakes, DefaultMaxHandshakes)
	orDefault(&l.MaxPerHost, DefaultMaxPerHost)
	orDefault(&l.KeepAlive, DefaultKeepAlive)
	orDefault(&l.RetryFirst, DefaultRetryFirst)
	orDefault(&l.RetryMost, DefaultRetryMost)
	return l
}

func orDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
