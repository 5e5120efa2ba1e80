package zmq

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	zmq4 "github.com/pebbe/zmq4"
)

// Socket is a ROUTER or a DEALER. All methods may be called from several goroutines; only Receive takes
// turns, as it makes no sense for two to receive at once.
type Socket struct {
	ctx     *Context
	kind    zmq4.Type
	timed   bool
	limit   int64
	refused atomic.Uint64
	pile    pile
	zap     *zap   // asked about who connects, nil if everybody may
	domain  string // what zap knows this socket by

	// receiving is held by Receive from start to end, and taken before mu.
	receiving sync.Mutex
	batch     *Batch // where the parked Receive wants its messages; guarded by receiving
	result    error  // what the parked Receive will return; guarded by receiving
	spent     bool   // all that the parked Receive took in was refused; guarded by receiving
	pace      pace   // guarded by receiving

	// mu is held for every call into libzmq. It guards what is below. Nothing blocks while it is held.
	mu     sync.Mutex
	zs     *zmq4.Socket
	raw    rawSocket // 0: without the shim
	closed bool
	inproc []string // names that this socket is bound to
	rx     receiver // made by the first Receive
	pack   packer

	inbox  parker // where Receive parks; made when it first has to
	parked bool   // Receive found nothing and is parked, or about to

	interrupted bool // Receive is to return
}

func newSocket(c *Context, zs *zmq4.Socket, kind zmq4.Type, o Options) *Socket {
	s := &Socket{ctx: c, zs: zs, kind: kind, timed: o.timed, limit: o.limit()}
	if !o.Plain {
		s.raw = rawOf(zs)
	}
	return s
}

// Bind makes the socket accept connections on an endpoint ("tcp://*:41000", "tcp://127.0.0.1:*",
// "inproc://name"), and gives the endpoint with what was left open filled in. A socket may be bound to
// several. Errors are *EndpointError around ErrAddrInUse, ErrAddrNotAvailable, or what libzmq says.
func (s *Socket) Bind(endpoint string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.endpoint("bind", endpoint, s.zs.Bind); err != nil {
		return "", err
	}
	if name, ok := strings.CutPrefix(endpoint, inprocScheme); ok {
		s.inproc = append(s.inproc, name)
		s.ctx.core.addInproc(name)
	}
	bound, err := s.zs.GetLastEndpoint()
	if err != nil {
		return "", &EndpointError{Op: "bind", Endpoint: endpoint, Err: mapped(err)}
	}
	return bound, nil
}

// Connect starts to connect to an endpoint and returns at once. libzmq connects, and connects again when
// the connection is lost, until Disconnect or Close. Messages can be sent from now on.
func (s *Socket) Connect(endpoint string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.endpoint("connect", endpoint, s.zs.Connect)
}

// Disconnect ends what Connect began. What is queued for that endpoint has the socket's Linger to leave.
func (s *Socket) Disconnect(endpoint string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.endpoint("disconnect", endpoint, s.zs.Disconnect)
}

func (s *Socket) endpoint(op, endpoint string, do func(string) error) error {
	err := error(ErrClosed)
	if !s.closed {
		s.ctx.core.slow.Lock()
		err = mapped(do(endpoint))
		s.ctx.core.slow.Unlock()
		s.settle()
	}
	if err != nil {
		return &EndpointError{Op: op, Endpoint: endpoint, Err: err}
	}
	return nil
}

// Refused is the number of messages that were received and dropped because they had more than MaxFrames
// frames, or more octets than Options.MaxMessageSize.
func (s *Socket) Refused() uint64 { return s.refused.Load() }

// SetLinger changes Options.Linger, with the same least value. It does nothing on a closed socket.
func (s *Socket) SetLinger(d time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	return mapped(s.zs.SetLinger(linger(d)))
}

// Close closes the socket and wakes who waits in Receive: it gets ErrClosed. What is
// queued to be sent has the socket's Linger to leave, during which Close does not wait, but the Close of
// the last Context does. A second Close does nothing.
func (s *Socket) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	s.rx.free()
	s.rx = receiver{}
	s.ctx.core.slow.Lock()
	err := mapped(s.zs.Close())
	s.ctx.core.slow.Unlock()
	s.ctx.core.removeInproc(s.inproc)
	if s.zap != nil {
		s.zap.dismiss(s)
	}
	inbox := s.inbox
	s.mu.Unlock()

	// A goroutine that is parked takes mu when it is woken, so its parker is closed without mu. These are
	// duplicates of libzmq's descriptor: that libzmq has closed its own does not disturb them.
	if inbox != nil {
		err = errors.Join(err, inbox.close())
	}
	s.ctx.forget(s)
	return err
}

// settle is called with mu held after every call into libzmq. Such a call takes in the commands that have
// reached the socket, and with them the readiness of ZMQ_FD; so if somebody is parked, this is the moment
// to see whether the news was for him.
func (s *Socket) settle() {
	if !s.parked {
		return
	}
	if events, err := s.zs.GetEvents(); err == nil && events&zmq4.POLLIN != 0 {
		s.parked = false
		s.inbox.wake()
	}
}
