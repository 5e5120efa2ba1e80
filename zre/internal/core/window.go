package core

// Window bounds, in octets, what is under way to one peer: sent but not yet
// known to have been taken in. Its acknowledgements are the protocol's own: a
// node handles what arrives from a peer in order and answers each PING, so the
// k-th PING-OK proves that everything before the k-th PING was taken in.
// Every implementation answers PING, so the window works against each of them.
//
// It counts MessageCost octets for each message besides its own octets, so that
// many small messages are bounded as well as few large ones. It is not safe for
// concurrent use.
type Window struct {
	limit  uint64
	sent   mark
	acked  mark
	fenced mark   // where the last PING was sent
	fences []mark // PINGs without an answer yet, oldest first
}

// MessageCost is what a message counts for in a Window besides its octets:
// about what libzmq spends to queue a header and one content frame.
const MessageCost = 128

// FrameCost is what each further frame of content counts for.
const FrameCost = 64

// mark is a place in the stream of messages to a peer.
type mark struct {
	octets uint64 // all messages, with MessageCost
	data   uint64 // WHISPER and SHOUT messages
}

// NewWindow returns a window of limit octets.
func NewWindow(limit int) Window { return Window{limit: uint64(limit)} }

// Carry counts what is under way of an earlier window as under way of this one,
// which is new, as the same connection carries both.
func (w *Window) Carry(old *Window) { w.sent.octets = old.UnackedOctets() }

// Sent records a message of n octets with that many frames of content; data says
// that it was a WHISPER or SHOUT.
func (w *Window) Sent(n, frames int, data bool) {
	w.sent.octets += uint64(n) + MessageCost + uint64(max(0, frames-1))*FrameCost
	if data {
		w.sent.data++
	}
}

// Fence records that the message sent last was a PING.
func (w *Window) Fence() {
	w.fences = append(w.fences, w.sent)
	w.fenced = w.sent
}

// Ack records a PING-OK. It reports false when no PING was waiting for it.
func (w *Window) Ack() bool {
	if len(w.fences) == 0 {
		return false
	}
	w.acked = w.fences[0]
	w.fences = append(w.fences[:0], w.fences[1:]...)
	return true
}

// Room reports whether another data message may be sent. One message may always
// exceed the window, so a message larger than the window can be sent.
func (w *Window) Room() bool { return w.sent.octets-w.acked.octets < w.limit }

// WantsFence reports whether it is time for a PING: four make up a window, so
// that the acknowledgements come before the window is full.
func (w *Window) WantsFence() bool { return w.sent.octets-w.fenced.octets >= w.limit/4 }

// Overrun reports whether the messages that did not wait for room, answers to a
// peer's PINGs among them, have filled the window twice over.
func (w *Window) Overrun() bool { return w.sent.octets-w.acked.octets >= 2*w.limit+1<<20 }

// Unfenced reports whether messages were sent after the last PING.
func (w *Window) Unfenced() bool { return w.sent.octets != w.fenced.octets }

// UnfencedData reports whether WHISPER or SHOUT messages were sent after the last
// PING.
func (w *Window) UnfencedData() bool { return w.sent.data != w.fenced.data }

// Goal returns the place in the stream that has to be acknowledged for all that
// was sent so far to have been taken in. Call it after Fence.
func (w *Window) Goal() uint64 { return w.fenced.octets }

// Reached reports whether all that was sent before the goal has been taken in.
func (w *Window) Reached(goal uint64) bool { return w.acked.octets >= goal }

// UnackedData returns how many WHISPER and SHOUT messages are not known to have
// been taken in.
func (w *Window) UnackedData() uint64 { return w.sent.data - w.acked.data }

// UnackedOctets returns how many octets are under way, MessageCost included.
func (w *Window) UnackedOctets() uint64 { return w.sent.octets - w.acked.octets }
