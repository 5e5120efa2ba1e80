package watch

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/pflag"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/zre"
)

// Flags are the flags of the commands that watch.
type Flags struct {
	JSON       bool
	visitors   bool
	everyGroup bool
	timeout    cli.Bound
}

// Register adds the flags. json says what --json does.
func (f *Flags) Register(fs *pflag.FlagSet, json string) {
	fs.BoolVarP(&f.everyGroup, "all-groups", "A", false,
		"join every group that there is, also those that others join later")
	fs.BoolVar(&f.visitors, "all", false, "show the nodes of other commands too")
	fs.BoolVar(&f.JSON, "json", false, json)
	fs.VarP(&f.timeout, "timeout", "t", "end after this time; 0: no limit")
}

// CheckGroups checks arguments that name groups.
func CheckGroups(groups []string) error {
	for _, g := range groups {
		if g == "" || len(g) > 255 {
			return cli.Usagef("a group's name has 1 to 255 octets, this one has %d", len(g))
		}
	}
	return nil
}

// closeTime bounds the goodbye: the node has sent nothing that must be acknowledged.
const closeTime = time.Second

// Run starts a node that is in these groups, does the work and closes the node. The context
// of the work ends at a signal and after --timeout; both are no errors.
func (f *Flags) Run(
	ctx context.Context, env *cli.Env, flags *cli.NodeFlags, groups []string,
	work func(ctx context.Context, node *zre.Node, opts Options) error,
) error {
	if f.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(f.timeout))
		defer cancel()
	}
	opts := Options{Visitors: f.visitors, EveryGroup: f.everyGroup}
	// The node outlives ctx: saying goodbye takes a moment.
	node, err := flags.StartNodeWith(context.WithoutCancel(ctx), env, func(cfg *zre.Config) {
		cfg.Groups, cfg.Timing.CloseTimeout = groups, closeTime
		opts.Window = cfg.Limits.SendWindow
		if len(groups) == 0 && !f.everyGroup {
			if cfg.Headers == nil {
				cfg.Headers = map[string]string{}
			}
			cfg.Headers[cli.OneShotHeader] = "1"
		}
	})
	if err != nil {
		return err
	}
	err = work(ctx, node, opts)
	// Nothing but PINGs was sent; who has not acknowledged them has missed nothing.
	closeErr := node.Close()
	if _, missed := errors.AsType[*zre.DeliveryError](closeErr); err == nil && !missed {
		err = closeErr
	}
	return err
}
