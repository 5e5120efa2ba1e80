package engine

import (
	"time"

	"github.com/gozre/zre/zre/internal/core"
)

// watch wakes those who wait for peers and groups to change. It is guarded by Engine.mu.
type watch struct {
	count   uint64        // core.News of when the channel was given out
	changed chan struct{} // closed at the next change; nil while nobody waits
}

// tell wakes the waiting if there is news.
func (w *watch) tell(c *core.Core) {
	if w.changed == nil {
		return
	}
	if count, _ := c.News(); count != w.count {
		w.wake()
	}
}

func (w *watch) wake() {
	if w.changed != nil {
		close(w.changed)
		w.changed = nil
	}
}

// View is what the engine knows at a moment of nodes that may be about to be there.
type View struct {
	Now     time.Duration  // the core's clock
	News    time.Duration  // when a peer was last announced, became ready, left or changed its groups
	Awaited []core.Awaited // see core.Core.Awaited
}

// Watch returns what is known now, and a channel that is closed when it changes, when
// the members of a group do, or when the node is being closed.
func (e *Engine) Watch() (v View, changed <-chan struct{}) {
	e.mu.Lock()
	defer e.mu.Unlock()
	v.Now, v.Awaited = e.now(), e.core.Awaited()
	count, last := e.core.News()
	v.News = last
	if e.watch.changed == nil {
		e.watch = watch{count, make(chan struct{})}
	}
	return v, e.watch.changed
}

// Probe is core.Core.Probe.
func (e *Engine) Probe(on bool) {
	e.do(func(c *core.Core, now time.Duration) { c.Probe(now, on) })
}

// Time returns the core's time of a moment.
func (e *Engine) Time(at time.Time) time.Duration { return at.Sub(e.start) }
