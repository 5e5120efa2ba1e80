package main

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strings"

	"github.com/google/uuid"

	"github.com/gozre/zre/zre"
)

// A transfer is what one zrecat shouts from its first message to the end of its input. At
// its end the sender whispers an end mark to each member that takes one: how many messages
// and octets there were, and their checksum. Each zrecat says in the header X-ZRECAT of its
// HELLO what it does, so that other programs never get a mark, and need not send one. A
// mark counts for the peer that sent it, and for nobody else.

// transferHeader is the name of the header; its value is words.
const (
	transferHeader = "X-ZRECAT"
	sendsEnd       = "sends-end"
	takesEnd       = "takes-end"
)

// announcement is the value of the header for a program with these options.
func (c *cat) announcement() string {
	var words []string
	if c.sendsEnd() {
		words = append(words, sendsEnd)
	}
	if !c.options.sendOnly {
		words = append(words, takesEnd)
	}
	return strings.Join(words, " ")
}

// sendsEnd reports whether what is sent is a transfer. What somebody types is none.
func (c *cat) sendsEnd() bool { return !c.options.receiveOnly && !c.interactive }

// announces reports whether a peer's headers have a word.
func announces(headers map[string]string, word string) bool {
	for field := range strings.FieldsSeq(headers[transferHeader]) {
		if field == word {
			return true
		}
	}
	return false
}

// tally is how much was sent or received, and its checksum (CRC-32C).
type tally struct {
	messages, octets uint64
	sum              uint32
}

// add counts a message.
func (t *tally) add(frames ...[]byte) {
	t.messages++
	for _, f := range frames {
		t.octets += uint64(len(f))
		t.sum = crc32.Update(t.sum, castagnoli, f)
	}
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// endMagic is the first frame of an end mark, and of no message that anybody means to send.
const endMagic = "\x00zrecat-end\x00\x8b\xd2\x01"

// markSize is the size of the second frame: messages, octets and checksum.
const markSize = 8 + 8 + 4

// endMark returns the frames of an end mark.
func (t tally) endMark() [][]byte {
	b := binary.BigEndian.AppendUint64(make([]byte, 0, markSize), t.messages)
	b = binary.BigEndian.AppendUint64(b, t.octets)
	return [][]byte{[]byte(endMagic), binary.BigEndian.AppendUint32(b, t.sum)}
}

// isEndMark reports whether a whispered message is an end mark. Such a message is never
// written, also if what is in it makes no sense: then ok is false.
func isEndMark(frames [][]byte) (mark tally, is, ok bool) {
	if len(frames) == 0 || string(frames[0]) != endMagic {
		return tally{}, false, false
	}
	if len(frames) != 2 || len(frames[1]) != markSize {
		return tally{}, true, false
	}
	b := frames[1]
	return tally{
		messages: binary.BigEndian.Uint64(b), octets: binary.BigEndian.Uint64(b[8:]),
		sum: binary.BigEndian.Uint32(b[16:]),
	}, true, true
}

// transfer is what comes from one peer.
type transfer struct {
	announced bool // an end mark follows
	got       tally
	ended     bool
	mark      tally // if ended
}

// complete reports whether an end mark came, and it is right.
func (t *transfer) complete() bool { return t.ended && t.got == t.mark }

// fault says what is wrong with the transfer of a peer that sends no more, "" if nothing is
// known to be wrong.
func (t *transfer) fault() string {
	switch {
	case !t.announced || t.complete() || !t.ended && t.got.messages == 0:
		return ""
	case !t.ended:
		return fmt.Sprintf("incomplete: %d octets came, and no end", t.got.octets)
	case t.got.octets < t.mark.octets:
		return fmt.Sprintf("incomplete: %d of %d octets came (did this end join when it ran?)", t.got.octets, t.mark.octets)
	}
	return fmt.Sprintf("damaged: %d octets came, %d were sent, and the checksum differs", t.got.octets, t.mark.octets)
}

// transfers are those of the peers that are there. It belongs to the goroutine that receives.
type transfers map[uuid.UUID]*transfer

// enter begins with a peer.
func (ts transfers) enter(ev zre.Event) {
	ts[ev.Peer] = &transfer{announced: announces(ev.Headers, sendsEnd)}
}

// of returns the transfer of a peer that is there.
func (ts transfers) of(peer uuid.UUID) *transfer {
	t := ts[peer]
	if t == nil {
		t = &transfer{}
		ts[peer] = t
	}
	return t
}

// end returns the transfer of a peer that has left the group, or is gone, and forgets it.
func (ts transfers) end(ev zre.Event) transfer {
	t := *ts.of(ev.Peer)
	if ev.Type == zre.EventExit {
		delete(ts, ev.Peer)
	} else {
		ts[ev.Peer] = &transfer{announced: t.announced}
	}
	return t
}
