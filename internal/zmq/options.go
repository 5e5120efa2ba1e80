package zmq

import (
	"math"
	"time"

	zmq4 "github.com/pebbe/zmq4"
)

// Options say how a socket is to behave. The zero value is usable: no identity, queues without a bound,
// what is left to send at Close is dropped after 100 ms.
//
// One thing is not an option: ZMQ_IMMEDIATE stays off, so that a message can be queued for a peer whose
// connection is not up yet.
type Options struct {
	// Identity is the name that a ROUTER at the other end will know this socket by, 1 to 255 octets;
	// none means that the ROUTER makes one up. The first octet must not be 0.
	Identity []byte
	// SendHWM and RecvHWM bound the queues, in messages, per connection. 0 means without a bound. A
	// queue that was full takes messages again when half of it is empty.
	SendHWM, RecvHWM int
	// Linger is how long libzmq goes on sending after Close at most, if there is something left to send;
	// negative means for ever. It is never less than 100 ms, for a reason that shortestLinger tells.
	Linger time.Duration
	// MaxMessageSize bounds what is taken in, in octets; 0 or less means without a bound. libzmq closes
	// the connection to a peer that sends a longer frame. A message whose frames add up to more is
	// dropped whole and counted (Socket.Refused).
	MaxMessageSize int64
	// Handover lets a peer that connects with an identity already in use take it over (ROUTER only).
	// Without it, libzmq ignores the newcomer.
	Handover bool
	// Mandatory makes Send tell when there is no such peer (ErrNoRoute) or its queue is full
	// (ErrWouldBlock). Without it, libzmq drops such a message in silence (ROUTER only).
	Mandatory bool
	// ReconnectInterval is the pause before a lost connection is tried again; 0 means libzmq's 100 ms.
	// With ReconnectMax the pause doubles up to that; 0 means that it stays the same.
	ReconnectInterval, ReconnectMax time.Duration
	// KeepAliveIdle is the silence after which TCP probes the peer, KeepAliveInterval the pause between
	// probes, KeepAliveCount the unanswered probes that end the connection. 0 means as the system has it;
	// all 0 means without probes, unless the system has them on. The times have a resolution of 1 s.
	KeepAliveIdle, KeepAliveInterval time.Duration
	KeepAliveCount                   int
	// HeartbeatInterval is how often libzmq asks a silent peer for a sign of life, below what the
	// application sees; HeartbeatTimeout how long it waits for one before it ends the connection. 0
	// means not at all, and as long as the interval. It finds peers that have vanished without a word
	// from their system, and those that are stopped.
	HeartbeatInterval, HeartbeatTimeout time.Duration
	// Backlog is how many connections may wait to be accepted; 0 means libzmq's 100.
	Backlog int
	// IPv6 lets the socket use IPv6 beside IPv4.
	IPv6 bool
	// Curve, if set, has the socket speak CURVE on all its connections, but for those over inproc, which
	// stay within the process.
	Curve *Curve
	// Plain does without the batch shim: every frame goes through a call of pebbe/zmq4. Tests and
	// benchmarks compare both ways.
	Plain bool

	// timed does without the netpoller, as on a system where it does not know libzmq's descriptors.
	timed bool
}

// apply sets the options of a fresh socket.
func (o Options) apply(zs *zmq4.Socket, kind zmq4.Type) error {
	type setting struct {
		name string
		on   bool
		set  func() error
	}
	router := kind == zmq4.ROUTER
	keepAlive := o.KeepAliveIdle > 0 || o.KeepAliveInterval > 0 || o.KeepAliveCount > 0
	for _, s := range []setting{
		{"identity", len(o.Identity) > 0, func() error { return zs.SetIdentity(string(o.Identity)) }},
		{"send high-water mark", true, func() error { return zs.SetSndhwm(o.SendHWM) }},
		{"receive high-water mark", true, func() error { return zs.SetRcvhwm(o.RecvHWM) }},
		{"linger", true, func() error { return zs.SetLinger(linger(o.Linger)) }},
		{"largest message", o.MaxMessageSize > 0, func() error { return zs.SetMaxmsgsize(o.MaxMessageSize) }},
		{"handover", router && o.Handover, func() error { return zs.SetRouterHandover(true) }},
		{"mandatory", router && o.Mandatory, func() error { return zs.SetRouterMandatory(1) }},
		{"reconnect interval", o.ReconnectInterval > 0, func() error { return zs.SetReconnectIvl(milliseconds(o.ReconnectInterval)) }},
		{"largest reconnect interval", o.ReconnectMax > 0, func() error { return zs.SetReconnectIvlMax(milliseconds(o.ReconnectMax)) }},
		{"keep-alive", keepAlive, func() error { return zs.SetTcpKeepalive(1) }},
		{"keep-alive idle", o.KeepAliveIdle > 0, func() error { return zs.SetTcpKeepaliveIdle(seconds(o.KeepAliveIdle)) }},
		{"keep-alive interval", o.KeepAliveInterval > 0, func() error { return zs.SetTcpKeepaliveIntvl(seconds(o.KeepAliveInterval)) }},
		{"keep-alive count", o.KeepAliveCount > 0, func() error { return zs.SetTcpKeepaliveCnt(o.KeepAliveCount) }},
		{"heartbeat interval", o.HeartbeatInterval > 0, func() error { return zs.SetHeartbeatIvl(milliseconds(o.HeartbeatInterval)) }},
		{"heartbeat timeout", o.HeartbeatTimeout > 0, func() error { return zs.SetHeartbeatTimeout(milliseconds(o.HeartbeatTimeout)) }},
		{"backlog", o.Backlog > 0, func() error { return zs.SetBacklog(o.Backlog) }},
		{"IPv6", o.IPv6, func() error { return zs.SetIpv6(true) }},
	} {
		if !s.on {
			continue
		}
		if err := s.set(); err != nil {
			return &OptionError{Option: s.name, Err: mapped(err)}
		}
	}
	if o.Curve != nil {
		return o.Curve.apply(zs, router)
	}
	return nil
}

// limit is MaxMessageSize as a bound that is always there.
func (o Options) limit() int64 {
	if o.MaxMessageSize <= 0 {
		return math.MaxInt64
	}
	return o.MaxMessageSize
}

// milliseconds rounds up, so that a short time does not become none; below 0 it is pebbe's "for ever".
func milliseconds(d time.Duration) time.Duration {
	if d < 0 {
		return -1
	}
	return (d + time.Millisecond - 1).Truncate(time.Millisecond)
}

// shortestLinger keeps the process alive. When the linger ends within a message of several frames, and the
// connection breaks before libzmq's threads have told each other, libzmq (up to 4.3.5, issue 3442) aborts:
// "Resource temporarily unavailable (src/session_base.cpp:260)". With no linger that happened in one of some
// hundred cases where both ends closed at the same time under load, as the nodes of a group do that is left;
// and with 1 ms more often. What breaks while libzmq still lingers does no harm.
const shortestLinger = 100 * time.Millisecond

// linger is a linger as pebbe takes it.
func linger(d time.Duration) time.Duration {
	if d >= 0 {
		d = max(d, shortestLinger)
	}
	return milliseconds(d)
}

func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }
