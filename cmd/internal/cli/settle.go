package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/gozre/zre/cmd/internal/visible"
)

// defaultSettle is how long a program waits at most until it knows who is there. A node
// that cannot be reached is given up after five seconds, one that reaches this one after eight.
const defaultSettle = Bound(10 * time.Second)

// Settler is a node that knows when it knows who is there.
type Settler interface {
	Settle(ctx context.Context) error
}

// Settle waits, as long as --settle says, until everybody who is there is reached. The
// error is for the user: it names who was not reached, and wraps a *zre.UnsettledError. If ctx
// ends it returns nil.
func (f *NodeFlags) Settle(ctx context.Context, node Settler) error {
	if f.settle == 0 {
		return nil
	}
	bound := time.Duration(f.settle)
	late := fmt.Errorf("after %s s (--settle)", f.settle.String())
	within, cancel := context.WithTimeoutCause(ctx, bound, late)
	defer cancel()
	err := node.Settle(within)
	if err == nil || ctx.Err() != nil {
		return nil
	}
	return &unsettled{err}
}

// unsettled is an error of Settle in words for the user.
type unsettled struct{ err error }

func (e *unsettled) Error() string {
	return visible.String(strings.TrimPrefix(e.err.Error(), "settle: "))
}

func (e *unsettled) Unwrap() error { return e.err }
