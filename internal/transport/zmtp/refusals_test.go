package zmtp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"testing"

	"github.com/gozre/zre/internal/transport"
)

// A host cannot fill the log, however many causes it makes up, nor the memory of many hosts.
func TestRefusalsAreBounded(t *testing.T) {
	log := &logBuffer{}
	r := &refusals{log: slog.New(slog.NewTextHandler(log, nil))}
	host := netip.MustParseAddrPort("192.0.2.1:1")
	for i := range 100 {
		r.report(host, fmt.Errorf("cause %d", i))
		r.report(host, fmt.Errorf("cause %d", i))
	}
	if n := strings.Count(log.String(), "cause="); n != causesPerHost {
		t.Errorf("%d causes of one host were logged, want %d", n, causesPerHost)
	}
	for i := range 3 * refusedHosts {
		addr := netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, uint32(i))))
		r.report(netip.AddrPortFrom(addr, 1), errors.New("cause"))
		if len(r.told) > refusedHosts {
			t.Fatalf("%d hosts are remembered", len(r.told))
		}
	}
	before := len(log.String())
	r.report(netip.MustParseAddrPort("192.0.2.2:1"), transport.ErrReset)
	if len(log.String()) != before {
		t.Error("somebody who went was a warning")
	}
}
