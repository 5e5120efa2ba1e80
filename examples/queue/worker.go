package main

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/google/uuid"

	"github.com/gozre/zre/zre"
)

const group = "queue"

// The first frame of a message is what it is; the second one is the number of the job.
const (
	submit = "JOB"  // SHOUT: and its text
	assign = "DO"   // WHISPER of the leader: and its text
	done   = "DONE" // SHOUT: and the result
)

// job is one that is not done yet.
type job struct {
	text   []byte
	worker uuid.UUID // who does it, uuid.Nil if nobody
}

// worker is one member of the queue. All its methods run in one goroutine.
type worker struct {
	node  *zre.Node
	jobs  map[string]*job
	given map[uuid.UUID]int // how many jobs each worker was given by this one
	work  func([]byte) []byte
}

// work takes part in the queue until ctx ends.
func work(ctx context.Context, cfg zre.Config, do func([]byte) []byte) error {
	cfg.Groups, cfg.Contest = []string{group}, []string{group}
	node, err := zre.Start(ctx, cfg)
	if err != nil {
		return err
	}
	w := &worker{node: node, jobs: make(map[string]*job), given: make(map[uuid.UUID]int), work: do}
	for ev := range node.Events() {
		w.handle(ctx, ev)
	}
	return node.Close()
}

func (w *worker) handle(ctx context.Context, ev zre.Event) {
	switch ev.Type {
	case zre.EventExit:
		for _, j := range w.jobs {
			if j.worker == ev.Peer {
				j.worker = uuid.Nil
			}
		}
	case zre.EventShout, zre.EventWhisper:
		if len(ev.Content) == 3 {
			w.message(ctx, string(ev.Content[0]), string(ev.Content[1]), ev.Content[2])
		}
	}
	if leader, ok := w.node.Leader(group); ok && leader == w.node.ID() {
		w.assignAll(ctx)
	}
}

func (w *worker) message(ctx context.Context, kind, id string, text []byte) {
	switch kind {
	case submit:
		w.jobs[id] = &job{text: bytes.Clone(text)}
	case assign:
		w.do(ctx, id, text)
	case done:
		delete(w.jobs, id)
	}
}

// do does a job. An error means that somebody is gone, which an EXIT says as well.
func (w *worker) do(ctx context.Context, id string, text []byte) {
	delete(w.jobs, id)
	_ = w.node.Shout(ctx, group, []byte(done), []byte(id), w.work(text))
}

// assignAll gives each job that nobody does to the worker with the fewest. A leader that is
// alone does it itself.
func (w *worker) assignAll(ctx context.Context) {
	load := make(map[uuid.UUID]int)
	for _, p := range w.node.PeersByGroup(group) {
		if p.Headers["role"] != "client" {
			load[p.ID] = 0
		}
	}
	for _, j := range w.jobs {
		if _, there := load[j.worker]; there {
			load[j.worker]++
		} else {
			j.worker = uuid.Nil
		}
	}
	for _, id := range slices.Sorted(maps.Keys(w.jobs)) {
		j := w.jobs[id]
		if j.worker != uuid.Nil {
			continue
		}
		if len(load) == 0 {
			w.do(ctx, id, j.text)
			continue
		}
		best := slices.MinFunc(slices.Collect(maps.Keys(load)), func(a, b uuid.UUID) int {
			return cmp.Or(load[a]-load[b], w.given[a]-w.given[b])
		})
		if w.node.Whisper(ctx, best, []byte(assign), []byte(id), j.text) == nil {
			j.worker = best
			load[best]++
			w.given[best]++
		}
	}
}
