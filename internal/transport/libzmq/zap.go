//go:build libzmq

package libzmq

import (
	"errors"
	"net/netip"

	zmq4 "github.com/pebbe/zmq4"

	"github.com/gozre/zre/internal/curve"
)

const (
	zapEndpoint = "inproc://zeromq.zap.01" // where libzmq asks (ZeroMQ RFC 27)
	zapDomain   = "global"
)

// The frames of a request, of which a CURVE one has no more.
const (
	zapVersion = iota
	zapRequest
	_ // domain
	zapAddress
	_ // identity
	zapMechanism
	zapKey
	zapFrames
)

// openZAP begins to answer who may connect.
func (t *Transport) openZAP() error {
	if t.router.zap != nil {
		return nil
	}
	s, err := t.socket(zmq4.REP)
	if err != nil {
		return err
	}
	if err := s.Bind(zapEndpoint); err != nil {
		return errors.Join(err, s.Close())
	}
	t.router.zap = s
	t.watch(s, pollIn, func(zmq4.State) { t.answerZAP() })
	return nil
}

// answerZAP answers a request.
func (t *Transport) answerZAP() {
	request, err := t.router.zap.RecvMessage(zmq4.DONTWAIT)
	if err != nil {
		return // There is none.
	}
	status, text := "200", "OK"
	key, err := t.allow(request)
	if err != nil {
		t.cfg.Logger.Debug("connection refused", "err", err)
		status, text, key = "400", "key not trusted", ""
	}
	id := request[min(zapRequest, len(request)-1)]
	if _, err = t.router.zap.SendMessageDontwait("1.0", id, status, text, key, ""); err != nil {
		t.cfg.Logger.Error("answer a ZAP request", "err", err)
	}
}

// allow decides about a request, and returns the text of the key that was proven.
func (t *Transport) allow(request []string) (string, error) {
	if len(request) != zapFrames || request[zapVersion] != "1.0" ||
		request[zapMechanism] != "CURVE" || len(request[zapKey]) != curve.Size {
		return "", errors.New("not a ZAP request about CURVE")
	}
	key := curve.Key([]byte(request[zapKey]))
	addr, err := netip.ParseAddr(request[zapAddress])
	if err != nil {
		return "", err
	}
	if t.cfg.Security.Allow == nil {
		return "", errors.New("no key is trusted")
	}
	return key.String(), t.cfg.Security.Allow(key, netip.AddrPortFrom(addr.Unmap(), 0))
}
