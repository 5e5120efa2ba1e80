package oneshot

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/cmd/internal/eventjson"
	"github.com/gozre/zre/cmd/internal/visible"
	"github.com/gozre/zre/zre"
)

// outcome is what became of an event for which a command was run.
type outcome struct {
	ev     zre.Event
	result result
	err    error // of what followed the command
	cut    bool  // a signal or --timeout ended it
}

// service counts what commands did.
type service struct {
	mu     sync.Mutex
	ran    int
	failed int
	cut    int // ended before they were done
}

// serve takes events until there is a reason to end, and runs what handle returns for them: at
// most r.parallel at a time. While all are busy no event is taken, so that those who send wait.
func (s *session) serve(
	ctx context.Context, r *runner, what string,
	handle func(ev zre.Event) (func(context.Context) outcome, bool),
) error {
	defaultSignals()
	ctx, cancel := s.untilGone(ctx)
	defer cancel()
	var sum service
	var running sync.WaitGroup
	receipts := newReceipts(s.Node, int(r.parallel), r.manualAck)
	slots := make(chan struct{}, max(1, int(r.parallel)))
	started := 0
	for r.count == 0 || started < int(r.count) {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			break
		}
		work, err := nextWork(ctx, receipts, handle)
		if err != nil {
			break
		}
		started++
		receipts.began()
		running.Go(func() {
			defer func() { <-slots }()
			o := work(ctx)
			s.record(&sum, o)
			receipts.ended(o.cut)
		})
	}
	running.Wait()
	receipts.acknowledge()
	return s.served(ctx, &sum, int(r.count), what)
}

// nextWork takes events until one is to be handled.
func nextWork(
	ctx context.Context, from *receipts, handle func(ev zre.Event) (func(context.Context) outcome, bool),
) (func(context.Context) outcome, error) {
	for {
		ev, err := from.next(ctx)
		if err != nil {
			return nil, err
		}
		if work, ok := handle(ev); ok {
			return work, nil
		}
	}
}

// record counts an outcome, and says what failed.
func (s *session) record(sum *service, o outcome) {
	sum.mu.Lock()
	switch {
	case o.cut:
		sum.cut++
	case o.result.status != 0 || o.err != nil:
		sum.failed++
		fallthrough
	default:
		sum.ran++
	}
	sum.mu.Unlock()
	if o.cut {
		return
	}
	if o.result.status != 0 {
		s.note("the command for the %s of %s (%s) failed: %s", o.ev.Type, o.ev.Name, o.ev.Peer, o.result.reason)
	}
	if o.err != nil {
		s.note("%s (%s): %v", o.ev.Name, o.ev.Peer, o.err)
	}
	if !s.json {
		return
	}
	ran := eventjson.Ran{
		Event: "RAN", Time: eventjson.Time(time.Now()), For: o.ev.Type.String(), Peer: o.ev.Peer,
		Name: o.ev.Name, Group: o.ev.Group, Status: o.result.status, Reason: o.result.reason,
		Took: eventjson.Milliseconds(o.result.took),
	}
	if ran.Reason == "" && o.err != nil {
		ran.Reason = visible.String(o.err.Error())
	}
	s.out.line(eventjson.Line(ran))
}

// served is the verdict.
func (s *session) served(ctx context.Context, sum *service, want int, what string) error {
	if sum.failed > 0 {
		return &cli.ExitError{
			Status: cli.ExitFailure,
			Err:    fmt.Errorf("%d of %d commands failed", sum.failed, sum.ran),
		}
	}
	if errors.Is(context.Cause(ctx), errGone) {
		return nil
	}
	came := sum.ran
	if want == 0 {
		came += sum.cut
	}
	return s.enough(ctx, came, want, what)
}
