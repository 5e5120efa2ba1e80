package core

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// docsEnv makes TestSimulatedScale simulate up to 1,000 nodes and write the table and the picture
// of docs/.
const docsEnv = "ZRE_SIMULATION_DOCS"

// scale is what a network of a size costs.
type scale struct {
	nodes     int
	converged time.Duration // from the start of the last node until all see all
	healed    time.Duration // from the end of random faults until all see all
	arrival   float64       // messages that each node has received until all saw all
	idle      float64       // messages that each node receives in a minute when nothing happens
}

// messages are those that all living nodes have received.
func (w *world) messages() (sum uint64) {
	for _, n := range w.nodes {
		if n.alive {
			sum += n.core.Stats().MessagesIn
		}
	}
	return sum
}

// measureScale starts nodes within a second, lets random faults happen to some of them, and heals
// them. Every second beacon is lost.
func measureScale(t *testing.T, nodes int, seed uint64) scale {
	w := newWorld(t, seed)
	w.loss = 0.5
	for i := range nodes {
		w.after(w.some(time.Second), func() {
			w.start(w.random(), i+1, 41000).core.Join("g")
		})
	}
	w.run(time.Second)
	all := func() bool {
		for _, n := range w.nodes {
			if n.core.Ready() != nodes-1 {
				return false // The whole comparison takes long.
			}
		}
		return w.oneView() == ""
	}
	s := scale{nodes: nodes, converged: w.runUntil(time.Minute, "all see all", all)}
	s.arrival = float64(w.messages()) / float64(nodes)
	w.checkExact()

	before := w.messages()
	w.run(time.Minute)
	s.idle = float64(w.messages()-before) / float64(nodes)

	for range nodes / 5 {
		n, other := w.nodes[w.rand.IntN(nodes)], w.nodes[w.rand.IntN(nodes)]
		switch w.rand.IntN(3) {
		case 0:
			w.cutBoth(n.host(), other.host())
		case 1:
			if n.alive && !n.frozen {
				n.freezeFor(w.some(20 * time.Second))
			}
		case 2:
			if len(n.accepts) > 0 {
				n.accepts[w.rand.IntN(len(n.accepts))].breaks()
			}
		}
		w.run(w.some(20 * time.Second / time.Duration(nodes)))
	}
	w.run(40 * time.Second)
	w.healAll()
	s.healed = w.runUntil(2*time.Minute, "all see all again", all)
	return s
}

// Networks of different sizes converge in about the same time, and a node's messages grow with
// the number of its peers, not faster.
func TestSimulatedScale(t *testing.T) {
	sizes := []int{10, 30, 100}
	docs := os.Getenv(docsEnv)
	if docs != "" {
		sizes = []int{10, 30, 100, 300, 1000}
	}
	var all []scale
	for _, size := range sizes {
		s := measureScale(t, size, 36)
		t.Logf("%+v", s)
		all = append(all, s)
		peers := float64(size - 1)
		if s.converged > 15*time.Second || s.arrival > 10*peers || s.idle > 12*peers {
			t.Errorf("%d nodes: all see all after %v, with %.1f messages each; %.1f a minute when idle",
				size, s.converged, s.arrival, s.idle)
		}
	}
	if docs != "" {
		write(t, filepath.Join(docs, "simulation.md"), scaleTable(all))
		write(t, filepath.Join(docs, "simulation.svg"), picture(all))
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// scaleTable is docs/simulation.md.
func scaleTable(all []scale) string {
	var b strings.Builder
	b.WriteString(`# How a network behaves when it grows

Simulated with the protocol core of this library in virtual time: each line takes 5 ms, and every
second beacon is lost. All nodes start within one second and are in one group. Then a fifth of
them, at random, is cut off from another one, stops for up to 20 s, or loses a connection; after
40 s all lines are mended. The same seed gives the same figures; all sizes take a quarter of an
hour and 9 GB of memory:

    ZRE_SIMULATION_DOCS=$PWD/docs go test -run TestSimulatedScale -timeout 60m ./zre/internal/core

| nodes | all see all after the last start | messages per node until then | messages per node and minute, idle | all see all after healing |
|---:|---:|---:|---:|---:|
`)
	for _, s := range all {
		fmt.Fprintf(&b, "| %d | %.2f s | %.0f | %.0f | %.2f s |\n",
			s.nodes, s.converged.Seconds(), s.arrival, s.idle, s.healed.Seconds())
	}
	b.WriteString("\n![Convergence and messages against the number of nodes](simulation.svg)\n")
	return b.String()
}
