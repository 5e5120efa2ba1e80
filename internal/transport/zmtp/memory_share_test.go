package zmtp

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gozre/zre/internal/transport"
)

// crowdedEnd is a transport with little memory for messages that are being received, which are up
// to 512 KiB.
func crowdedEnd(
	t *testing.T, most int64, patience time.Duration, change ...func(*transport.Config),
) (*end, *memory) {
	e := newEnd(t, change...)
	m := e.Transport.(*engine).memory
	m.most, m.patience = most, patience
	return e, m
}

// waiting is how many links wait.
func (m *memory) waiting() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.queue)
}

// isExempt reports whether the link of this owner is exempt from the bound.
func (m *memory) isExempt(o *owner) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.exempt == linkOf(o)
}

// expire lets the patience end, unless this owner's link is exempt.
func (m *memory) expire(unless *owner) {
	m.mu.Lock()
	if unless == nil || m.exempt != linkOf(unless) {
		m.since = time.Now().Add(-m.patience)
	}
	m.mu.Unlock()
	m.evict()
}

// begin sends the beginning of a message of size octets, and returns the rest of it.
func (s *script) begin(size uint64, begin int) (rest []byte) {
	s.t.Helper()
	s.send(frame(1, "x"), long(0, size), make([]byte, begin))
	return make([]byte, int(size)-begin)
}

// Many messages that are being received at the same time, which take more than there is: they
// wait for each other, and all arrive. Nobody is cut off.
func TestMemoryIsShared(t *testing.T) {
	const most, size, count = 1 << 20, 512 << 10, 12
	e, m := crowdedEnd(t, most, time.Hour)
	var scripts []*script
	var owners []*owner
	var rests [][]byte
	for range count {
		s, o := e.shaken()
		rests = append(rests, s.begin(size, 400<<10))
		scripts, owners = append(scripts, s), append(owners, o)
	}
	eventually(t, "some wait", func() bool { return m.waiting() > 0 })
	var sending sync.WaitGroup
	for i, s := range scripts {
		sending.Go(func() {
			if _, err := s.Write(rests[i]); err != nil {
				t.Error(err)
			}
		})
	}
	for _, o := range owners {
		if msg := got(t, "the message", o.inbox); len(msg) != 2 || len(msg[1]) != size {
			t.Fatalf("%d frames", len(msg))
		}
	}
	sending.Wait()
	eventually(t, "nothing is taken", func() bool {
		return m.used.Load() == 0 && m.waiting() == 0
	})
	if n := strings.Count(e.log.String(), "more memory than allowed"); n != 1 {
		t.Errorf("%d warnings:\n%s", n, e.log)
	}
}

// Messages that are begun and not ended hold up others for a time only, and what they take is
// bounded.
func TestMemoryIsGivenUp(t *testing.T) {
	const most, size, count = 1 << 20, 512 << 10, 12
	e, m := crowdedEnd(t, most, time.Hour)
	var stuck []*owner
	for range count {
		s, o := e.shaken()
		s.begin(size, 500<<10)
		stuck = append(stuck, o)
	}
	eventually(t, "some wait", func() bool { return m.waiting() > 0 })
	s, o := e.shaken()
	s.send(s.begin(100<<10, 50<<10))
	eventually(t, "the message of another peer", func() bool {
		m.expire(o)
		return len(o.inbox) > 0
	})
	eventually(t, "one is cut off", func() bool {
		return slices.ContainsFunc(stuck, func(o *owner) bool {
			select {
			case err := <-o.down:
				if !errors.Is(err, transport.ErrTooLarge) {
					t.Error(err)
				}
				return true
			default:
				return false
			}
		})
	})
	// One may be exempt.
	eventually(t, "the rest fits", func() bool {
		m.expire(nil)
		return m.used.Load() <= most+size
	})
}

// While an owner takes nothing, its peers are not to blame.
func TestMemoryWaitsForTheOwner(t *testing.T) {
	const size = 512 << 10
	e, m := crowdedEnd(t, size, time.Millisecond) // The first one has the turn.
	slow, slowOwner := e.shaken()
	slowOwner.gate.Lock()
	goOn := sync.OnceFunc(slowOwner.gate.Unlock)
	defer goOn()
	rest := slow.begin(size, 400<<10)
	slowLink := slowOwner.conn.Driver().(*link)
	eventually(t, "it has a share", func() bool { return slowLink.share.Load() > 0 })
	slow.send(rest)
	eventually(t, "its owner has the message", slowLink.busy.Load)
	s, o := e.shaken()
	rest = s.begin(size, 400<<10)
	eventually(t, "the other one waits", func() bool { return m.waiting() == 1 })
	looked := func() time.Time {
		m.mu.Lock()
		defer m.mu.Unlock()
		return m.since
	}
	before := looked()
	eventually(t, "it looks for somebody to blame", func() bool { return looked().After(before) })
	for _, o := range []*owner{slowOwner, o} {
		if err := o.conn.Err(); err != nil {
			t.Errorf("it was cut off: %v", err)
		}
	}
	goOn()
	got(t, "the message", slowOwner.inbox)
	s.send(rest)
	got(t, "the other message", o.inbox)
}

// A transport that is closed does not wait.
func TestMemoryEndsWithTheTransport(t *testing.T) {
	e, m := crowdedEnd(t, 1<<20, time.Hour)
	for range 8 {
		s, _ := e.shaken()
		s.begin(512<<10, 500<<10)
	}
	eventually(t, "some wait", func() bool { return m.waiting() > 0 })
	closed := make(chan error, 1)
	go func() { closed <- e.Close(0) }()
	if err := got(t, "the end", closed); err != nil {
		t.Error(err)
	}
	if n := m.used.Load(); n != 0 {
		t.Errorf("%d octets are still taken", n)
	}
}

// The exempt link is ended if it receives too little. Else it is one on which nothing arrives
// although it is read: the largest one of the host that has most, not of another host with a larger
// message.
func TestMemoryWho(t *testing.T) {
	type part struct {
		host  byte
		share int64
		state string // busy: its owner takes nothing
	}
	const least = 100
	for name, tc := range map[string]struct {
		parts []part
		got   int64 // octets, of the exempt one
		want  int   // -1: nobody
	}{
		"nobody":               {nil, 0, -1},
		"the largest":          {[]part{{1, 10, ""}, {1, 30, ""}, {1, 20, ""}}, 0, 1},
		"of the host":          {[]part{{1, 50, ""}, {2, 20, ""}, {2, 40, ""}}, 0, 2},
		"not one of ours":      {[]part{{1, 50, "busy"}, {2, 20, ""}}, 0, 1},
		"without a share":      {[]part{{1, 0, ""}}, 0, -1},
		"not one that waits":   {[]part{{1, 50, "waits"}, {2, 20, ""}}, 0, 1},
		"of those that wait":   {[]part{{1, 50, "waits"}, {1, 10, ""}, {2, 40, ""}}, 0, 1},
		"all wait":             {[]part{{1, 50, "waits"}, {2, 20, "waits"}}, 0, -1},
		"the exempt one":       {[]part{{1, 50, ""}, {2, 20, "exempt"}}, 0, 1},
		"it is slow":           {[]part{{1, 50, ""}, {2, 20, "exempt"}}, least - 1, 1},
		"it is not":            {[]part{{1, 50, ""}, {2, 20, "exempt"}}, least, 0},
		"nor are the others":   {[]part{{1, 50, "progresses"}, {2, 20, "exempt"}}, least, -1},
		"its owner is slow":    {[]part{{1, 50, ""}, {2, 20, "exempt, busy"}}, 0, -1},
		"the others wait":      {[]part{{1, 50, "waits"}, {2, 20, "exempt"}}, 0, 1},
		"it goes on, they too": {[]part{{1, 50, "waits"}, {2, 20, "exempt"}}, least, -1},
	} {
		e, m := crowdedEnd(t, 1, time.Hour)
		m.least, m.since = least, time.Now()
		var all []*link
		for _, p := range tc.parts {
			l := e.Transport.(*engine).newLink(nil)
			l.conn.Remote = netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, p.host}), 1)
			l.share.Store(p.share)
			l.busy.Store(strings.Contains(p.state, "busy"))
			l.waits.Store(p.state == "waits")
			switch {
			case strings.Contains(p.state, "exempt"):
				m.exempt = l
				l.got.Store(tc.got)
			case p.state == "progresses":
				l.got.Store(1)
			}
			all = append(all, l)
		}
		m.links = func() []*link { return all }
		m.evict() // The patience has not ended.
		for i, l := range all {
			if l.conn.Err() != nil {
				t.Errorf("%s: number %d, too early", name, i)
			}
		}
		m.expire(nil)
		m.links = e.Transport.(*engine).snapshot
		for i, l := range all {
			if ended := l.conn.Err() != nil; ended != (i == tc.want) {
				t.Errorf("%s: number %d: %v", name, i, l.conn.Err())
			}
		}
	}
}
