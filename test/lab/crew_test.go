//go:build linux

package lab

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// crew is witnesses that are in one network.
type crew []*witness

// others are the names of all but one, and their group.
func (c crew) others(w *witness, group string) (names []string) {
	for _, other := range c {
		if other != w {
			names = append(names, other.name+" "+group)
		}
	}
	slices.Sort(names)
	return names
}

// sees reports whether each of them sees all the others in the group, and nobody else.
func (c crew) sees(group string) bool {
	return !slices.ContainsFunc(c, func(w *witness) bool { return !slices.Equal(w.sees(), c.others(w, group)) })
}

// meet lets all join a group, and waits until all see all the others in it. It returns how long
// that took.
func (c crew) meet(t testing.TB, group string, within time.Duration) time.Duration {
	t.Helper()
	began := time.Now()
	for _, w := range c {
		if err := w.say("/join " + group); err != nil {
			t.Fatal(err)
		}
	}
	c.awaitAll(t, group, within)
	return time.Since(began)
}

// awaitAll waits until all see all the others in the group.
func (c crew) awaitAll(t testing.TB, group string, within time.Duration) {
	t.Helper()
	for deadline := time.Now().Add(within); !c.sees(group); {
		if time.Now().After(deadline) {
			for _, w := range c {
				if got, want := w.sees(), c.others(w, group); !slices.Equal(got, want) {
					t.Fatalf("after %v %s sees %d:\n%v\nwant %d:\n%v", within, w.name, len(got), got, len(want), want)
				}
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// talk lets each of them shout numbers to the group, until the function is called that it
// returns. That returns how many each has sent since its start.
func (c crew) talk(group string, every time.Duration) (stop func() []int) {
	done := make(chan struct{})
	var talking sync.WaitGroup
	for _, w := range c {
		talking.Go(func() {
			tick := time.NewTicker(every)
			defer tick.Stop()
			for {
				select {
				case <-done:
					return
				case <-w.exited:
					return
				case <-tick.C:
				}
				if w.say(fmt.Sprintf("/shout %s %d", group, w.sent.Load()+1)) != nil {
					return
				}
				w.sent.Add(1)
			}
		})
	}
	return func() []int {
		close(done)
		talking.Wait()
		return c.sent()
	}
}

// sent returns how many messages each has sent.
func (c crew) sent() []int {
	sent := make([]int, len(c))
	for i, w := range c {
		sent[i] = int(w.sent.Load())
	}
	return sent
}

// heard waits until each has got the last message of each other one.
func (c crew) heard(t testing.TB, sent []int, within time.Duration) {
	t.Helper()
	for i, from := range c {
		for _, to := range c {
			if to == from {
				continue
			}
			eventually(t, fmt.Sprintf("%s has got all %d of %s", to.name, sent[i], from.name), within, func() bool {
				return to.last(from.id) >= sent[i]
			})
		}
	}
}

// killAll kills all of them before one has ended: else those that are left would tell the end of
// each other one, which takes 200 of them a minute.
func (c crew) killAll() {
	for _, w := range c {
		_ = w.cmd.Process.Kill() // It may have ended.
	}
	for _, w := range c {
		<-w.exited
	}
}

// faultless fails if one of them has seen what must not be.
func (c crew) faultless(t testing.TB) {
	t.Helper()
	for _, w := range c {
		w.mu.Lock()
		if len(w.faults) > 0 {
			t.Errorf("%s", strings.Join(w.faults, "\n"))
		}
		w.mu.Unlock()
	}
}

// stayed fails if one of them has seen an EXIT.
func (c crew) stayed(t testing.TB) {
	t.Helper()
	for _, w := range c {
		for _, e := range w.all("EXIT", "", time.Time{}) {
			t.Errorf("%s: EXIT of %s: %s", w.name, e.Name, e.Reason)
		}
	}
}
