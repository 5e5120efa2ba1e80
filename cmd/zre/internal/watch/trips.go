package watch

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"
)

// How round trips are measured.
const (
	tripPeriod = 2 * time.Second // each peer gets a PING so often
	tripTime   = 5 * time.Second // an answer that takes longer is none
	tripsMax   = 64              // PINGs in flight
)

// measure sends PINGs until ctx ends. A peer that does not answer does not delay the others.
func (w *watcher) measure(ctx context.Context) {
	var all sync.WaitGroup
	defer all.Wait()
	slots := make(chan struct{}, tripsMax)
	busy := map[uuid.UUID]bool{} // guarded by w.mu
	for turn := 0; ; turn++ {
		peers := w.node.Peers()
		// PINGs at the same time would measure how long they wait for each other.
		apart := tripPeriod / time.Duration(max(1, len(peers)))
		for i := range peers {
			p := Peer{Peer: peers[(i+turn)%len(peers)]}
			if i > 0 && !pause(ctx, apart, nil) {
				return
			}
			if !w.Visitors && p.Visitor() || !w.begin(busy, &p) {
				continue
			}
			select {
			case slots <- struct{}{}:
			case <-ctx.Done():
				return
			}
			all.Go(func() {
				defer func() { <-slots }()
				w.ping(ctx, busy, p.ID)
			})
		}
		if !pause(ctx, apart, nil) {
			return
		}
	}
}

// begin reports whether a peer is to get a PING now. One that is silent, or has one
// in flight, is not.
func (w *watcher) begin(busy map[uuid.UUID]bool, p *Peer) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if p.Evasive {
		delete(w.trips, p.ID)
	}
	if p.Evasive || busy[p.ID] {
		return false
	}
	busy[p.ID] = true
	w.meters.of(p.ID).sent++
	return true
}

// ping measures the round trip to a peer.
func (w *watcher) ping(ctx context.Context, busy map[uuid.UUID]bool, id uuid.UUID) {
	ctx, cancel := context.WithTimeout(ctx, tripTime)
	defer cancel()
	trip, err := w.node.Ping(ctx, id)
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(busy, id)
	if err != nil {
		delete(w.trips, id)
		return
	}
	w.meters.of(id).answered++
	w.trips[id] = trip
}
