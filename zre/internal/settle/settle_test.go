package settle

import (
	"net/netip"
	"testing"
	"time"

	"github.com/gozre/zre/zre/internal/core"
)

const (
	begin  = time.Hour
	listen = begin + 1100*time.Millisecond
)

// settled is when a node is settled whose view changes with time, and after how many looks.
func settled(t *testing.T, view func(now time.Duration) View) (after time.Duration, looks int) {
	t.Helper()
	s := New(begin, listen)
	for now := begin; ; {
		v := view(now)
		v.Now = now
		wait := s.Look(v)
		if wait == 0 {
			return now - begin, looks
		}
		if looks++; wait < 0 || looks > 1000 {
			t.Fatalf("wait %v at look %d", wait, looks)
		}
		now += wait
	}
}

func TestLook(t *testing.T) {
	peer := func(a core.Awaited, until time.Duration) func(time.Duration) View {
		return func(now time.Duration) View {
			if now >= begin+until {
				return View{}
			}
			return View{Awaited: []core.Awaited{a}}
		}
	}
	const forever = time.Hour
	soon := begin + time.Second
	for name, test := range map[string]struct {
		view func(now time.Duration) View
		want time.Duration
	}{
		"nobody":            {func(time.Duration) View { return View{} }, 1100 * time.Millisecond},
		"news long ago":     {func(time.Duration) View { return View{News: soon - time.Minute} }, 1100 * time.Millisecond},
		"news at the end":   {func(time.Duration) View { return View{News: soon} }, time.Second + Quiet},
		"silent":            {peer(core.Awaited{Since: soon}, forever), time.Second + ReachWithin},
		"silent, long ago":  {peer(core.Awaited{Since: begin - ReachWithin}, forever), 1100 * time.Millisecond},
		"refused":           {peer(core.Awaited{Since: soon, Refused: true}, forever), time.Second + RefusedAfter},
		"reaches us":        {peer(core.Awaited{Since: soon, Remote: netip.IPv6Loopback()}, forever), time.Second + ReachOnWithin},
		"no HELLO":          {peer(core.Awaited{Since: soon, Await: core.AwaitHello}, forever), time.Second + ReachWithin},
		"no PING-OK":        {peer(core.Awaited{Since: soon, Await: core.AwaitAnswer}, forever), time.Second + answerWithin},
		"about to go":       {peer(core.Awaited{Since: soon, Await: core.AwaitExit}, forever), time.Second + exitWithin},
		"came after cutoff": {peer(core.Awaited{Since: listen + most + 1}, forever), 1100 * time.Millisecond},
		"new ones for ever": {func(now time.Duration) View { return View{News: now} }, 1100*time.Millisecond + most},
		"handshakes for ever": {func(time.Duration) View { return View{Handshakes: 1} },
			1100*time.Millisecond + handshakeWithin},
		"servers for ever": {func(time.Duration) View { return View{Asking: 1} }, serverWithin},
		"a server answers": {func(now time.Duration) View {
			if now < begin+2*time.Second {
				return View{Asking: 1}
			}
			return View{}
		}, 2*time.Second + Quiet - poll},
	} {
		t.Run(name, func(t *testing.T) {
			got, looks := settled(t, test.view)
			if got < test.want || got > test.want+2*poll {
				t.Errorf("settled after %v, want %v", got, test.want)
			}
			if looks > 150 {
				t.Errorf("%d looks", looks)
			}
		})
	}
}

// Whatever others do, it ends.
func TestLookIsBounded(t *testing.T) {
	got, _ := settled(t, func(now time.Duration) View {
		return View{News: now, Handshakes: 3, Asking: 1, Awaited: []core.Awaited{
			{Since: now, Remote: netip.IPv6Loopback()}, {Since: now - time.Second, Await: core.AwaitAnswer},
		}}
	})
	if most := 1100*time.Millisecond + serverWithin + most + ReachOnWithin; got > most {
		t.Errorf("settled after %v", got)
	}
}

func TestUnreached(t *testing.T) {
	now := begin
	old, young := now-ReachWithin, now-ReachWithin+1
	all := []core.Awaited{
		{Name: "silent", Since: old},
		{Name: "young", Since: young},
		{Name: "refused", Since: now - RefusedAfter, Refused: true},
		{Name: "gone", Since: old, Refused: true, OnlyGossip: true},
		{Name: "gossip only", Since: old, OnlyGossip: true},
		{Name: "asked", Since: old, Await: core.AwaitAnswer},
		{Name: "going", Since: old, Await: core.AwaitExit},
		{Name: "asked just now", Since: now, Await: core.AwaitAnswer},
		{Name: "connected", Since: old, Await: core.AwaitHello},
	}
	v := View{Now: now, Awaited: all}
	names := func(list []core.Awaited) (s string) {
		for _, a := range list {
			s += a.Name + ", "
		}
		return s
	}
	if got, want := names(Unreached(v)), "silent, refused, gossip only, connected, "; got != want {
		t.Errorf("unreached: %s want %s", got, want)
	}
	if got, want := names(Open(v)), "silent, refused, gossip only, connected, young, asked just now, "; got != want {
		t.Errorf("open: %s want %s", got, want)
	}
}
