package zmtp

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"slices"
	"sync"

	"github.com/gozre/zre/internal/transport"
)

// refusals logs why accepted connections are refused: once for each host and cause.
type refusals struct {
	log *slog.Logger

	mu   sync.Mutex
	told map[netip.Addr][]string // causes
}

const (
	// refusedHosts is how many hosts are remembered. Beyond it all are forgotten, and
	// their refusals are told again.
	refusedHosts = 1024
	// causesPerHost is how many causes are told. A host can make up any number of
	// them, as some contain what it has sent.
	causesPerHost = 8
)

// report logs the refusal. What a person can act on is a warning; that somebody came
// and went, as port scanners do, is not.
func (r *refusals) report(from netip.AddrPort, err error) {
	if !r.isNew(from.Addr(), err.Error()) {
		return
	}
	level := slog.LevelWarn
	for _, harmless := range []error{
		transport.ErrEnded, transport.ErrReset, transport.ErrTimeout, transport.ErrClosed,
	} {
		if errors.Is(err, harmless) {
			level = slog.LevelDebug
		}
	}
	r.log.Log(context.Background(), level, "refused a connection", "from", transport.From(from), "cause", err)
}

// isNew remembers a cause, and reports whether it is to be told.
func (r *refusals) isNew(host netip.Addr, cause string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	causes := r.told[host]
	if len(causes) >= causesPerHost || slices.Contains(causes, cause) {
		return false
	}
	if r.told == nil || len(r.told) >= refusedHosts {
		r.told = make(map[netip.Addr][]string)
	}
	r.told[host] = append(causes, cause)
	return true
}
