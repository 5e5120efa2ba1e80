package zgossip

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"sync"
	"time"

	"github.com/gozre/zre/internal/transport"
)

// Constants of connections to servers.
const (
	resolveTimeout = 5 * time.Second
	resolveAgain   = 10 * time.Second // while a server cannot be reached
	selfAgain      = time.Minute      // a server that was this one may be another one later
	dialerDrain    = 250 * time.Millisecond

	pauseFirst  = 50 * time.Millisecond // between two connections
	pauseMost   = 10 * time.Second      // after connections that were up
	stableAfter = 5 * time.Second       // a session of this length resets the pause
)

// session is what a dialer drives, under the dialer's lock.
type session interface {
	connected(now time.Time, c *transport.Conn)
	disconnected(now time.Time)
	receive(now time.Time, frame []byte, rest ...[]byte)
	tick(now time.Time)
	settle(now time.Time) // after any of the above
	ready() bool          // tuples are exchanged
	refused() uint64      // messages that were none
}

// dialer holds one connection to one server until its context ends. It makes a new one when
// the old one has ended, when the session asks for that, and when the server has another
// address. The pause between two connections grows until one of them is good for a while.
type dialer struct {
	remote
	network *network
	tick    time.Duration
	log     *slog.Logger
	again   chan request // a new connection is wanted

	lock    sync.Locker // guards what follows
	session session
	server  netip.AddrPort // what the address was resolved to
	current *attempt       // nil between two connections
	ways    int            // addresses with each of the server's keys, if it has several; else 1
	wrong   int            // connections of this episode to which the key was not the server's
	good    bool           // the session is ready
	readyAt time.Time      // since when
	lived   time.Duration  // how long the last session was ready
	episode episode
}

// request is for a new connection, after a pause.
type request struct {
	identity bool // with the identity of the node
	after    time.Duration
}

func newDialer(n *network, to remote, lock sync.Locker, log *slog.Logger) *dialer {
	return &dialer{
		network: n, remote: to, lock: lock, log: log, again: make(chan request, 1),
		episode: episode{log: log, server: to.address},
	}
}

// reopen asks for a new connection, with the lock held. The latest request counts.
func (d *dialer) reopen(r request) {
	select {
	case <-d.again:
	default:
	}
	d.again <- r // All senders hold the lock, so there is room.
}

// run connects until the context ends. The last connection is left to the network, which
// drains it, unless the cause is errRemoved.
func (d *dialer) run(ctx context.Context) {
	ticker := time.NewTicker(d.tick)
	defer ticker.Stop()
	d.do(d.episode.begin)
	var (
		next  request
		pause time.Duration
		tried int // connections to the addresses of the server, with each of its keys
	)
	for ctx.Err() == nil {
		most := pauseMost
		if servers, err := d.resolve(ctx); err != nil {
			if ctx.Err() != nil {
				return
			}
			d.do(func(now time.Time) { d.fail(now, err) })
		} else {
			var wasUp bool
			addr, key := tried%len(servers), tried/len(servers)
			next, wasUp = d.connection(ctx, servers[addr], d.key(key), len(servers), next)
			if tried++; !wasUp {
				most = retryMost // It may be the turn of the next address or key.
			}
			if d.takeLived() >= stableAfter {
				pause, tried = 0, key*len(servers) // the key that worked
			}
		}
		pause = min(2*max(pause, pauseFirst/2), most)
		if !d.sleep(ctx, ticker, max(next.after, pause-rand.N(pause/4))) {
			return
		}
		next.after = 0
	}
}

// takeLived returns how long sessions were ready since the last call.
func (d *dialer) takeLived() time.Duration {
	d.lock.Lock()
	defer d.lock.Unlock()
	lived := d.lived
	d.lived = 0
	return lived
}

func (d *dialer) sleep(ctx context.Context, ticker *time.Ticker, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-timer.C:
			return true
		case now := <-ticker.C:
			d.do(func(time.Time) { d.episode.check(now) })
		}
	}
}

func (d *dialer) resolve(ctx context.Context) ([]netip.AddrPort, error) {
	ctx, cancel := context.WithTimeout(ctx, resolveTimeout)
	defer cancel()
	return resolve(ctx, d.network.lookup, d.address)
}

// do runs f with the lock held, and what follows from it.
func (d *dialer) do(f func(now time.Time)) {
	d.lock.Lock()
	defer d.lock.Unlock()
	now := time.Now()
	f(now)
	d.observe(now)
	d.session.settle(now)
}

// observe notices that the session has become ready, or has ended.
func (d *dialer) observe(now time.Time) {
	ready := d.session.ready()
	switch {
	case ready == d.good:
	case ready:
		d.readyAt = now
		d.episode.end(now)
	default:
		d.lived += now.Sub(d.readyAt)
		d.episode.begin(now)
	}
	if ready != d.good {
		d.wrong = 0
	}
	d.good = ready
}

// fail says why there is no connection. The lock is held.
func (d *dialer) fail(now time.Time, err error) {
	d.log.Debug("gossip server cannot be reached", "server", d.address, "error", err)
	cause := explain(err, d.secure(), d.network.secure())
	if errors.Is(cause, ErrWrongKey) {
		d.wrong++
	}
	d.episode.fail(now, cause, d.lasts(cause))
}

// lasts reports whether a cause does not go away by itself. That a key is not the server's says
// nothing as long as there are others to try. The lock is held.
func (d *dialer) lasts(cause error) bool {
	return permanent(cause) && (d.wrong >= d.ways || !errors.Is(cause, ErrWrongKey))
}

// state returns how it stands with the server, as far as the dialer knows. The lock is held.
func (d *dialer) state() ServerState {
	s := ServerState{Server: d.address, Connected: d.session.ready(), Err: d.episode.cause}
	if !s.Connected {
		s.Since, s.Lasting = d.episode.since, d.lasts(s.Err)
	}
	return s
}
