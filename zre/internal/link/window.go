package link

// Window bounds, in octets, what is in flight to one peer: sent but not yet
// acknowledged. The acknowledgements are PING-OKs (RFC 36, "PING-OK"): a node
// handles what arrives from a peer in order and answers each PING, so the
// k-th PING-OK acknowledges everything before the k-th PING.
// Every implementation answers PING, so the window works against each of them.
//
// It adds MessageCost to the octets of each message, so that
// many small messages are bounded as well as few large ones. It is not safe for
// concurrent use.
type Window struct {
	limit  uint64
	sent   mark
	acked  mark
	fenced mark   // where the last PING was sent
	late   int    // PINGs of earlier links whose answers come first
	taken  int    // PING-OKs that were taken for such answers
	doubt  bool   // it is open whether there are such answers; see Doubt
	fences []mark // PINGs without an answer yet, oldest first
}

// MessageCost is what a message counts for in a Window in addition to its octets:
// about the memory that holds it until the peer has acknowledged it.
const MessageCost = 128

// FrameCost is what each further frame of content counts for.
const FrameCost = 64

// mark is a place in the stream of messages to a peer.
type mark struct {
	octets uint64 // all messages, with MessageCost
	data   uint64 // WHISPER and SHOUT messages
	beside uint64 // octets of the others, which do not wait for room
}

// NewWindow returns a window of limit octets.
func NewWindow(limit int) Window { return Window{limit: uint64(limit)} }

// Carry counts what is in flight of an earlier window as in flight of this one,
// which is new, as the same connection carries both.
func (w *Window) Carry(old *Window) {
	w.sent.octets, w.sent.beside = old.UnackedOctets(), old.sent.beside-old.acked.beside
	w.late = old.Unanswered()
}

// Inherit sets how many PING-OKs come that answer PINGs of earlier links.
func (w *Window) Inherit(late int) { w.late, w.taken, w.doubt = late, 0, false }

// Doubt says that from now on either PINGs of earlier links are answered, or those of this
// window, and never both. So if more PING-OKs come than PINGs of earlier links have no
// answer, all of them answer PINGs of this window.
func (w *Window) Doubt() { w.late, w.taken, w.doubt = w.late+w.taken, 0, w.late+w.taken > 0 }

// WantsMore reports whether more PINGs are needed until the answers end the doubt.
func (w *Window) WantsMore() bool { return w.doubt && len(w.fences) <= w.late+w.taken }

// Unsure reports whether the next PING-OK counts as one that answers a PING of an
// earlier link.
func (w *Window) Unsure() bool { return w.late > 0 }

// CountLate counts the PING-OKs that were taken for late ones as answers to PINGs of
// this window, and so those that come. If some of them were late ones after all, all
// PINGs so far are taken for answered.
func (w *Window) CountLate() {
	n := min(w.taken, len(w.fences))
	w.Inherit(0)
	if n > 0 {
		w.acked = w.fences[n-1]
		w.fences = append(w.fences[:0], w.fences[n:]...)
	}
}

// Unanswered returns how many PINGs may still be answered.
func (w *Window) Unanswered() int { return w.late + len(w.fences) }

// Sent records a message of n octets with that many frames of content; data says
// that it was a WHISPER or SHOUT.
func (w *Window) Sent(n, frames int, data bool) {
	w.sent.octets += uint64(n) + MessageCost + uint64(max(0, frames-1))*FrameCost
	if data {
		w.sent.data++
	} else {
		w.sent.beside += uint64(n) + MessageCost
	}
}

// Fence records that the message sent last was a PING.
func (w *Window) Fence() {
	w.fences = append(w.fences, w.sent)
	w.fenced = w.sent
}

// Ack records a PING-OK. It reports false when it does not answer a PING of this
// window.
func (w *Window) Ack() bool {
	if w.late > 0 {
		w.late--
		w.taken++
		return false
	}
	if w.doubt {
		w.CountLate()
	}
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
// peer's PINGs among them, fill a window and a megabyte. Messages that waited do not count:
// one of them alone may be larger than that.
func (w *Window) Overrun() bool { return w.sent.beside-w.acked.beside >= w.limit+1<<20 }

// Unfenced reports whether messages were sent after the last PING.
func (w *Window) Unfenced() bool { return w.sent.octets != w.fenced.octets }

// UnfencedData reports whether WHISPER or SHOUT messages were sent after the last
// PING.
func (w *Window) UnfencedData() bool { return w.sent.data != w.fenced.data }

// Goal returns the place in the stream up to which all that was sent so far is
// acknowledged. Call it after Fence.
func (w *Window) Goal() uint64 { return w.fenced.octets }

// Reached reports whether all that was sent before the goal is acknowledged.
func (w *Window) Reached(goal uint64) bool { return w.acked.octets >= goal }

// UnackedData returns how many WHISPER and SHOUT messages are not acknowledged.
func (w *Window) UnackedData() uint64 { return w.sent.data - w.acked.data }

// UnackedOctets returns how many octets are in flight, MessageCost included.
func (w *Window) UnackedOctets() uint64 { return w.sent.octets - w.acked.octets }
