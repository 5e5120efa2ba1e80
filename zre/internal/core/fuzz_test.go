package core

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// FuzzConversation lets octets drive what happens to a core: beacons, connections and
// links that come and go, messages of several nodes in and out of sequence, in plain
// and in secure networks, ticks, own joins. After each step everything that the core
// promises has to hold. When nothing more comes, nothing is left.
func FuzzConversation(f *testing.F) {
	index := func(n int) func(actor byte) byte { return func(actor byte) byte { return byte(n*cast) + actor } }
	tick, beacon, hello, say, odd, raw := index(0), index(2), index(4), index(6), index(9), index(10)
	group, rare, fail, wrap, accept, end := index(11), index(13), index(14), index(15), index(16), index(18)
	up, retry, down := index(19), index(21), index(22)
	f.Add([]byte{})
	// A peer is found, greets, joins, is asked, and goes silent.
	f.Add([]byte{beacon(0), 0, up(0), 0, accept(0), 0, hello(0), 2, say(0), 0x12, say(0), 4, tick(0), 255})
	// A stranger greets before its link is up; a gap; it greets again.
	f.Add([]byte{accept(1), 0, hello(1), 3, up(0), 0, group(0), 1, say(1), 4, odd(1), 7, 0, tick(0), 100, hello(1), 3})
	// It answers, begins again, and stops answering.
	f.Add([]byte{accept(2), 0, hello(2), 0, up(0), 0, tick(0), 30, say(2), 5, hello(2), 0, tick(0), 30, tick(0), 30, tick(0), 30})
	// A configured endpoint answers, with sockets that cannot be used again.
	f.Add([]byte{rare(3), 3, up(0), 0, accept(3), 0, hello(3), 0, rare(3), 2, odd(3), 9, 1, tick(0), 255, rare(3), 2})
	// Near the end of the numbers; octets; a link that fails.
	f.Add([]byte{accept(4), 0, hello(4), 1, up(0), 0, wrap(4), 1, say(4), 0, say(4), 0, say(4), 0, raw(4), 4, 200, fail(4), 0, group(0), 9})
	// Its connection ends; another one comes, and a second one beside it.
	f.Add([]byte{accept(5), 0, hello(5), 0, up(0), 0, end(5), 0, tick(0), 10, accept(5), 0, accept(5), 8, tick(0), 19, tick(0), 19, hello(5), 0})
	// The link cannot be made, is made, and ends.
	f.Add([]byte{beacon(0), 0, retry(0), 1, accept(0), 0, hello(0), 16, retry(0), 0, up(0), 0, down(0), 0, tick(0), 20, up(0), 0, end(0), 0})
	for seed := range uint64(60) {
		random := rand.New(rand.NewPCG(seed, 36))
		octets := make([]byte, 900+seed%2)
		for i := range octets {
			octets[i] = byte(random.Uint32())
		}
		f.Add(octets)
	}
	f.Fuzz(func(t *testing.T, octets []byte) {
		if len(octets) > 4096 {
			t.Skip("long conversations find nothing that short ones do not")
		}
		s := newStage(t, len(octets)%2 == 1)
		for in := script(slices.Clone(octets)); len(in) > 0; {
			s.step(&in)
			s.check()
		}
		s.core.Goodbye()
		for i := range s.actors { // or they are tried again without end
			s.core.Withdrawn(s.now, s.actors[i].id)
		}
		s.check()
		for range 200 {
			s.now += time.Second
			s.core.Tick(s.now, false)
			s.check()
		}
		if s.core.peers.len() != 0 || len(s.core.pending) != 0 || s.core.conns.len() != 0 {
			t.Fatalf("%d peers and %d connections are left after silence",
				s.core.peers.len(), s.core.conns.len())
		}
		if len(s.links) > len(s.core.static) {
			t.Fatalf("%d links are left after silence", len(s.links))
		}
	})
}
