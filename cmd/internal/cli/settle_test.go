package cli

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

// settler settles with an error, or, without one, when its context ends.
type settler struct {
	err   error
	calls int
}

func (s *settler) Settle(ctx context.Context) error {
	if s.calls++; s.err != nil {
		return s.err
	}
	<-ctx.Done()
	return context.Cause(ctx)
}

func TestSettle(t *testing.T) {
	f := NewNodeFlags()
	if err := f.Settle(t.Context(), &settler{err: errors.New("settle: not reached: a\x1b[2J")}); err == nil || strings.ContainsRune(err.Error(), 0x1b) || !strings.HasPrefix(err.Error(), "not reached: a") {
		t.Errorf("%v", err)
	}
	f.settle = Bound(50 * time.Millisecond)
	if err := f.Settle(t.Context(), &settler{}); err == nil || err.Error() != "after 0.05 s (--settle)" {
		t.Errorf("the bound has ended: %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := f.Settle(ended, &settler{}); err != nil {
		t.Errorf("the program is ending: %v", err)
	}
	f.settle = 0
	s := &settler{err: errors.New("x")}
	if err := f.Settle(t.Context(), s); err != nil || s.calls > 0 {
		t.Errorf("with 0: %v, %d calls", err, s.calls)
	}
}
