package zmtp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// The names of properties (ZeroMQ RFC 37, section "Connection Metadata").
const (
	propertySocketType = "Socket-Type"
	propertyIdentity   = "Identity"
)

// appendProperty appends one property.
func appendProperty(b []byte, name string, value []byte) []byte {
	b = append(b, byte(len(name)))
	b = append(b, name...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(value)))
	return append(b, value...)
}

// properties are ours. A ROUTER of libzmq with an identity names it, too.
func (h *handshake) properties() []byte {
	socketType := "ROUTER"
	if h.dialed {
		socketType = "DEALER"
	}
	b := make([]byte, 0, 2*(1+4)+len(propertySocketType)+len(socketType)+
		len(propertyIdentity)+len(h.cfg.Identity))
	b = appendProperty(b, propertySocketType, []byte(socketType))
	if !h.dialed && len(h.cfg.Identity) == 0 {
		return b
	}
	return appendProperty(b, propertyIdentity, h.cfg.Identity)
}

// metadata reads those of the other end, and checks whether they fit.
func (h *handshake) metadata(p *peer, b []byte) error {
	var socketType []byte
	for len(b) > 0 {
		n := int(b[0])
		if len(b) < 1+n+4 {
			return errors.New("a property of the peer is cut off")
		}
		name := string(b[1 : 1+n])
		b = b[1+n:]
		size := binary.BigEndian.Uint32(b)
		b = b[4:]
		if uint64(size) > uint64(len(b)) {
			return errors.New("a property of the peer is cut off")
		}
		value := b[:size]
		b = b[size:]
		switch {
		case strings.EqualFold(name, propertySocketType):
			socketType = value
		case strings.EqualFold(name, propertyIdentity):
			p.identity = bytes.Clone(value)
		}
	}
	if len(p.identity) > maxIdentity {
		return fmt.Errorf("the identity of the peer has %d octets", len(p.identity))
	}
	allowed := []string{"DEALER", "REQ", "ROUTER"}
	if h.dialed {
		allowed = []string{"ROUTER"}
	}
	if !slices.Contains(allowed, string(socketType)) {
		return fmt.Errorf("the socket type of the peer is %.40q, which is none of %s",
			socketType, strings.Join(allowed, ", "))
	}
	return nil
}
