package zmtp

import (
	"fmt"
	"net/netip"
	"sync"

	"github.com/gozre/zre/internal/transport"
)

// admission bounds accepted connections whose handshake is not finished.
type admission struct {
	most, mostPerHost int

	mu      sync.Mutex
	all     int
	perHost map[netip.Addr]int
}

// enter counts one more from the host, or says why it is one too many.
func (a *admission) enter(host netip.Addr) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.all >= a.most {
		return fmt.Errorf("%w: %d unfinished handshakes are the limit",
			transport.ErrHandshake, a.most)
	}
	if a.perHost[host] >= a.mostPerHost {
		return fmt.Errorf("%w: %d unfinished handshakes from one host are the limit",
			transport.ErrHandshake, a.mostPerHost)
	}
	if a.perHost == nil {
		a.perHost = make(map[netip.Addr]int)
	}
	a.all++
	a.perHost[host]++
	return nil
}

// leave ends what enter has begun.
func (a *admission) leave(host netip.Addr) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.all--
	if a.perHost[host]--; a.perHost[host] == 0 {
		delete(a.perHost, host)
	}
}

// unfinished returns how many handshakes are not finished.
func (a *admission) unfinished() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.all
}
