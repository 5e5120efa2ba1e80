package main

import (
	"fmt"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/gozre/zre/zre"
	"github.com/gozre/zre/zre/zretest"
)

// member starts a table that ends with the test.
func member(t *testing.T, network *zretest.Network, number byte) *table {
	t.Helper()
	m, err := newTable(network.Context(), zre.Config{UUID: uuid.UUID{number}}, func(entry) {})
	if err != nil {
		t.Fatal(err)
	}
	var run sync.WaitGroup
	run.Go(func() { m.run(network.Context()) })
	t.Cleanup(func() {
		m.node.Close()
		run.Wait()
	})
	return m
}

func has(m *table, key, want string) func() bool {
	return func() bool { value, _ := m.get(key); return value == want }
}

func TestCache(t *testing.T) {
	network := zretest.New(t)
	a, b := member(t, network, 1), member(t, network, 2)
	network.Meet(a.node, b.node)
	for i := range 100 {
		if err := a.set(t.Context(), fmt.Sprint(i), "from a"); err != nil {
			t.Fatal(err)
		}
	}
	network.Wait("b has the last value", has(b, "99", "from a"))
	if err := b.set(t.Context(), "0", "from b"); err != nil {
		t.Fatal(err)
	}
	network.Wait("a has the change", has(a, "0", "from b"))

	// A newcomer gets everything.
	c := member(t, network, 3)
	network.Wait("c has it all", func() bool { return len(c.all()) == 100 })
	if value, _ := c.get("0"); value != "from b" {
		t.Errorf("c has %q", value)
	}

	// What both sides of a cut write is the same everywhere after it.
	network.Cut(a.node, b.node)
	network.Wait("the cut is noticed", func() bool { return len(a.node.Peers()) == 1 && len(b.node.Peers()) == 1 })
	if err := a.set(t.Context(), "x", "left"); err != nil {
		t.Fatal(err)
	}
	if err := b.set(t.Context(), "x", "right"); err != nil {
		t.Fatal(err)
	}
	network.Heal(a.node, b.node)
	for _, m := range []*table{a, b, c} {
		network.Wait("all have the value of the higher UUID", has(m, "x", "right"))
	}
}
