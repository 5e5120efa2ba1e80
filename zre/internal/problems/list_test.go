package problems

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// world is a List whose sources and time are the test's.
type world struct {
	list    *List
	book    bytes.Buffer
	now     time.Time
	current []Problem
	solved  map[string]bool // by key
}

func newWorld() *world {
	w := &world{now: time.Unix(1e9, 0), solved: make(map[string]bool)}
	w.list = New(Config{
		Logger:  slog.New(slog.NewTextHandler(&w.book, nil)),
		Sources: []Source{func(time.Time) []Problem { return w.current }},
		Solved:  func(p Problem) bool { return w.solved[p.Key] },
	})
	return w
}

// pass lets time pass, with a look in each second.
func (w *world) pass(seconds int) {
	for range seconds {
		w.now = w.now.Add(time.Second)
		w.list.look(w.now)
	}
}

func (w *world) count(text string) int { return strings.Count(w.book.String(), text) }

func (w *world) want(t *testing.T, when string, text string, want int) {
	t.Helper()
	if got := w.count(text); got != want {
		t.Errorf("%s: %q is in the log %d times, want %d:\n%s", when, text, got, want, w.book.String())
	}
}

func peer(cause string) Problem {
	return Problem{Key: "p", Kind: Peer, Where: "10.0.0.2:41000", Host: "10.0.0.2", Cause: cause, Advice: "open it"}
}

// An episode is told once, with address, cause and advice, after it has lasted; and its end.
func TestEpisodeIsToldOnce(t *testing.T) {
	w := newWorld()
	w.current = []Problem{peer("timed out")}
	w.pass(3)
	w.want(t, "early", "level=", 0)
	if got := w.list.Len(); got != 1 {
		t.Errorf("%d are listed before they are told, want 1", got)
	}
	w.pass(60)
	w.want(t, "later", `where=10.0.0.2:41000 cause="timed out" advice="open it"`, 1)
	w.current, w.solved["p"] = nil, true
	w.pass(60)
	w.want(t, "solved", "the peer is reached now", 1)
	w.want(t, "solved", "where=10.0.0.2:41000", 2)
	w.solved["p"] = false
	w.current = []Problem{peer("timed out")}
	w.pass(10)
	w.want(t, "a second episode", "cannot be reached", 2)
}

// What ends before its time is never told.
func TestShortEpisode(t *testing.T) {
	w := newWorld()
	w.current = []Problem{peer("refused")}
	w.pass(2)
	w.current, w.solved["p"] = nil, true
	w.pass(100)
	w.want(t, "at the end", "level=", 0)
}

// A peer that is dropped, and found again, is one episode; one that is heard no more is
// forgotten without a word.
func TestInterruptedEpisode(t *testing.T) {
	w := newWorld()
	for range 5 {
		w.current = []Problem{peer("timed out")}
		w.pass(10)
		w.current = nil
		w.pass(20)
	}
	w.want(t, "with interruptions", "level=WARN", 1)
	w.pass(100)
	w.want(t, "forgotten", "level=WARN", 1)
	if all := w.list.entries; len(all) != 0 {
		t.Errorf("%d entries are left", len(all))
	}
}

// A lasting cause is told at once, and each of a few causes once.
func TestCauses(t *testing.T) {
	w := newWorld()
	p := peer("no trust")
	p.Lasting = true
	w.current = []Problem{p}
	w.pass(1)
	w.want(t, "at once", "no trust", 1)
	for range 10 {
		for i := range 6 {
			w.current = []Problem{peer(fmt.Sprint("cause ", i))}
			w.pass(1)
		}
	}
	w.want(t, "with many causes", "level=WARN", maxCauses)
}

// A reported problem is present for a time, and wakes the goroutine if it lasts.
func TestReport(t *testing.T) {
	w := newWorld()
	p := peer("left out")
	p.Kind, p.Lasting, p.Public = Refused, true, "KEY"
	w.list.Report(w.now, p)
	select {
	case <-w.list.wake:
	default:
		t.Error("it does not wake the goroutine")
	}
	w.pass(1)
	w.want(t, "reported", `a node is left out" where=10.0.0.2:41000 cause="left out" key=KEY`, 1)
	w.list.Report(w.now, p)
	select {
	case <-w.list.wake:
		t.Error("what was told wakes the goroutine again")
	default:
	}
	w.solved["p"] = true
	w.pass(9)
	w.want(t, "while it holds", "is reached now", 0)
	w.pass(2)
	w.want(t, "solved", "is reached now", 1)
}

// 10,000 forged nodes, on one host or on many, neither fill the log nor the memory.
func TestFlood(t *testing.T) {
	for name, hosts := range map[string]int{"one host": 1, "many hosts": 10_000} {
		w := newWorld()
		for i := range 10_000 {
			p := peer("left out")
			p.Key, p.Lasting, p.Host = fmt.Sprint(i), true, fmt.Sprint("h", i%hosts)
			w.list.Report(w.now, p)
		}
		w.pass(1)
		most, entries := burst, maxEntries
		if hosts == 1 {
			most, entries = toldOfHost, maxPerHost
		}
		w.want(t, name, "left out", most)
		w.want(t, name, "more problems", 1)
		if got := len(w.list.entries); got != entries {
			t.Errorf("%s: %d entries, want %d", name, got, entries)
		}
		w.pass(30)
		if got := w.count("level="); got > most+5 {
			t.Errorf("%s: %d lines after 30 s", name, got)
		}
	}
}
