package oneshot

import (
	"context"

	"github.com/gozre/zre/zre"
)

// pump takes events one at a time, for a goroutine that waits for other things too. The next
// event is taken when the one before it was handled; then that one is acknowledged.
type pump struct {
	events  chan zre.Event // closed when no more come
	handled chan struct{}
}

// pump starts a pump. stop waits for the end of its goroutine.
func (s *session) pump(ctx context.Context) (p *pump, stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	p = &pump{events: make(chan zre.Event), handled: make(chan struct{}, 1)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(p.events)
		for {
			ev, err := s.Next(ctx)
			if err != nil {
				return
			}
			select {
			case p.events <- ev:
			case <-ctx.Done():
				return
			}
			select {
			case <-p.handled:
				s.Ack()
				s.Recycle(ev.Content...)
			case <-ctx.Done():
				return
			}
		}
	}()
	return p, func() {
		cancel()
		<-done
	}
}

// done says that the event is handled; its content is not used any more.
func (p *pump) done() { p.handled <- struct{}{} }
