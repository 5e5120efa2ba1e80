package oneshot

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/cmd/internal/visible"
	"github.com/gozre/zre/cmd/zre/internal/transfer"
)

// accept asks for everything that is missing.
func (g *getter) accept(ctx context.Context) {
	c := g.now
	if c.in != nil {
		_ = c.in.Close() // What was written is looked for again.
	}
	var err error
	if c.in, err = g.dest.Prepare(ctx, c.offer); err != nil {
		if ctx.Err() == nil {
			g.fail(ctx, err)
		}
		return
	}
	c.run++
	if c.run == 1 {
		c.started, c.before = time.Now(), c.in.Have()
	}
	c.state, c.until, c.again = getGetting, time.Now().Add(silentTime), time.Time{}
	g.say(ctx, c.peer, transfer.Accept{ID: c.offer.ID, Run: c.run, Claims: c.in.Claims()})
	if c.in.Complete() {
		g.complete(ctx)
	}
}

// data takes a piece of a file.
func (g *getter) data(ctx context.Context, peer uuid.UUID, d transfer.Data) {
	c := g.now
	if c == nil || c.peer != peer || c.offer.ID != d.ID || c.run != d.Run || c.state != getGetting {
		return // of a run before
	}
	c.until = time.Now().Add(silentTime)
	if err := c.in.Data(d); err != nil {
		g.fail(ctx, err)
	} else if c.in.Complete() {
		g.complete(ctx)
	}
}

// complete says that everything is there.
func (g *getter) complete(ctx context.Context) {
	c := g.now
	g.came++
	g.finish(ctx, transfer.Result{ID: c.offer.ID})
	took, total := time.Since(c.started), c.offer.Total()
	how := fmt.Sprintf("in %.1f s (%s)", took.Seconds(), rate(total-c.before, took))
	if total > 0 && c.before == total {
		how = "which was all there already"
	}
	g.show.note("received from %s: %s, %s %s", c.name, files(c.offer.Files()), octets(total), how)
	g.tell("done", "")
	if !g.s.json {
		for _, path := range g.paths() {
			if cli.IsTerminal(g.s.env.Stdout) {
				path = visible.String(path)
			}
			g.s.out.line(path)
		}
	}
	g.now = nil
}

// paths are the names of what was received.
func (g *getter) paths() (list []string) {
	for _, e := range g.now.offer.Roots() {
		list = append(list, filepath.Join(g.flags.dir, filepath.FromSlash(e.Name)))
	}
	return list
}

// fail ends the transfer with an error of this host.
func (g *getter) fail(ctx context.Context, err error) {
	c := g.now
	reason := err.Error()
	if exists, ok := errors.AsType[*transfer.ExistsError](err); ok {
		reason = exists.Error() + " (--force replaces it)"
	}
	g.failed++
	g.show.warn("not received from %s (%s): %s", c.name, c.peer, reason)
	g.tell("failed", reason)
	g.finish(ctx, transfer.Result{ID: c.offer.ID, Reason: "error there: " + reason})
	g.drop()
}

// drop forgets the transfer that is at its turn. What was received of it stays.
func (g *getter) drop() {
	g.close()
	g.now = nil
}

// mostFinished bounds how many results are kept for peers that ask again.
const mostFinished = 64

// finish sends the result, and keeps it.
func (g *getter) finish(ctx context.Context, r transfer.Result) {
	if len(g.finished) >= mostFinished {
		clear(g.finished)
	}
	g.finished[r.ID] = r
	g.say(ctx, g.now.peer, r)
}
