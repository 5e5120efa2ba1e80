package zmq

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	zmq4 "github.com/pebbe/zmq4"
)

// maxSockets is how many sockets a process may have; libzmq's own default of 1023 is reached by 32 nodes
// that all know each other. It costs about 1 MiB of tables.
const maxSockets = 65535

// ioThreads is the number of libzmq's threads for input and output. One carries about two gigabytes or
// three million small messages a second, which is more than the goroutines around it can use.
const ioThreads = 1

// shared is the context of the process. It is a variable of the package because a context is a resource
// of the process, like its heap: 75 nodes in one process are to share one thread for input and output, and
// they can meet over inproc only within one context. It holds nothing unless some Context is open.
var shared struct {
	sync.Mutex
	core *core
}

// core is one libzmq context with the number of those who use it.
type core struct {
	zctx *zmq4.Context
	refs int // guarded by shared

	ballast []byte // see memory.go

	// slow is held for calls that libzmq serialises by itself: making, connecting and closing sockets.
	// Whoever waits for libzmq's own lock keeps a thread; who waits for this one, a goroutine.
	slow sync.Mutex

	inproc struct {
		sync.Mutex
		bound map[string]struct{}
	}
	zap struct {
		sync.Mutex
		handler *zap // nil until a ROUTER speaks CURVE
	}
}

// Context is one user's share in the libzmq context of the process. Its methods may be called from
// several goroutines.
type Context struct {
	core *core

	mu      sync.Mutex
	closed  bool
	sockets map[*Socket]struct{}
}

// Open gives a share in the process's libzmq context and makes that context for the first user.
func Open() (*Context, error) {
	shared.Lock()
	defer shared.Unlock()
	if shared.core == nil {
		c, err := newCore()
		if err != nil {
			return nil, err
		}
		shared.core = c
	}
	shared.core.refs++
	return &Context{core: shared.core, sockets: make(map[*Socket]struct{})}, nil
}

func newCore() (*core, error) {
	zctx, err := zmq4.NewContext()
	if err != nil {
		return nil, fmt.Errorf("zmq: new context: %w", err)
	}
	// Both count only before the first socket.
	if err := errors.Join(zctx.SetMaxSockets(maxSockets), zctx.SetIoThreads(ioThreads)); err != nil {
		return nil, errors.Join(fmt.Errorf("zmq: set up context: %w", err), zctx.Term())
	}
	holdFreeMemory()
	c := &core{zctx: zctx, ballast: newBallast()}
	c.inproc.bound = make(map[string]struct{})
	return c, nil
}

// Close closes the sockets that this Context made. The last Context of the process ends libzmq's context,
// and its threads, after the sockets' Linger. A second Close does nothing.
func (c *Context) Close() error {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return nil
	}
	c.closed = true
	sockets := make([]*Socket, 0, len(c.sockets))
	for s := range c.sockets {
		sockets = append(sockets, s)
	}
	c.mu.Unlock()

	var errs []error
	for _, s := range sockets {
		errs = append(errs, s.Close())
	}

	shared.Lock()
	c.core.refs--
	last := c.core.refs == 0
	if last {
		shared.core = nil
	}
	shared.Unlock()
	// The mutex is free by now: while libzmq lingers, others may open a new context.
	if last {
		if h := c.core.zap.handler; h != nil {
			errs = append(errs, h.close())
		}
		if err := c.core.zctx.Term(); err != nil {
			errs = append(errs, fmt.Errorf("zmq: end context: %w", err))
		}
	}
	return errors.Join(errs...)
}

// Router makes a ROUTER socket: it takes in messages from all who connect, the sender's identity before
// them, and sends each message to the peer that its first frame names.
func (c *Context) Router(o Options) (*Socket, error) { return c.socket(zmq4.ROUTER, o) }

// Dealer makes a DEALER socket. Its users here connect it to one ROUTER.
func (c *Context) Dealer(o Options) (*Socket, error) { return c.socket(zmq4.DEALER, o) }

func (c *Context) socket(kind zmq4.Type, o Options) (*Socket, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, ErrClosed
	}
	var guard *zap
	if kind == zmq4.ROUTER && o.Curve != nil {
		var err error
		if guard, err = c.core.zapHandler(); err != nil {
			return nil, err
		}
	}
	c.core.slow.Lock()
	defer c.core.slow.Unlock()
	zs, err := c.core.zctx.NewSocket(kind)
	if err != nil {
		return nil, fmt.Errorf("zmq: new %v: %w", kind, err)
	}
	if err := o.apply(zs, kind); err != nil {
		return nil, errors.Join(err, zs.Close())
	}
	s := newSocket(c, zs, kind, o)
	if guard != nil {
		if err := guard.admit(s, o.Curve.Allow); err != nil {
			return nil, errors.Join(err, zs.Close())
		}
	}
	c.sockets[s] = struct{}{}
	return s, nil
}

func (c *Context) forget(s *Socket) {
	c.mu.Lock()
	delete(c.sockets, s)
	c.mu.Unlock()
}

const inprocScheme = "inproc://"

// HasInproc tells whether some socket of this process is bound to the endpoint "inproc://NAME" (or plain
// NAME), through whichever Context. A DEALER connected over inproc does not reconnect when the ROUTER goes.
func (c *Context) HasInproc(endpoint string) bool {
	p := &c.core.inproc
	p.Lock()
	defer p.Unlock()
	_, ok := p.bound[strings.TrimPrefix(endpoint, inprocScheme)]
	return ok
}

func (c *core) addInproc(name string) {
	c.inproc.Lock()
	c.inproc.bound[name] = struct{}{}
	c.inproc.Unlock()
}

func (c *core) removeInproc(names []string) {
	c.inproc.Lock()
	for _, n := range names {
		delete(c.inproc.bound, n)
	}
	c.inproc.Unlock()
}
