package link

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/gozre/zre/internal/codec/zremsg"
	"github.com/gozre/zre/internal/transport"
)

// shareFrom is the size, in octets, from which on a SHOUT is encoded once for all
// members. For a small one that costs more than a copy for each.
const shareFrom = 512

// stallCheck is how often a waiting sender asks Config.Stalled.
const stallCheck = time.Second

// Whisper sends a WHISPER. It waits for room in the window until ctx ends.
func (l *Link) Whisper(ctx context.Context, frames [][]byte, octets int) error {
	sent, err := l.try("", frames, nil, octets, nil)
	if sent || err != nil {
		return err
	}
	return l.whisperLater(ctx, frames, octets)
}

func (l *Link) whisperLater(ctx context.Context, frames [][]byte, octets int) error {
	wake := make(chan struct{}, 1)
	defer l.forget(wake)
	for {
		if sent, err := l.try("", frames, nil, octets, wake); sent || err != nil {
			return err
		}
		if err := l.leftOut(); err != nil {
			return err
		}
		if err := l.set.wait(ctx, wake, slowOne, l); err != nil {
			return fmt.Errorf("peer acknowledges nothing: %w", err)
		}
	}
}

// Shout sends a SHOUT on each of the links. It serves those first that have room,
// and then waits for the others until ctx ends. It returns the peers that were not
// reached.
func (s *Set) Shout(ctx context.Context, group string, frames [][]byte, octets int, links []*Link) []Missed {
	var missed []Missed
	var later []*Link
	var shared *transport.Content
	if len(links) > 1 && octets >= shareFrom {
		shared = transport.NewContent(frames...)
		defer shared.Release()
	}
	for _, l := range links {
		sent, err := l.try(group, frames, shared, octets, nil)
		switch {
		case err != nil:
			missed = append(missed, l.Missed(err))
		case !sent:
			later = append(later, l)
		}
	}
	if len(later) > 0 {
		missed = append(missed, s.shoutLater(ctx, group, frames, shared, octets, later)...)
	}
	return missed
}

// shoutLater sends on the links as each of them has room.
func (s *Set) shoutLater(ctx context.Context, group string, frames [][]byte, shared *transport.Content, octets int,
	links []*Link) (missed []Missed) {
	wake := make(chan struct{}, 1)
	all := slices.Clone(links)
	defer func() {
		for _, l := range all {
			l.forget(wake)
		}
	}()
	for {
		links = slices.DeleteFunc(links, func(l *Link) bool {
			sent, err := l.try(group, frames, shared, octets, wake)
			if !sent && err == nil {
				err = l.leftOut()
			}
			if err != nil {
				missed = append(missed, l.Missed(err))
			}
			return sent || err != nil
		})
		if len(links) == 0 {
			return missed
		}
		if err := s.wait(ctx, wake, slowOne, links...); err != nil {
			for _, l := range links {
				missed = append(missed, l.Missed(err))
			}
			return missed
		}
	}
}

// every is how often a waiting sender looks whether there is a point in waiting.
func (s *Set) every() time.Duration {
	if s.cfg.SlowPeer > 0 {
		return min(stallCheck, s.cfg.SlowPeer)
	}
	return stallCheck
}

// wait returns when wake is signalled, when left says that one of the links is to be left out, or
// with the reason why there is no point in waiting any longer.
func (s *Set) wait(ctx context.Context, wake <-chan struct{}, left func(*Link) bool, links ...*Link) error {
	every := s.every()
	check := time.NewTicker(every)
	defer check.Stop()
	for _, l := range links {
		l.look(every / 2)
	}
	for {
		select {
		case <-wake:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-check.C:
			quiet := time.Duration(math.MaxInt64)
			for _, l := range links {
				l.look(every / 2)
				quiet = min(quiet, l.quiet())
			}
			if err := s.cfg.Stalled(quiet); err != nil {
				return err
			}
			if slices.ContainsFunc(links, left) {
				return nil
			}
		}
	}
}

// slowOne warns of a peer that does not read, and reports whether it is to be left out.
func slowOne(l *Link) bool {
	l.warnSlow()
	return l.leftOut() != nil
}

// nobody is for those who wait until a peer has acknowledged, however long it does not read.
func nobody(*Link) bool { return false }

// try sends a WHISPER, or with a group a SHOUT, if there is room. If there is none
// and wake is not nil, wake is signalled when there may be. Shared holds the frames
// as well where several links send them, and is nil otherwise.
func (l *Link) try(group string, frames [][]byte, shared *transport.Content, octets int,
	wake chan struct{}) (sent bool, err error) {
	l.conn.Lock()
	if next := l.next; next != nil {
		l.conn.Unlock()
		return next.try(group, frames, shared, octets, wake)
	}
	sent, err = l.tryHere(group, frames, shared, octets, wake)
	l.conn.Unlock()
	return sent, err
}

// tryHere is try on this link. Called under the lock.
func (l *Link) tryHere(group string, frames [][]byte, shared *transport.Content, octets int,
	wake chan struct{}) (sent bool, err error) {
	switch {
	case l.err != nil:
		return false, l.err
	case !l.win.Room() || !l.mayPass():
		l.noRoom()
		if wake != nil {
			l.register(wake)
		}
		return false, nil
	}
	if group == "" {
		m := zremsg.Whisper{Sequence: l.nextSequence()}
		l.header, err = m.AppendTo(l.header[:0])
	} else {
		m := zremsg.Shout{Sequence: l.nextSequence(), Group: group}
		l.header, err = m.AppendTo(l.header[:0])
	}
	if err != nil {
		return false, err
	}
	if err = l.write(frames, shared, octets, true); err != nil {
		return false, err
	}
	switch {
	case l.wantsFence():
		l.ping()
	case !l.fenced:
		l.fenced = true
		l.set.fenceSoon(l)
	}
	return true, nil
}

// register makes wake be signalled when the window moves or the link ends. Called
// under the lock.
func (l *Link) register(wake chan struct{}) {
	if l.wait == nil {
		l.wait = make(map[chan struct{}]struct{})
	}
	if _, again := l.wait[wake]; !again {
		l.count.Waits++
	}
	l.wait[wake] = struct{}{}
}

// forget ends a wait.
func (l *Link) forget(wake chan struct{}) {
	for l != nil {
		l.conn.Lock()
		delete(l.wait, wake)
		next := l.next
		l.conn.Unlock()
		l = next
	}
}

// fenceData sends a PING if data was sent that no PING follows.
func (l *Link) fenceData() {
	l.conn.Lock()
	defer l.conn.Unlock()
	l.fenced = false
	if l.err == nil && l.win.UnfencedData() && !l.win.Unsure() {
		l.ping()
	}
}

// Fence sends a PING unless the last message was one, and returns what has to be
// acknowledged. It reports false if every SHOUT and WHISPER is acknowledged: a peer that was
// sent none is not waited for, whatever its state.
func (l *Link) Fence() (goal uint64, ok bool) {
	l.conn.Lock()
	defer l.conn.Unlock()
	switch {
	case l.win.UnackedData() == 0:
		return 0, false
	case l.err != nil:
		// A write has failed. Whether the peer is missed shows when its session ends, which
		// is soon: its last answers may still come.
		return math.MaxUint64, l.carrier != nil
	}
	if l.win.Unfenced() {
		l.ask()
	}
	goal = l.win.Goal()
	return goal, !l.win.Reached(goal)
}

// Await waits until the goal is acknowledged. An error wraps ErrGone if the peer
// went away.
func (l *Link) Await(ctx context.Context, goal uint64) error {
	wake := make(chan struct{}, 1)
	defer l.forget(wake)
	for {
		l.conn.Lock()
		switch {
		case l.win.Reached(goal):
			l.conn.Unlock()
			return nil
		case l.err != nil && l.carrier == nil:
			l.conn.Unlock()
			return l.err
		}
		l.register(wake)
		l.conn.Unlock()
		if err := l.set.wait(ctx, wake, nobody, l); err != nil {
			return err
		}
	}
}
