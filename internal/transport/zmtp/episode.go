package zmtp

import (
	"sync"
	"sync/atomic"
	"time"
)

// episode tells once that something does not work, and once that it works again. Descriptors
// that are short come and go, so it is over when nothing has failed for a second after the
// first success.
type episode struct {
	lasts atomic.Bool // told that it does not work

	mu   sync.Mutex
	over *time.Timer // runs since the first success; nil if there was none
}

const calmAfter = time.Second

// failed records a failure. It calls tell for the first one of an episode.
func (p *episode) failed(tell func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over != nil {
		p.over.Stop()
		p.over = nil
	}
	if !p.lasts.Swap(true) {
		tell()
	}
}

// worked records a success. It makes tell be called when the episode is over.
func (p *episode) worked(tell func()) {
	if !p.lasts.Load() {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over != nil || !p.lasts.Load() {
		return
	}
	var timer *time.Timer
	timer = time.AfterFunc(calmAfter, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.over == timer {
			p.over = nil
			p.lasts.Store(false)
			tell()
		}
	})
	p.over = timer
}

// stop ends the episode; nothing is told any more.
func (p *episode) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over != nil {
		p.over.Stop()
		p.over = nil
	}
}
