package zmq

import (
	"errors"

	zmq4 "github.com/pebbe/zmq4"
)

// ErrNoCurve says that libzmq was built without CURVE.
var ErrNoCurve = errors.New("this libzmq was built without CURVE: it needs libsodium or tweetnacl")

// Curve is what a socket needs to speak CURVE (ZeroMQ RFC 26). Keys have the text form of package curve.
type Curve struct {
	// PublicKey and SecretKey are the socket's own.
	PublicKey, SecretKey string
	// ServerKey is the public key that the other end of a DEALER must have.
	ServerKey string
	// Allow says for a ROUTER which public keys may connect, and from which address. It is called for each handshake, from a
	// goroutine of this package, and must not call libzmq. What is received then tells the key that the
	// connection has proven: see Batch.
	Allow func(key, address string) bool
}

// apply sets the options of a fresh socket. A ROUTER also needs a domain: see zap.
func (c *Curve) apply(zs *zmq4.Socket, router bool) error {
	if !zmq4.HasCurve() {
		return ErrNoCurve
	}
	for _, s := range []struct {
		name string
		on   bool
		set  func() error
	}{
		{"CURVE server", router, func() error { return zs.SetCurveServer(1) }},
		{"CURVE public key", true, func() error { return zs.SetCurvePublickey(c.PublicKey) }},
		{"CURVE secret key", true, func() error { return zs.SetCurveSecretkey(c.SecretKey) }},
		{"CURVE server key", !router, func() error { return zs.SetCurveServerkey(c.ServerKey) }},
	} {
		if !s.on {
			continue
		}
		if err := s.set(); err != nil {
			return &OptionError{Option: s.name, Err: mapped(err)}
		}
	}
	return nil
}
