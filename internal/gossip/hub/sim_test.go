package hub

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func endpoint(i int) string { return fmt.Sprintf("tcp://10.0.0.%d:41000", i+1) }
func keyOf(i int) string    { return fmt.Sprintf("%032X", i+1) }

func (o *ours) values() map[string]string {
	m := make(map[string]string)
	for _, t := range o.h.Tuples(o.w.now) {
		m[t.Key] = t.Value
	}
	return m
}

// changes counts how often any server has changed its mind.
func (w *world) changes() (n uint64) {
	for _, m := range w.machines {
		switch m := m.(type) {
		case *ours:
			n += m.h.store.Index() + m.h.store.RecordIndex()
		case *czmq:
			n += uint64(m.changes)
		}
	}
	return n
}

// settled fails if anything is still going round. A client publishes a tuple again
// to a czmq server every 5 s, to learn whether it is remembered, and that is all.
func (w *world) settled(t interface {
	Helper()
	Fatalf(string, ...any)
}) {
	t.Helper()
	tuples, changes := w.tuples, w.changes()
	w.run(20 * time.Second)
	if n := w.changes() - changes; n != 0 {
		t.Fatalf("%d changes in 20 s in which nothing happened", n)
	}
	if n := w.tuples - tuples; n > 4*len(w.conns) {
		t.Fatalf("%d tuples were sent in 20 s in which nothing happened", n)
	}
}

// TestTwoQuickPublishes is what keeps two of czmq's servers busy for ever.
func TestTwoQuickPublishes(t *testing.T) {
	for name, build := range map[string]func(w *world) (*ours, []*ours){
		"ring of ours": func(w *world) (*ours, []*ours) {
			a, b, c := w.ours(1), w.ours(2), w.ours(3)
			a.link(b)
			b.link(c)
			c.link(a)
			return a, []*ours{a, b, c}
		},
		"ring with czmq": func(w *world) (*ours, []*ours) {
			a, b, y, z := w.ours(1), w.ours(2), w.czmq(), w.czmq()
			a.link(y)
			b.link(y)
			z.connect(a)
			z.connect(b)
			return a, []*ours{a, b}
		},
		"linked twice": func(w *world) (*ours, []*ours) {
			a, b, z := w.ours(1), w.ours(2), w.czmq()
			a.link(b)
			b.link(a)
			a.link(z)
			z.connect(b)
			return a, []*ours{a, b}
		},
	} {
		t.Run(name, func(t *testing.T) {
			for seed := range int64(20) {
				w := newWorld(seed)
				home, all := build(w)
				n := w.node(home, keyOf(0), endpoint(0))
				w.run(2 * time.Second)
				for i := range 7 { // back and forth, ending with endpoint(1)
					n.move(endpoint((i + 1) % 2))
				}
				w.run(5 * time.Second)
				w.settled(t)
				for i, o := range all {
					if got := o.values()[keyOf(0)]; got != endpoint(1) {
						t.Fatalf("seed %d: server %d has %s", seed, i, got)
					}
				}
			}
		})
	}
}

// TestOneMessagePerClient counts what one new tuple costs.
func TestOneMessagePerClient(t *testing.T) {
	w := newWorld(1)
	o := w.ours(1)
	var nodes []*node
	for i := range 30 {
		nodes = append(nodes, w.node(o, keyOf(i), endpoint(i)))
	}
	var zyres []*czmq
	for range 10 {
		z := w.czmq()
		z.connect(o)
		zyres = append(zyres, z)
	}
	w.run(5 * time.Second)
	before := o.h.Counts().Forwarded
	nodes[0].move(endpoint(100))
	w.run(time.Second)
	if got, want := o.h.Counts().Forwarded-before, uint64(len(nodes)-1+len(zyres)); got != want {
		t.Errorf("one change cost %d messages, want %d", got, want)
	}
	before = o.h.Counts().Forwarded
	nodes[0].move(endpoint(100)) // the same again
	w.run(time.Second)
	if got := o.h.Counts().Forwarded - before; got != 0 {
		t.Errorf("a duplicate cost %d messages", got)
	}
	for i, n := range nodes[1:] {
		if len(n.heard) != 29 || n.heard[keyOf(0)] != endpoint(100) {
			t.Errorf("node %d has heard of %d", i+1, len(n.heard))
		}
	}
	for i, z := range zyres {
		if len(z.tuples) != 30 || z.tuples[keyOf(0)] != endpoint(100) {
			t.Errorf("zyre node %d has heard of %d", i, len(z.tuples))
		}
	}
}

func TestTheDeadAreNotHandedOut(t *testing.T) {
	for _, politely := range []bool{true, false} {
		w := newWorld(3)
		a, b := w.ours(1), w.ours(2)
		a.link(b)
		n := w.node(a, keyOf(0), endpoint(0))
		z := w.czmq() // a zyre node, which never says that it leaves
		z.publish(keyOf(1), endpoint(1))
		zc := z.connect(a)
		w.run(2 * time.Second)
		if got := len(b.values()); got != 2 {
			t.Fatalf("the other server knows %d tuples", got)
		}
		n.stop(politely)
		zc.ended = true
		if politely {
			w.run(700 * time.Millisecond)
			if _, ok := b.values()[keyOf(0)]; ok {
				t.Error("a tuple that was withdrawn is still there after a second")
			}
		}
		w.run(simConfig.IdleTimeout)
		for i, o := range []*ours{a, b} {
			if got := o.values(); len(got) != 0 {
				t.Errorf("politely %v: server %d still has %v", politely, i, got)
			}
		}
		late := w.node(b, keyOf(2), endpoint(2))
		w.run(time.Second)
		if len(late.heard) != 0 {
			t.Errorf("a newcomer was told of the dead: %v", late.heard)
		}
	}
}

// TestFrozenClient stops the process of a client, whose connection stays.
func TestFrozenClient(t *testing.T) {
	w := newWorld(4)
	o := w.ours(1)
	n := w.node(o, keyOf(0), endpoint(0))
	w.run(2 * time.Second)
	machines := slices.Clone(w.machines)
	w.machines = slices.DeleteFunc(w.machines, func(m machine) bool { return m == machine(n) })
	n.c.frozen = true
	w.run(simConfig.IdleTimeout + time.Second)
	if got := o.values(); len(got) != 0 || n.c.up {
		t.Fatalf("still there: %v", got)
	}
	w.machines, n.c.frozen = machines, false // it goes on, and connects again
	w.run(3 * time.Second)
	if got := o.values(); got[keyOf(0)] != endpoint(0) {
		t.Errorf("it has not come back: %v", got)
	}
}

// TestServerRestart has the clients publish again as soon as they are connected.
func TestServerRestart(t *testing.T) {
	w := newWorld(5)
	o := w.ours(1)
	var nodes []*node
	for i := range 10 {
		nodes = append(nodes, w.node(o, keyOf(i), endpoint(i)))
	}
	w.run(2 * time.Second)
	for _, n := range nodes {
		n.c.close()
	}
	fresh := w.ours(2)
	for _, n := range nodes {
		n.c.server = fresh
	}
	w.run(1700 * time.Millisecond) // 500 ms to notice, 200 ms to reconnect, and the second allowed
	if got := len(fresh.values()); got != 10 {
		t.Errorf("the server that was started again knows %d of 10", got)
	}
}

// TestServerVanishes: when a server has ended, clients of the others hear that its clients have
// gone, and their own connections stay.
func TestServerVanishes(t *testing.T) {
	w := newWorld(6)
	a, b := w.ours(1), w.ours(2)
	link := b.link(a)
	w.node(a, keyOf(0), endpoint(0))
	n := w.node(b, keyOf(1), endpoint(1))
	w.run(2 * time.Second)
	if n.heard[keyOf(0)] != endpoint(0) {
		t.Fatalf("before: %v", n.heard)
	}
	link.severed = true
	w.run(simConfig.Store.OriginTTL + 3*time.Second)
	if len(n.heard) != 0 {
		t.Errorf("it still knows %v", n.heard)
	}
	w.run(20 * time.Second)
	if n.c.lives != 1 {
		t.Errorf("it has connected %d times", n.c.lives)
	}
	link.severed = false
	w.run(10 * time.Second)
	if n.heard[keyOf(0)] != endpoint(0) {
		t.Errorf("after: %v", n.heard)
	}
}

// TestAnySchedule has random events in a random network end in equal stores.
func TestAnySchedule(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(rapid.Int64().Draw(t, "seed"))
		var servers []*ours
		var conns []*conn
		for i := range rapid.IntRange(1, 4).Draw(t, "servers") {
			servers = append(servers, w.ours(byte(i+1)))
			if i > 0 { // in touch with the others
				conns = append(conns, servers[i].link(servers[rapid.IntRange(0, i-1).Draw(t, "to")]))
			}
		}
		pick := func() *ours { return servers[rapid.IntRange(0, len(servers)-1).Draw(t, "server")] }
		for range rapid.IntRange(0, 3).Draw(t, "more links") {
			if a, b := pick(), pick(); a != b {
				conns = append(conns, a.link(b))
			}
		}
		// czmq's servers have only ours for neighbours: two of theirs loop by themselves.
		relays := false
		for range rapid.IntRange(0, 2).Draw(t, "czmq servers") {
			relays = true
			z := w.czmq()
			for range rapid.IntRange(1, 3).Draw(t, "neighbours") {
				if rapid.Bool().Draw(t, "they connect") {
					conns = append(conns, z.connect(pick()))
				} else {
					conns = append(conns, pick().link(z))
				}
			}
		}
		var nodes []*node
		var zyres []*czmq
		for i := range rapid.IntRange(1, 5).Draw(t, "nodes") {
			n := w.node(pick(), keyOf(i), endpoint(i))
			nodes, conns = append(nodes, n), append(conns, n.c)
		}
		for i := range rapid.IntRange(0, 2).Draw(t, "zyre nodes") {
			z := w.czmq()
			z.publish(keyOf(50+i), endpoint(50+i))
			zyres, conns = append(zyres, z), append(conns, z.connect(pick()))
		}
		moved := false
		for range rapid.IntRange(0, 25).Draw(t, "events") {
			switch rapid.IntRange(0, 5).Draw(t, "event") {
			case 0, 1:
				i := rapid.IntRange(0, len(nodes)-1).Draw(t, "node")
				for range rapid.IntRange(1, 3).Draw(t, "times") {
					nodes[i].move(endpoint(100 + 10*i + rapid.IntRange(0, 2).Draw(t, "value")))
				}
			case 2, 3:
				c := conns[rapid.IntRange(0, len(conns)-1).Draw(t, "conn")]
				c.severed = !c.severed
			case 4:
				if len(nodes) > 1 && rapid.IntRange(0, 2).Draw(t, "stop") == 0 {
					i := rapid.IntRange(0, len(nodes)-1).Draw(t, "which")
					nodes[i].stop(rapid.Bool().Draw(t, "politely"))
					nodes = slices.Delete(nodes, i, i+1)
				}
			case 5:
				if len(zyres) > 0 {
					moved = true
					zyres[0].publish(keyOf(50), endpoint(150+rapid.IntRange(0, 2).Draw(t, "value")))
				}
			}
			w.run(time.Duration(rapid.SampledFrom([]int{10, 50, 500, 4000, 15000}).Draw(t, "ms")) * time.Millisecond)
		}
		for _, c := range conns {
			c.severed = false
		}
		w.run(30 * time.Second)
		w.settled(t)

		for i, o := range servers[1:] {
			if diff := cmp.Diff(servers[0].h.Living(), o.h.Living()); diff != "" {
				t.Fatalf("servers 0 and %d differ:\n%s", i+1, diff)
			}
		}
		for i, o := range servers {
			got := o.values()
			for _, n := range nodes {
				if got[n.key] != n.value {
					t.Fatalf("server %d has %q for %s, which publishes %q", i, got[n.key], n.key, n.value)
				}
			}
			if !relays && len(zyres) == 0 && len(got) != len(nodes) {
				t.Fatalf("server %d has %d tuples of %d nodes: %v", i, len(got), len(nodes), got)
			}
			for j := range zyres {
				// One that publishes old values again cannot be told from an echo of
				// itself; a real one keeps its endpoint for its life.
				if moved && j == 0 {
					continue
				}
				if got[keyOf(50+j)] == "" {
					t.Fatalf("server %d has forgotten zyre node %d", i, j)
				}
			}
		}
	})
}
