package core

import (
	"testing"
	"time"
)

// The estimate follows the samples, stays above them, and has an end.
func TestRoundTrip(t *testing.T) {
	var p Peer
	if p.within(time.Second, 3) != time.Second {
		t.Error("without a sample the least time does not count")
	}
	for range 20 {
		p.trip.sample(2 * time.Second)
	}
	if most := p.trip.most(); most < 2*time.Second || most > 2500*time.Millisecond {
		t.Errorf("of twenty round trips of 2 s nearly all take %v", most)
	}
	if got := p.within(time.Second, 2); got != 2*p.trip.most() {
		t.Errorf("two round trips take %v", got)
	}
	p.trip.sample(6 * time.Second)
	if most := p.trip.most(); most < 6*time.Second {
		t.Errorf("after one of 6 s nearly all take %v", most)
	}
	for range 50 {
		p.trip.sample(time.Hour)
	}
	if most := p.trip.most(); most != mostTrip {
		t.Errorf("after round trips of an hour nearly all take %v", most)
	}
	for range 200 {
		p.trip.sample(0)
	}
	if most := p.trip.most(); most > 10*time.Millisecond {
		t.Errorf("after many short ones nearly all take %v", most)
	}
}
