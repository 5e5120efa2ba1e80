package beacon

import (
	"errors"
	"testing"
	"time"
)

// Whenever Conns begin to announce with one period, they are sent together in
// few moments, and each keeps its period from its second beacon on.
func TestScheduleGathers(t *testing.T) {
	const period = time.Second
	var s schedule
	begun := make(map[*Conn]time.Duration)
	for i := range 75 {
		c := &Conn{}
		begun[c] = time.Duration(i) * 13 * time.Millisecond
		s.set(c, nil, period, begun[c])
	}
	sent := make(map[*Conn][]time.Duration)
	moments := 0
	for now := time.Duration(0); now < 10*period; {
		any := false
		wait, more := s.run(now, func(a announcement) {
			sent[a.conn] = append(sent[a.conn], now)
			any = true
		})
		if any {
			moments++
		}
		if !more || wait <= 0 {
			t.Fatalf("at %v: wait %v, %v", now, wait, more)
		}
		now += wait
	}
	if limit := 10 * slotsPerPeriod; moments > limit {
		t.Errorf("%d wake-ups in 10 periods, want %d at most", moments, limit)
	}
	for c, times := range sent {
		if first := times[0] - begun[c]; first > period || first < period-period/slotsPerPeriod {
			t.Errorf("first announcement after %v", first)
		}
		for i := range len(times) - 1 {
			if times[i+1]-times[i] != period {
				t.Errorf("sent at %v and %v", times[i], times[i+1])
			}
		}
	}
	if len(sent) != 75 {
		t.Errorf("%d of 75 were sent", len(sent))
	}
}

func TestScheduleLate(t *testing.T) {
	var s schedule
	c := &Conn{}
	s.set(c, nil, time.Second, 0)
	// The process was stopped for some time: what was missed is not made up.
	n := 0
	wait, _ := s.run(7300*time.Millisecond, func(announcement) { n++ })
	if n != 1 || wait > time.Second || wait < 800*time.Millisecond {
		t.Errorf("sent %d times, next in %v", n, wait)
	}
	s.set(c, nil, 1, 0) // shorter than can be divided
	if wait, more := s.run(0, func(announcement) { t.Error("sent too early") }); !more || wait != 1 {
		t.Errorf("wait %v, %v", wait, more)
	}
	s.drop(c)
	if wait, more := s.run(time.Hour, func(announcement) { t.Error("sent after drop") }); more {
		t.Errorf("wait %v after drop", wait)
	}
}

func TestAnnounce(t *testing.T) {
	kinds(t, func(t *testing.T, r *registry) {
		in := newInbox()
		port := freePort(t)
		open(t, r, Config{Port: port, Handler: in.handle})
		c := open(t, r, Config{Port: port})
		announce := func(payload string, period time.Duration) {
			t.Helper()
			if err := c.Announce([]byte(payload), period); err != nil {
				t.Fatal(err)
			}
		}
		announce("first", 5*time.Millisecond)
		for range 10 {
			in.want(t, "first")
		}
		announce("second", 5*time.Millisecond)
		for range 10 {
			in.want(t, "second")
		}
		announce("", 0)
		send(t, c, "last")
		// All ways to this socket keep the order, so nothing of what was
		// announced may come after what was sent then.
		for range 3 {
			in.want(t, "last")
		}
		select {
		case d := <-in:
			t.Errorf("heard %q after the end", d.payload)
		default:
		}
		if len(c.transport.schedule) != 0 {
			t.Error("still scheduled")
		}
		if s := c.Stats(); s.Sent < 20 || s.SendErrors != 0 {
			t.Errorf("stats %+v", s)
		}
	})
}

// What a closed Conn announced is not sent any more by the others' transport.
func TestAnnounceEndsWithItsConn(t *testing.T) {
	port := freePort(t)
	stays := open(t, &shared, Config{Port: port})
	c := open(t, &shared, Config{Port: port})
	for _, conn := range []*Conn{stays, c} {
		if err := conn.Announce([]byte("beacon"), time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	c.Close()
	if s := stays.transport.schedule; len(s) != 1 || s[0].conn != stays {
		t.Errorf("scheduled: %v", s)
	}
	err := c.Announce(nil, time.Hour)
	if !errors.Is(err, ErrClosed) || len(stays.transport.schedule) != 1 {
		t.Errorf("Announce after Close: %v, scheduled: %v", err, stays.transport.schedule)
	}
}
