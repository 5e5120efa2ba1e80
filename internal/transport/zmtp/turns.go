package zmtp

import (
	"context"
	"net/netip"
	"sync"
	"time"
)

// A node among hundreds that start at the same time dials all of them. If all did so at once, a
// network or host that does not keep up would get ever more attempts, and no connection would be
// made. So an attempt to connect to a host has to wait for its turn: a few at a time, and as soon
// as one was answered the next one. One that is not answered makes room after turnTime, which
// doubles each time up to mostTurnTime, and is halved by an answer. Hosts do not wait for each
// other.
const (
	mostTurns    = 16 // for one host
	turnTime     = time.Second
	mostTurnTime = 8 * time.Second
	crowded      = mostTurns / 2 // then no second SYN is sent
)

// turns are the attempts that have their turn or wait for it.
type turns struct {
	mu    sync.Mutex
	hosts map[netip.Addr]*hostTurns
}

// hostTurns are those of one host. They are forgotten with the last of them.
type hostTurns struct {
	slots chan struct{}
	users int           // attempts, guarded by turns.mu as what follows is
	time  time.Duration // after which one that was not answered makes room
}

// wait waits for a turn, until ctx ends. The attempt ends with the call of done, which says
// whether the host has answered.
func (t *turns) wait(ctx context.Context, host netip.Addr) (done func(answered bool), err error) {
	h := t.enter(host)
	select {
	case h.slots <- struct{}{}:
	case <-ctx.Done():
		t.leave(host, h)
		return nil, ctx.Err()
	}
	end := sync.OnceFunc(func() { <-h.slots })
	timer := time.AfterFunc(t.timeOf(h), func() {
		t.adapt(h, false)
		end()
	})
	return func(answered bool) {
		// Without an answer the turn goes on: given up early, it must not make room for more.
		if answered && timer.Stop() {
			t.adapt(h, true)
			end()
		}
		t.leave(host, h)
	}, nil
}

func (t *turns) enter(host netip.Addr) *hostTurns {
	t.mu.Lock()
	defer t.mu.Unlock()
	h := t.hosts[host]
	if h == nil {
		if t.hosts == nil {
			t.hosts = make(map[netip.Addr]*hostTurns)
		}
		h = &hostTurns{slots: make(chan struct{}, mostTurns), time: turnTime}
		t.hosts[host] = h
	}
	h.users++
	return h
}

func (t *turns) leave(host netip.Addr, h *hostTurns) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if h.users--; h.users == 0 {
		delete(t.hosts, host)
	}
}

func (t *turns) timeOf(h *hostTurns) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return h.time
}

func (t *turns) adapt(h *hostTurns, answered bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if answered {
		h.time = max(h.time/2, turnTime)
	} else {
		h.time = min(2*h.time, mostTurnTime)
	}
}

// crowded reports whether many attempts to connect to a host have not been answered.
func (t *turns) crowded(host netip.Addr) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	h := t.hosts[host]
	return h != nil && h.users >= crowded
}
