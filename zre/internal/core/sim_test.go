package core

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// Nodes that start at about the same time all see each other and their groups, each
// told once and exactly, though every second beacon is lost.
func TestSimulatedNodesReachOneView(t *testing.T) {
	for _, size := range []int{2, 3, 10, 100} {
		t.Run(fmt.Sprint(size, " nodes"), func(t *testing.T) {
			seeds(t, max(2, 40/size), func(w *world, seed uint64) {
				w.loss, w.secure = 0.5, seed%2 == 1
				for i := range size {
					w.after(w.some(time.Second), func() {
						n := w.start(w.random(), i+1, 41000)
						for g := range w.rand.IntN(4) {
							n.core.Join(fmt.Sprint("g", g))
						}
					})
				}
				w.run(15 * time.Second)
				w.checkOneView()
				w.checkExact()
				for _, n := range w.nodes {
					n.checkConnections()
				}
			})
		})
	}
}

// Within a session nothing is lost and nothing comes twice, across the wrap of
// the sequence.
func TestSimulatedSequenceWrap(t *testing.T) {
	w := newWorld(t, 1)
	w.delay = time.Microsecond
	a, b := w.start(w.random(), 1, 41000), w.start(w.random(), 2, 41000)
	w.run(2 * time.Second)
	const count = 140_000
	for i := range uint64(count) {
		a.whisper(b.id, i+1)
		if i%1000 == 0 {
			w.run(10 * time.Millisecond)
		}
	}
	w.run(3 * time.Second)
	got := b.views[a.id].got
	if len(got) != count {
		t.Fatalf("got %d messages, want %d", len(got), count)
	}
	for i, v := range got {
		if v != uint64(i+1) {
			t.Fatalf("message %d is %d", i, v)
		}
	}
	w.checkExact()
}

// A frozen peer is told EVASIVE, then SILENT, then EXIT, each once; one that
// goes on before that loses nothing.
func TestSimulatedFreeze(t *testing.T) {
	for _, frozen := range []time.Duration{20 * time.Second, 40 * time.Second} {
		w := newWorld(t, 3)
		a, b := w.start(w.random(), 1, 41000), w.start(w.random(), 2, 41000)
		w.run(2 * time.Second)
		a.events = nil
		b.freezeFor(frozen)
		w.run(frozen - time.Millisecond)
		a.whisper(b.id, 7)
		w.run(time.Minute)
		var types []EventType
		for _, ev := range a.events {
			types = append(types, ev.Type)
		}
		want := []EventType{EventEvasive, EventSilent}
		if frozen > 30*time.Second {
			want = append(want, EventExit, EventEnter)
		} else if got := b.views[a.id].got; !slices.Equal(got, []uint64{7}) {
			t.Errorf("frozen for %v: got %v", frozen, got)
		}
		if !slices.Equal(types, want) {
			t.Errorf("frozen for %v: events %v, want %v", frozen, types, want)
		}
		w.checkOneView()
	}
}

// A killed peer is gone as soon as its connections have ended.
func TestSimulatedKill(t *testing.T) {
	seeds(t, 20, func(w *world, _ uint64) {
		a, b := w.start(w.random(), 1, 41000), w.start(w.random(), 2, 41000)
		w.run(2 * time.Second)
		b.kill()
		a.events = nil
		w.runUntil(time.Second, "gone", func() bool { return len(a.events) > 0 })
		w.run(time.Minute)
		if n := len(a.events); n != 1 || a.events[0].Type != EventExit ||
			a.events[0].Reason != ReasonLost {
			w.t.Errorf("events %v", a.events)
		}
		if a.core.peers.len() != 0 || len(a.dials) != 0 || len(a.accepts) != 0 {
			w.t.Errorf("%d peers, %d dials, %d accepted are left",
				a.core.peers.len(), len(a.dials), len(a.accepts))
		}
	})
}

// Peers that hear each other's beacons are hardly ever sent a PING.
func TestSimulatedPingEconomy(t *testing.T) {
	w := newWorld(t, 4)
	for i := range 10 {
		w.start(w.random(), i+1, 41000)
	}
	w.run(10 * time.Second)
	count := func() (sum uint64) {
		for _, n := range w.nodes {
			sum += n.core.Stats().MessagesIn
		}
		return sum
	}
	before := count()
	w.run(150 * time.Second)
	// 45 pairs, one PING and one PING-OK in each 15 s.
	if got, most := count()-before, uint64(45*2*10); got > most {
		t.Errorf("%d messages in 150 s of rest, want at most %d", got, most)
	}
	// Without beacons every peer is asked, and none is lost.
	for _, n := range w.nodes {
		n.beacons = false
	}
	w.run(2 * time.Minute)
	w.checkOneView()
	for _, n := range w.nodes {
		for _, ev := range n.events {
			if ev.Type != EventEnter {
				t.Fatalf("%s: %v", n.name, ev)
			}
		}
	}
}

// A peer whose messages are lost ends and comes back at once.
func TestSimulatedGap(t *testing.T) {
	w := newWorld(t, 5)
	a, b := w.start(w.random(), 1, 41000), w.start(w.random(), 2, 41000)
	w.run(2 * time.Second)
	b.events = nil
	a.core.Peer(b.id).Link().(*simLink).seq += 3
	a.whisper(b.id, 1)
	w.run(time.Second)
	a.whisper(b.id, 2)
	w.run(time.Second)
	if len(b.events) < 2 || b.events[0].Type != EventExit || b.events[0].Reason != ReasonGap ||
		b.events[1].Type != EventEnter {
		t.Fatalf("events %v", b.events)
	}
	if got := b.views[a.id].got; !slices.Equal(got, []uint64{2}) {
		t.Errorf("after the gap: got %v", got)
	}
	w.checkOneView()
}
