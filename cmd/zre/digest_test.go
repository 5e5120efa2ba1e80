package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/zre"
)

var noon = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

func testPeer(i int) zre.Peer {
	return zre.Peer{ID: uuid.UUID{byte(i >> 8), byte(i), 1}, Name: fmt.Sprintf("peer-%03d", i)}
}

// text is lines as they are shown in a wide window.
func text(lines [][]span) []string {
	if len(lines) == 0 {
		return nil
	}
	return strings.Split(layOut(false, lines, 1000, 0), "\n")
}

func TestDigestOfACrowd(t *testing.T) {
	d := newDigest(look{own: "me"})
	var events []zre.Event
	for i := range 200 {
		p := testPeer(i)
		events = append(events, zre.Event{Type: zre.EventEnter, Peer: p.ID, Name: p.Name}, zre.Event{Type: zre.EventJoin, Peer: p.ID, Name: p.Name, Group: "chat"})
	}
	events = append(events, message(testPeer(0), "chat", "all here?"))
	for i := range 3 {
		p := testPeer(i)
		events = append(events, zre.Event{Type: zre.EventExit, Peer: p.ID, Name: p.Name, Reason: zre.ReasonGoodbye})
	}
	want := []string{
		"12:00:00 ENTER   200 peers came: peer-000, peer-001, peer-002, peer-003, peer-004, peer-005, peer-006, peer-007 and 192 more",
		"12:00:00 JOIN    200 peers joined chat: peer-000, peer-001, peer-002, peer-003, peer-004, peer-005, peer-006, peer-007 and 192 more",
		"12:00:00 [chat] peer-000: all here?",
		"12:00:00 EXIT    peer-000 goodbye", "12:00:00 EXIT    peer-001 goodbye", "12:00:00 EXIT    peer-002 goodbye",
	}
	if got := text(d.lines(noon, events)); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// A peer that leaves and comes back within a moment is told in that order.
func TestDigestKeepsTheOrder(t *testing.T) {
	d := newDigest(look{own: "me"})
	p := testPeer(1)
	var events []zre.Event
	for range 4 {
		events = append(events, zre.Event{Type: zre.EventEnter, Peer: p.ID, Name: p.Name}, zre.Event{Type: zre.EventExit, Peer: p.ID, Name: p.Name})
	}
	var words []string
	for _, l := range text(d.lines(noon, events)) {
		words = append(words, strings.Fields(l)[1])
	}
	if got := strings.Join(words, " "); got != "ENTER EXIT ENTER EXIT ENTER EXIT ENTER EXIT" {
		t.Error(got)
	}
}

// Of a flood a part is shown, the rest counted; a peer that says little is shown all the time.
func TestDigestOfAFlood(t *testing.T) {
	d := newDigest(look{own: "me"})
	var events []zre.Event
	for i := range 5000 {
		events = append(events, message(alice, "chat", fmt.Sprint(i)))
		if i%500 == 0 {
			events = append(events, message(bob, "", "help"))
		}
	}
	got := text(d.lines(noon, events))
	if len(got) != peerBurst+10 {
		t.Errorf("%d lines, want %d of alice and 10 of bob", len(got), peerBurst)
	}
	if more := text(d.lines(noon.Add(summaryPeriod/2), nil)); more != nil {
		t.Errorf("told before it is time: %q", more)
	}
	got = text(d.lines(noon.Add(summaryPeriod), []zre.Event{message(alice, "chat", "again")}))
	want := []string{"12:00:01 [chat] 4,940 more from alice: too many to show", "12:00:01 [chat] alice: again"}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got %q, want %q", got, want)
	}
	if !d.nextTally.IsZero() || len(d.skipped) != 0 {
		t.Error("told, but not forgotten")
	}
}

// However many send, the screen gets a bounded number of lines, and so does the summary.
func TestDigestOfManyFloods(t *testing.T) {
	d := newDigest(look{own: "me"})
	var events []zre.Event
	for i := range 100 {
		for range 100 {
			events = append(events, message(testPeer(i), "chat", "x"))
		}
	}
	if got := text(d.lines(noon, events)); len(got) != allBurst {
		t.Errorf("%d lines, want %d", len(got), allBurst)
	}
	got := text(d.tally(noon, true))
	if len(got) != 5 || !strings.Contains(got[4], "more from others") {
		t.Errorf("%q", got)
	}
	for i := range 100 {
		d.lines(noon, []zre.Event{{Type: zre.EventExit, Peer: testPeer(i).ID, Name: testPeer(i).Name}})
	}
	if len(d.peers) != 0 {
		t.Errorf("%d peers are remembered after all have left", len(d.peers))
	}
}

func TestDigestTellsTheDay(t *testing.T) {
	d := newDigest(look{own: "me"})
	d.lines(noon, []zre.Event{message(alice, "", "a")})
	got := text(d.lines(noon.Add(24*time.Hour), []zre.Event{message(alice, "", "b")}))
	if len(got) != 2 || got[0] != "Sunday, 29 November 2026" {
		t.Errorf("%q", got)
	}
}

// A node that exists for one command is shown by its messages alone, and is forgotten.
func TestDigestHidesVisitors(t *testing.T) {
	d := newDigest(look{own: "me"})
	var v visitors
	d.hides = v.hide
	enter := zre.Event{Type: zre.EventEnter, Peer: alice.ID, Name: alice.Name, Headers: map[string]string{cli.OneShotHeader: "1"}}
	exit := zre.Event{Type: zre.EventExit, Peer: alice.ID, Name: alice.Name}
	got := text(d.lines(noon, []zre.Event{enter, message(alice, "chat", "hi"), exit}))
	if len(got) != 1 || got[0] != "12:00:00 [chat] alice: hi" || len(d.peers) != 0 {
		t.Errorf("%q, %d remembered", got, len(d.peers))
	}
}
