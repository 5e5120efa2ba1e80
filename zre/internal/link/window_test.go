package link

import "testing"

// Frames of no size count as well.
func TestWindowCountsFrames(t *testing.T) {
	w := NewWindow(1 << 20)
	w.Sent(6, 1, true)
	one := w.UnackedOctets()
	w.Sent(6, 60_000, true)
	if got := w.UnackedOctets() - 2*one; got != 59_999*FrameCost {
		t.Errorf("59999 further frames count %d octets, want %d", got, 59_999*FrameCost)
	}
}

func TestWindow(t *testing.T) {
	w := NewWindow(1000)
	w.Sent(100, 1, true)
	if !w.Room() || w.WantsFence() || w.UnackedData() != 1 || !w.Unfenced() {
		t.Fatalf("%+v", w)
	}
	w.Sent(800, 1, true) // with MessageCost more than the window
	if w.Room() || !w.WantsFence() {
		t.Fatalf("%+v", w)
	}
	w.Sent(6, 0, false)
	w.Fence()
	goal := w.Goal()
	w.Sent(10, 1, true)
	if w.Reached(goal) || !w.Ack() || !w.Reached(goal) || w.UnackedData() != 1 || !w.Room() {
		t.Fatalf("%+v", w)
	}
	if w.Ack() {
		t.Error("a PING-OK without a PING was taken for an answer")
	}
	if w.Overrun() {
		t.Error("overrun")
	}
	for range 10 {
		w.Sent(200_000, 0, false)
	}
	if !w.Overrun() {
		t.Error("no overrun")
	}
}

// One message may be larger than any window: the peer reads it as fast as it can.
func TestWindowLargeMessage(t *testing.T) {
	w := NewWindow(1000)
	w.Sent(100<<20, 1, true)
	var next Window
	next.Carry(&w)
	if w.Overrun() || next.Overrun() {
		t.Error("overrun by one message that had room")
	}
	for range 10 {
		w.Sent(200_000, 0, false)
	}
	next.Carry(&w)
	if !w.Overrun() || !next.Overrun() {
		t.Error("no overrun")
	}
}

// PING-OKs that were taken for answers to earlier PINGs are counted again.
func TestWindowCountLate(t *testing.T) {
	w := NewWindow(1000)
	w.Inherit(100)
	var goals []uint64
	for range 4 {
		w.Sent(100, 1, true)
		w.Fence()
		goals = append(goals, w.Goal())
	}
	for range 2 {
		if !w.Unsure() || w.Ack() {
			t.Fatal("a late PING-OK counts")
		}
	}
	w.CountLate()
	if w.Unsure() || !w.Reached(goals[1]) || w.Reached(goals[2]) || w.Unanswered() != 2 {
		t.Errorf("after two answers: %+v", w)
	}
	if !w.Ack() || !w.Reached(goals[2]) || w.Reached(goals[3]) {
		t.Errorf("after the third answer: %+v", w)
	}
	w.CountLate()
	if w.Reached(goals[3]) {
		t.Error("an answer counts twice")
	}
}

// While it is open whether PINGs of earlier links are answered or those of this one, PING-OKs
// count only when there are more of them than PINGs of earlier links; then all count.
func TestWindowDoubt(t *testing.T) {
	w := NewWindow(1000)
	w.Inherit(2)
	w.Doubt()
	var goals []uint64
	for w.WantsMore() {
		w.Sent(100, 1, true)
		w.Fence()
		goals = append(goals, w.Goal())
	}
	if len(goals) != 3 {
		t.Fatalf("%d PINGs are sent, want one more than are late", len(goals))
	}
	for range 2 {
		if w.Ack() {
			t.Fatal("a PING-OK counts that may be late")
		}
	}
	// The peer begins again: those were late, and it is open again.
	w.Doubt()
	for range 2 {
		if w.Ack() || w.Reached(goals[0]) {
			t.Fatal("a PING-OK counts that may be late")
		}
	}
	if !w.Ack() || !w.Reached(goals[2]) || w.Unanswered() != 0 || w.WantsMore() {
		t.Errorf("after a third answer: %+v", w)
	}
	if w.Ack() {
		t.Error("an answer counts without a PING")
	}
	w.Doubt()
	w.Sent(100, 1, true)
	w.Fence()
	if w.WantsMore() || !w.Ack() {
		t.Errorf("without PINGs of earlier links there is a doubt: %+v", w)
	}
}
