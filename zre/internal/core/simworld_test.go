package core

import (
	"container/heap"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/curve"
)

// world is a network of nodes in virtual time. Beacons are lost and come out of order.
// Connections are those of simdial_test.go and simstream_test.go, the lines that cut
// them those of simline_test.go. Everything follows from the seed.
type world struct {
	t       *testing.T
	rand    *rand.Rand
	now     time.Duration
	todo    agenda
	serial  int
	listens map[netip.AddrPort]*process
	hosts   map[netip.Addr]bool // that are switched on
	cuts    map[line]*cut
	nodes   []*simNode
	hears   []hearer
	streams []*simStream // that are open at one end at least

	loss   float64 // of beacons
	secure bool    // nodes have keys
	dual   bool    // hosts have two addresses each
	delay  time.Duration
	wires  lines // slow lines between all hosts

	// A PING-OK that counts may answer any PING: a stranger has made one process two peers.
	anyAnswers bool

	digest hash.Hash
	lines  []string // the log, kept in a replay of one seed only
}

// hearer is a process that hears beacons.
type hearer interface {
	hear(id uuid.UUID, from netip.Addr, port uint16, key curve.Key)
	proc() *process
}

// job is something to be done at a time; jobs of one time are done in the order that
// they were planned.
type job struct {
	at     time.Duration
	serial int
	do     func()
}

type agenda []job

func (a agenda) Len() int { return len(a) }
func (a agenda) Less(i, j int) bool {
	if a[i].at == a[j].at {
		return a[i].serial < a[j].serial
	}
	return a[i].at < a[j].at
}
func (a agenda) Swap(i, j int) { a[i], a[j] = a[j], a[i] }
func (a *agenda) Push(x any)   { *a = append(*a, x.(job)) }
func (a *agenda) Pop() any {
	old := *a
	last := old[len(old)-1]
	old[len(old)-1] = job{}
	*a = old[:len(old)-1]
	return last
}

func newWorld(t *testing.T, seed uint64) *world {
	w := &world{
		t: t, rand: rand.New(rand.NewPCG(seed, 36)), now: time.Hour, delay: 5 * time.Millisecond,
		listens: make(map[netip.AddrPort]*process), hosts: make(map[netip.Addr]bool), cuts: make(map[line]*cut),
		digest: sha256.New(),
	}
	t.Cleanup(func() {
		if t.Failed() || testing.Verbose() {
			for _, l := range w.lines {
				t.Log(l)
			}
		}
	})
	return w
}

// logf records what happens. The digest of all lines tells two runs apart.
func (w *world) logf(format string, args ...any) {
	text := fmt.Sprintf("%12.6f ", (w.now-time.Hour).Seconds()) + fmt.Sprintf(format, args...)
	fmt.Fprintln(w.digest, text)
	if *seedFlag >= 0 {
		w.lines = append(w.lines, text)
	}
}

// sum returns the digest of the log so far.
func (w *world) sum() string { return hex.EncodeToString(w.digest.Sum(nil)) }

// nameOf returns the name of a node.
func (w *world) nameOf(id uuid.UUID) string {
	for _, n := range w.nodes {
		if n.id == id && n.alive {
			return n.name
		}
	}
	return id.String()
}

func (w *world) after(d time.Duration, do func()) {
	w.serial++
	heap.Push(&w.todo, job{w.now + d, w.serial, do})
}

// run lets virtual time go on.
func (w *world) run(d time.Duration) {
	end := w.now + d
	for len(w.todo) > 0 && w.todo[0].at <= end {
		j := heap.Pop(&w.todo).(job)
		w.now = j.at
		j.do()
	}
	w.now = end
}

// runUntil lets time go on until something holds, for a time at most. It returns
// how long that took.
func (w *world) runUntil(most time.Duration, what string, holds func() bool) time.Duration {
	w.t.Helper()
	start := w.now
	for !holds() {
		if w.now-start >= most {
			w.t.Fatalf("after %v: still not %s", most, what)
		}
		w.run(10 * time.Millisecond)
	}
	return w.now - start
}

func (w *world) some(limit time.Duration) time.Duration {
	return time.Duration(w.rand.Int64N(int64(limit) + 1))
}

func (w *world) random() uuid.UUID {
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[:8], w.rand.Uint64())
	binary.BigEndian.PutUint64(id[8:], w.rand.Uint64())
	return id
}
