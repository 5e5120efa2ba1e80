package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gozre/zre/cmd/internal/visible"
)

// defaultSettle is how long a program waits at most until it knows who is there. A node
// that cannot be reached is given up after five seconds, one with a bad way after ten.
const defaultSettle = Bound(10 * time.Second)

// Settler is a node that knows when it knows who is there.
type Settler interface {
	Settle(ctx context.Context) error
}

// Settle waits, as long as --settle says, until everybody who is there is reached. The
// error is for the user: it names who was not reached. If ctx ends it returns nil.
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
	return errors.New(visible.String(strings.TrimPrefix(err.Error(), "settle: ")))
}
