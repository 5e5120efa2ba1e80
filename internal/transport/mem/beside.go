package mem

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/gozre/zre/internal/curve"
	"github.com/gozre/zre/internal/transport"
)

// beside is two transports that look like one.
type beside struct {
	memory *Transport
	outer  transport.Transport
}

// Beside returns a transport that listens through the outer one, and by cfg.Name in the
// registry. It dials through memory if the target's name is registered at that time;
// otherwise, through the outer one. Both are made with the same configuration. Close
// closes the outer one as well.
func Beside(cfg transport.Config, reg *Registry, outer transport.Transport) transport.Transport {
	return &beside{memory: newTransport(cfg, reg), outer: outer}
}

// Listen implements transport.Transport.
func (b *beside) Listen(addr netip.AddrPort) (netip.AddrPort, error) {
	if err := b.memory.reg.reserve(b.memory.cfg.Name, b.memory); err != nil {
		return netip.AddrPort{}, err
	}
	addr, err := b.outer.Listen(addr)
	if err != nil {
		return netip.AddrPort{}, err
	}
	return addr, b.memory.open(netip.AddrPort{})
}

// Dial implements transport.Transport.
func (b *beside) Dial(to transport.Target, h transport.Handler) *transport.Conn {
	if b.memory.reg.named(to.Name) {
		return b.memory.Dial(to, h)
	}
	return b.outer.Dial(to, h)
}

// EndMoved implements transport.Mover.
func (b *beside) EndMoved(moved func(local, remote netip.Addr) bool) {
	if m, ok := b.outer.(transport.Mover); ok {
		m.EndMoved(moved)
	}
}

// SetKeys implements transport.Rekeyer, if the outer transport does.
func (b *beside) SetKeys(public, secret curve.Key) error {
	r, ok := b.outer.(transport.Rekeyer)
	if !ok {
		return fmt.Errorf("new keys: %w", errors.ErrUnsupported)
	}
	if err := r.SetKeys(public, secret); err != nil {
		return err
	}
	return b.memory.SetKeys(public, secret)
}

// Handshakes implements transport.Transport.
func (b *beside) Handshakes() int { return b.outer.Handshakes() }

// Close implements transport.Transport. Both drain at the same time.
func (b *beside) Close(drain time.Duration) error {
	outer := make(chan error)
	go func() { outer <- b.outer.Close(drain) }()
	return errors.Join(b.memory.Close(drain), <-outer)
}
