package beacon

import (
	"context"
	"slices"
	"time"
)

// slotsPerPeriod says how finely the times of announcements are told apart.
//
// A wake-up of an idle process costs many times what sending a beacon does: 75
// Conns that each kept their own time took 2.3 % of a core, and with five slots
// in a second 0.4 %. With fewer slots there is little more to gain, and the
// bursts that receivers have to buffer grow.
const slotsPerPeriod = 5

// An announcement is a beacon that is sent again and again. Times are counted
// from when the transport was opened, so that hosts do not keep step.
type announcement struct {
	conn    *Conn
	payload []byte
	period  time.Duration
	due     time.Duration
}

// A schedule holds the announcement of each Conn that has one. It has no clock
// and no lock of its own.
type schedule []announcement

// set replaces the announcement of the Conn, if it has one. The new one is due
// a period from now, at the most a slot earlier.
func (s *schedule) set(c *Conn, payload []byte, period, now time.Duration) {
	s.drop(c)
	*s = append(*s, announcement{c, payload, period, dueAfter(now, period)})
}

// drop removes the announcement of the Conn.
func (s *schedule) drop(c *Conn) {
	*s = slices.DeleteFunc(*s, func(a announcement) bool { return a.conn == c })
}

// hurry makes all announcements due now.
func (s schedule) hurry() {
	for i := range s {
		s[i].due = 0
	}
}

// run sends what is due now, and gives the time until the next one is; there
// may be none.
func (s *schedule) run(now time.Duration, send func(announcement)) (wait time.Duration, more bool) {
	for i := range *s {
		a := &(*s)[i]
		if a.due <= now {
			send(*a)
			a.due = dueAfter(now, a.period)
		}
		if left := a.due - now; !more || left < wait {
			wait, more = left, true
		}
	}
	return wait, more
}

// dueAfter gives the start of the slot that lies a period after now, so that
// all with one period that are due in one slot are sent together.
func dueAfter(now, period time.Duration) time.Duration {
	slot := max(1, period/slotsPerPeriod)
	return (now + period) / slot * slot
}

// Announce sends the payload like Send, and then again once in each period
// until the Conn is closed or Announce is called again: with another payload
// or period, or with a period of zero, which only ends it. When it returns the
// former payload is not sent any more. The error is that of the first sending;
// later ones are counted and logged, and the announcement goes on.
//
// Announcements of Conns that share a transport are sent together as far as
// their periods allow: the first period may be shorter by up to a fifth.
func (c *Conn) Announce(payload []byte, period time.Duration) error {
	if err := c.transport.reschedule(c, payload, period); err != nil || period <= 0 {
		return err
	}
	return c.Send(payload)
}

// reschedule notes the announcement of a Conn and wakes the announcer.
func (t *transport) reschedule(c *Conn, payload []byte, period time.Duration) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	// Close takes the Conn off the schedule after it has marked it closed.
	if c.closed.Load() {
		return ErrClosed
	}
	if period <= 0 {
		t.schedule.drop(c)
		return nil
	}
	t.schedule.set(c, slices.Clone(payload), period, time.Since(t.opened))
	t.wakeAnnouncer()
	return nil
}

// wakeAnnouncer makes the announcer look at the schedule again.
func (t *transport) wakeAnnouncer() {
	select {
	case t.rescheduled <- struct{}{}:
	default: // it has not looked yet since the last time
	}
}

// announce sends the announcements when they are due until ctx ends.
func (t *transport) announce(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.rescheduled:
		case <-timer.C:
		}
		t.mu.Lock()
		wait, more := t.schedule.run(time.Since(t.opened), func(a announcement) {
			_ = t.sendLocked(a.conn, a.payload) // an error is logged and counted there
		})
		t.mu.Unlock()
		if more {
			timer.Reset(wait)
		} else {
			timer.Stop()
		}
	}
}
