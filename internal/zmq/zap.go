package zmq

import (
	"fmt"
	"strconv"
	"sync"

	"github.com/gozre/zre/internal/curve"
)

// zapEndpoint is where libzmq asks who may connect (ZeroMQ RFC 27, ZAP 1.0).
const zapEndpoint = "inproc://zeromq.zap.01"

// The frames of a request behind the identity that the ROUTER puts before it. The credentials follow.
const (
	zapDelimiter = iota
	zapVersion
	zapRequest
	zapDomain
	zapAddress
	zapIdentity
	zapMechanism
	zapCredentials
)

// zap is the handler of the process, which libzmq asks about each connection to a ROUTER that speaks CURVE.
type zap struct {
	ctx    *Context
	socket *Socket
	done   sync.WaitGroup

	mu      sync.Mutex
	domains uint64                                    // that there have been
	allow   map[string]func(key, address string) bool // by domain: each ROUTER has one
}

// zapHandler gives the handler, made when it is first needed. It ends with the libzmq context.
func (c *core) zapHandler() (*zap, error) {
	c.zap.Lock()
	defer c.zap.Unlock()
	if c.zap.handler != nil {
		return c.zap.handler, nil
	}
	// A share in the context that does not keep it alive.
	h := &zap{ctx: &Context{core: c, sockets: make(map[*Socket]struct{})}, allow: make(map[string]func(string, string) bool)}
	socket, err := h.ctx.Router(Options{Mandatory: true})
	if err == nil {
		_, err = socket.Bind(zapEndpoint)
	}
	if err == nil {
		_, err = socket.inboxParker() // lest there be no descriptor for it later
	}
	if err != nil {
		if socket != nil {
			_ = socket.Close() // It has sent nothing.
		}
		return nil, fmt.Errorf("zmq: ZAP handler: %w", err)
	}
	h.socket = socket
	h.done.Go(h.run)
	c.zap.handler = h
	return h, nil
}

// close ends the handler: nobody is let in any more.
func (h *zap) close() error {
	err := h.socket.Close()
	h.done.Wait()
	return err
}

// admit has libzmq ask about who connects to a fresh ROUTER, and the handler answer as allow says.
func (h *zap) admit(s *Socket, allow func(key, address string) bool) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.domains++
	domain := strconv.FormatUint(h.domains, 10)
	if err := s.zs.SetZapDomain(domain); err != nil {
		return &OptionError{Option: "ZAP domain", Err: mapped(err)}
	}
	s.zap, s.domain = h, domain
	h.allow[domain] = allow
	return nil
}

// dismiss lets nobody connect to a ROUTER any more.
func (h *zap) dismiss(s *Socket) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.allow, s.domain)
}

// run answers until the socket is closed.
func (h *zap) run() {
	var batch Batch
	for h.socket.Receive(&batch) == nil {
		for i := range batch.Len() {
			m := batch.Message(i)
			if len(m) <= 1+zapRequest {
				continue // libzmq does not send such a thing.
			}
			key, ok := h.admits(m[1:])
			status, text := "200", "OK"
			if !ok {
				status, text, key = "400", "key not trusted", ""
			}
			// Who has gone meanwhile needs no answer.
			_ = h.socket.Send(m[0], nil, []byte("1.0"), m[1+zapRequest], []byte(status), []byte(text), []byte(key), nil)
		}
	}
}

// admits decides about a request, and gives the key that was proven.
func (h *zap) admits(request [][]byte) (key string, ok bool) {
	if len(request) != zapCredentials+1 || string(request[zapVersion]) != "1.0" ||
		string(request[zapMechanism]) != "CURVE" || len(request[zapCredentials]) != curve.Size {
		return "", false
	}
	h.mu.Lock()
	allow := h.allow[string(request[zapDomain])]
	h.mu.Unlock()
	key = curve.Text([curve.Size]byte(request[zapCredentials]))
	return key, allow != nil && allow(key, string(request[zapAddress]))
}
