package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/gozre/zre/zre"
)

const group = "cache"

// entry is one value. Version, and then Writer, decide which of two is the newer one.
type entry struct {
	Key, Value string
	Version    uint64
	Writer     string
}

func (e entry) newer(than entry) bool {
	return cmp.Or(cmp.Compare(e.Version, than.Version), strings.Compare(e.Writer, than.Writer)) > 0
}

// table is the table of one member. Its methods are safe for concurrent use.
type table struct {
	node    *zre.Node
	changed func(entry) // is called for each change

	mu      sync.Mutex
	entries map[string]entry
}

func newTable(ctx context.Context, cfg zre.Config, changed func(entry)) (*table, error) {
	cfg.Groups = []string{group}
	node, err := zre.Start(ctx, cfg)
	if err != nil {
		return nil, err
	}
	return &table{node: node, changed: changed, entries: make(map[string]entry)}, nil
}

// run handles events until the node is closed.
func (t *table) run(ctx context.Context) {
	for ev := range t.node.Events() {
		switch {
		case ev.Type == zre.EventJoin && ev.Group == group && t.isFirst(ev):
			// An error means that the newcomer is gone again.
			_ = t.send(t.all(), func(frames ...[]byte) error { return t.node.Whisper(ctx, ev.Peer, frames...) })
		case ev.Type == zre.EventShout && ev.Group == group, ev.Type == zre.EventWhisper:
			for _, frame := range ev.Content {
				var e entry
				if json.Unmarshal(frame, &e) == nil {
					t.put(e)
				}
			}
		}
	}
}

// isFirst reports whether this member has the lowest UUID of all but the newcomer.
func (t *table) isFirst(newcomer zre.Event) bool {
	for _, p := range t.node.PeersByGroup(group) {
		if p.ID != newcomer.Peer && strings.Compare(p.ID.String(), t.node.ID().String()) < 0 {
			return false
		}
	}
	return true
}

func (t *table) all() []entry {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Collect(maps.Values(t.entries))
}

// send sends entries as the frames of one message.
func (t *table) send(entries []entry, to func(frames ...[]byte) error) error {
	if len(entries) == 0 {
		return nil
	}
	var frames [][]byte
	for _, e := range entries {
		frame, err := json.Marshal(e)
		if err != nil {
			return fmt.Errorf("entry %q: %w", e.Key, err)
		}
		frames = append(frames, frame)
	}
	return to(frames...)
}

// put takes an entry over if it is newer.
func (t *table) put(e entry) {
	t.mu.Lock()
	old, there := t.entries[e.Key]
	if newer := !there || e.newer(old); !newer {
		t.mu.Unlock()
		return
	}
	t.entries[e.Key] = e
	t.mu.Unlock()
	t.changed(e)
}

// set changes a value here and at all others.
func (t *table) set(ctx context.Context, key, value string) error {
	t.mu.Lock()
	e := entry{Key: key, Value: value, Version: t.entries[key].Version + 1, Writer: t.node.ID().String()}
	t.mu.Unlock()
	t.put(e)
	return t.send([]entry{e}, func(frames ...[]byte) error { return t.node.Shout(ctx, group, frames...) })
}

// get returns a value.
func (t *table) get(key string) (string, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	e, there := t.entries[key]
	return e.Value, there
}
