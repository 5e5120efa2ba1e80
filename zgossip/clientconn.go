package zgossip

import (
	"crypto/rand"
	"errors"
	"log/slog"
	"time"

	"github.com/gozre/zre/internal/gossip/uplink"
	"github.com/gozre/zre/internal/gossip/wire"
	"github.com/gozre/zre/internal/transport"
)

// Times of a client's session, see uplink.Config.
const (
	pingInterval  = 400 * time.Millisecond
	calmInterval  = time.Second
	answerTimeout = 3 * time.Second
	probeAfter    = time.Second
	refreshCzmq   = 5 * time.Second
	refreshZre    = 50 * time.Second
)

// clientConn is the client's connection to one server. The client's mutex guards it.
type clientConn struct {
	client    *Client
	dialer    *dialer
	session   *uplink.Session
	conn      *transport.Conn // nil while there is none
	published string
	tuples    uint64
	heard     []Tuple // to be delivered when the mutex is free
	failed    string  // why nothing is published, as it was logged
}

func newClientConn(c *Client, to remote) *clientConn {
	cc := &clientConn{client: c}
	var id wire.ID
	_, _ = rand.Read(id[:]) // never fails
	cc.session = uplink.New(uplink.Config{
		Mark: wire.Mark{Role: wire.RoleNode, ID: id}, Key: keyOf(c.cfg.Key),
		PingInterval: pingInterval, CalmInterval: calmInterval,
		Timeout: answerTimeout, ProbeAfter: probeAfter,
		Refresh: uplink.Refresh{Czmq: refreshCzmq, Zre: refreshZre, Ours: c.cfg.TTL / 3},
	}, (*clientHandler)(cc))
	cc.dialer = newDialer(&c.network, to, &c.mu, c.cfg.Logger)
	cc.dialer.session, cc.dialer.tick = cc, pingInterval
	return cc
}

func (cc *clientConn) connected(now time.Time, c *transport.Conn) {
	cc.conn = c
	cc.session.Connected(now)
}

func (cc *clientConn) disconnected(time.Time) {
	cc.conn = nil
	cc.session.Disconnected()
}

func (cc *clientConn) tick(now time.Time) { cc.session.Tick(now) }
func (cc *clientConn) ready() bool        { return cc.session.Ready() }
func (cc *clientConn) refused() uint64    { return cc.session.Refused }

func (cc *clientConn) receive(now time.Time, frame []byte, rest ...[]byte) {
	if err := cc.session.Receive(now, frame, rest...); err != nil {
		cc.log().Debug("gossip message refused", "error", err)
	}
}

func (cc *clientConn) log() *slog.Logger {
	return cc.client.cfg.Logger.With("server", cc.dialer.address)
}

// settle delivers what was received, without the mutex, because OnTuple may take its time.
func (cc *clientConn) settle(time.Time) {
	if len(cc.heard) == 0 {
		return
	}
	c, heard := cc.client, cc.heard
	cc.heard = nil
	c.mu.Unlock()
	c.deliver.Lock()
	for _, t := range heard {
		c.cfg.OnTuple(t)
	}
	c.deliver.Unlock()
	c.mu.Lock()
}

// publish publishes where the node is, or withdraws that.
func (cc *clientConn) publish(kind uplink.Kind, withdraw bool) {
	value := cc.published
	if !withdraw {
		value = cc.endpoint()
	}
	if value == "" || withdraw && kind == uplink.Czmq || !cc.session.Ready() {
		return
	}
	key, ttl := keyOf(cc.client.cfg.Key), uint32(0)
	switch kind {
	case uplink.Zre:
		key, ttl = string(cc.client.cfg.Key[:]), uplink.ZreTTL
	case uplink.Ours:
		ttl = uint32(cc.client.cfg.TTL.Milliseconds())
	}
	if withdraw {
		ttl = 1
	}
	cc.session.Publish(key, value, ttl)
	cc.published = value
}

// endpoint returns what to publish, "" if there is nothing.
func (cc *clientConn) endpoint() string {
	value, err := cc.client.cfg.Endpoint(cc.dialer.server)
	if err == nil {
		err = wire.CheckEndpoint(value)
	}
	if err == nil {
		cc.failed = ""
		return value
	}
	if cc.failed != err.Error() {
		cc.failed = err.Error()
		cc.log().Warn("nothing to publish to gossip server", "error", err)
	}
	return ""
}

// clientHandler has the methods that the session calls.
type clientHandler clientConn

// sendQueue bounds what waits for a server that does not read, in octets.
const sendQueue = 64 << 10

func (h *clientHandler) Send(frame []byte) {
	// What is lost is noticed by the silence that follows.
	if h.conn != nil && h.conn.Queued() < sendQueue {
		_ = h.conn.Send(frame) // It fails only if the connection has ended.
	}
}

func (h *clientHandler) Ready(kind uplink.Kind) {
	(*clientConn)(h).log().Info("connected to gossip server", "dialect", kind.String())
	(*clientConn)(h).publish(kind, false)
}

func (h *clientHandler) Lost() {
	if !h.client.ended {
		(*clientConn)(h).log().Info("connection to gossip server lost")
	}
}

// errLong says that a key or value is longer than one of ZRE can be.
var errLong = errors.New("longer than a tuple of ZRE can be")

func (h *clientHandler) Publish(t uplink.Tuple) {
	h.tuples++
	err := wire.CheckEndpoint(t.Value)
	if err == nil && (len(t.Key) > defaultKeyLength || len(t.Value) > defaultValueLength) {
		err = errLong
	}
	if err != nil {
		h.session.Refused++
		(*clientConn)(h).log().Debug("gossip tuple refused", "error", err)
		return
	}
	if t.Key != keyOf(h.client.cfg.Key) {
		alive := t.TTL != time.Millisecond || h.session.Kind() != uplink.Ours
		h.heard = append(h.heard, tupleOf(t.Key, t.Value, t.TTL, alive))
	}
}

func (h *clientHandler) Probe() (key, value string, ok bool) {
	value = (*clientConn)(h).endpoint()
	return keyOf(h.client.cfg.Key), value, value != ""
}

func (h *clientHandler) Refresh(kind uplink.Kind) { (*clientConn)(h).publish(kind, false) }
func (h *clientHandler) Beats([]wire.Beat)        {}
func (h *clientHandler) Self()                    {}

func (h *clientHandler) Reopen(identity []byte) {
	h.dialer.reopen(request{identity: identity != nil})
}
