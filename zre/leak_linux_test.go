package zre

import (
	"fmt"
	"os"
	"testing"
)

// A closed node leaves no descriptor and no thread's worth of sockets behind;
// goleak in TestMain looks for goroutines.
func TestCloseLeavesNoDescriptor(t *testing.T) {
	count := func() int {
		entries, err := os.ReadDir("/proc/self/fd")
		must(t, err)
		return len(entries)
	}
	round := func() {
		w := newTestNet(t)
		var nodes []*Node
		for i := range 6 {
			nodes = append(nodes, w.start(fmt.Sprint("n", i), func(c *Config) { c.apart = i%2 == 0 }))
		}
		for _, n := range nodes {
			for range len(nodes) - 1 {
				await(t, n, func(ev Event) bool { return ev.Type == EventEnter })
			}
		}
		for _, n := range nodes {
			must(t, n.Close())
		}
	}
	round() // what the Go runtime opens once, it opens now
	before := count()
	for range 3 {
		round()
	}
	if after := count(); after > before {
		t.Errorf("%d descriptors after, %d before", after, before)
	}
}
