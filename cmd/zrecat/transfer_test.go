package main

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"syscall"
	"testing"

	"github.com/google/uuid"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/zre"
)

// cat gives a peer that is another zrecat.
func catPeer(p zre.Peer, words string) zre.Peer {
	p.Headers = map[string]string{transferHeader: words}
	return p
}

// sum is the tally of messages of one frame each.
func sum(messages ...string) (t tally) {
	for _, m := range messages {
		t.add([]byte(m))
	}
	return t
}

// whisperMark plays the end mark of a peer.
func (n *fakeNode) whisperMark(p zre.Peer, t tally) {
	n.events <- zre.Event{Type: zre.EventWhisper, Peer: p.ID, Name: p.Name, Content: t.endMark()}
}

func TestEndMark(t *testing.T) {
	want := tally{messages: 3, octets: 5, sum: crc32.Checksum([]byte("aabbc"), castagnoli)}
	if got := sum("aa", "bb", "c"); got != want {
		t.Errorf("tally %+v, want %+v", got, want)
	}
	var frames tally
	frames.add([]byte("aa"), nil, []byte("b"))
	if alone := sum("aab"); frames != alone {
		t.Errorf("a message of frames: %+v, in one frame: %+v", frames, alone)
	}
	if mark, is, ok := isEndMark(want.endMark()); mark != want || !is || !ok {
		t.Errorf("%+v, %v, %v", mark, is, ok)
	}
	good := want.endMark()
	for name, c := range map[string]struct {
		frames [][]byte
		is     bool
	}{
		"no frame":        {nil, false},
		"text":            {[][]byte{[]byte("hello")}, false},
		"magic alone":     {good[:1], true},
		"short":           {[][]byte{good[0], good[1][:markSize-1]}, true},
		"long":            {[][]byte{good[0], append(good[1][:markSize:markSize], 0)}, true},
		"a third frame":   {[][]byte{good[0], good[1], nil}, true},
		"magic and more":  {[][]byte{append(good[0][:len(good[0]):len(good[0])], 'x'), good[1]}, false},
		"another version": {[][]byte{append(good[0][:len(good[0])-1:len(good[0])-1], 2), good[1]}, false},
	} {
		if _, is, ok := isEndMark(c.frames); is != c.is || ok {
			t.Errorf("%s: is a mark: %v, makes sense: %v", name, is, ok)
		}
	}
}

func FuzzEndMark(f *testing.F) {
	f.Add([]byte(endMagic), sum("x").endMark()[1])
	f.Fuzz(func(t *testing.T, a, b []byte) {
		mark, is, ok := isEndMark([][]byte{a, b})
		if ok && (!is || string(mark.endMark()[1]) != string(b)) {
			t.Errorf("%+v of %x", mark, b)
		}
	})
}

// An end mark goes to those that take one, after everything was acknowledged.
func TestEndIsTold(t *testing.T) {
	r := newRun(with(nil), &reads{"one", "two"})
	r.node.join(catPeer(alice, "takes-end sends-end"), "g")
	r.node.join(catPeer(bob, "sends-end"), "g")
	r.node.join(carol, "g")
	if err := r.cat.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(r.node.whispered) != 1 || r.node.whispered[0].peer != alice.ID {
		t.Fatalf("whispered %v", r.node.whispered)
	}
	if mark, _, ok := isEndMark(r.node.whispered[0].frames); !ok || mark != sum("one", "two") {
		t.Errorf("mark %+v", mark)
	}
}

// There is no end where the input was not sent to its end.
func TestNoEnd(t *testing.T) {
	for name, input := range map[string]io.Reader{
		"input fails": io.MultiReader(strings.NewReader("x"), brokenReader{}),
		"typed":       &reads{"hello"},
	} {
		r := newRun(with(nil), input)
		r.cat.interactive = name == "typed"
		r.node.join(catPeer(alice, "takes-end"), "g")
		if err := r.cat.run(t.Context()); err != nil && name == "typed" {
			t.Error(err)
		}
		if len(r.node.whispered) != 0 {
			t.Errorf("%s: whispered %v", name, r.node.whispered)
		}
	}
}

func TestAnnouncement(t *testing.T) {
	for want, c := range map[string]struct {
		change      func(*options)
		interactive bool
	}{
		"sends-end takes-end": {nil, false},
		"sends-end":           {func(o *options) { o.sendOnly = true }, false},
		"takes-end":           {func(o *options) { o.receiveOnly = true }, false},
		" takes-end":          {nil, true},
	} {
		r := newRun(with(c.change), nil)
		r.cat.interactive = c.interactive
		if got := r.cat.announcement(); got != strings.TrimSpace(want) {
			t.Errorf("announces %q, want %q", got, want)
		}
	}
	if announces(map[string]string{transferHeader: "takes-ends"}, takesEnd) {
		t.Error("a longer word is taken for the word")
	}
}

// What comes is checked at the end of its sender.
func TestTransfersAreChecked(t *testing.T) {
	sender := catPeer(alice, "sends-end takes-end")
	for name, c := range map[string]struct {
		from   zre.Peer
		mark   *tally
		reason zre.Reason // 0: it leaves the group
		says   string     // "" is a transfer that is all right
	}{
		"complete":             {sender, new(sum("a", "b")), 0, ""},
		"complete, goodbye":    {sender, new(sum("a", "b")), zre.ReasonGoodbye, ""},
		"complete, then lost":  {sender, new(sum("a", "b")), zre.ReasonLost, ""},
		"no end":               {sender, nil, 0, "incomplete: 2 octets came, and no end"},
		"no end, goodbye":      {sender, nil, zre.ReasonGoodbye, "incomplete: 2 octets came, and no end"},
		"no end, lost":         {sender, nil, zre.ReasonLost, "incomplete: 2 octets came, and no end"},
		"joined midway":        {sender, new(sum("0", "a", "b")), 0, "incomplete: 2 of 3 octets came"},
		"other octets":         {sender, new(sum("a", "c")), 0, "the checksum differs"},
		"other messages":       {sender, new(sum("ab")), 0, "the checksum differs"},
		"another program":      {alice, nil, zre.ReasonGoodbye, ""},
		"another program lost": {alice, nil, zre.ReasonLost, "is gone: connection lost"},
	} {
		for _, partial := range []bool{false, true} {
			r := newRun(with(func(o *options) { o.receiveOnly, o.untilLeave, o.partialOK = true, true, partial }), nil)
			r.node.join(c.from, "g")
			r.node.say(c.from, "g", "a")
			r.node.say(c.from, "g", "b")
			if c.mark != nil {
				r.node.whisperMark(c.from, *c.mark)
			}
			if c.reason == 0 {
				r.node.events <- zre.Event{Type: zre.EventLeave, Peer: c.from.ID, Name: c.from.Name, Group: "g"}
			} else {
				r.node.exit(c.from, c.reason)
			}
			err := r.cat.run(t.Context())
			if want := c.says != "" && !partial; (err != nil) != want || want && !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s, partial-ok %v: %v, want %q", name, partial, err, c.says)
			}
			if r.stdout.String() != "ab" {
				t.Errorf("%s: wrote %q", name, r.stdout.String())
			}
		}
	}
}

// A mark counts for the peer that sent it, and one that makes no sense is not written.
func TestForgedMarks(t *testing.T) {
	r := newRun(with(func(o *options) { o.receiveOnly, o.untilLeave = true, true }), nil)
	sender := catPeer(alice, "sends-end")
	r.node.join(sender, "g")
	r.node.join(bob, "g")
	r.node.say(sender, "g", "a")
	r.node.whisperMark(bob, sum("a"))
	r.node.events <- zre.Event{Type: zre.EventWhisper, Peer: bob.ID, Content: [][]byte{[]byte(endMagic), nil}}
	r.node.whisperMark(sender, sum("a", "b"))
	r.node.whisperMark(sender, sum("a")) // the first one counts
	r.node.exit(sender, zre.ReasonGoodbye)
	if err := r.cat.run(t.Context()); err == nil || !strings.Contains(err.Error(), "1 of 2 octets") || r.stdout.String() != "a" {
		t.Errorf("%v, wrote %q", err, r.stdout.String())
	}
}

// The transfer of an empty input has an end too.
func TestEmptyTransfer(t *testing.T) {
	r := newRun(with(func(o *options) { o.receiveOnly, o.untilLeave = true, true }), nil)
	sender := catPeer(alice, "sends-end")
	r.node.join(sender, "g")
	r.node.whisperMark(sender, tally{})
	r.node.exit(sender, zre.ReasonGoodbye)
	if err := r.cat.run(t.Context()); err != nil || r.stdout.Len() != 0 {
		t.Errorf("%v, wrote %q", err, r.stdout.String())
	}
}

// Without --until-leave an incomplete transfer is noted.
func TestIncompleteIsNoted(t *testing.T) {
	r := newRun(with(func(o *options) { o.receiveOnly, o.count = true, 2 }), nil)
	sender := catPeer(alice, "sends-end")
	r.node.join(sender, "g")
	r.node.say(sender, "g", "a")
	r.node.exit(sender, zre.ReasonGoodbye)
	r.node.join(bob, "g")
	r.node.say(bob, "g", "b")
	if err := r.cat.run(t.Context()); err != nil {
		t.Error(err)
	}
	if note := <-r.said; !strings.Contains(note, alice.ID.String()) || !strings.Contains(note, "incomplete") {
		t.Errorf("said %q", note)
	}
}

// What was written is acknowledged, and nothing after it.
func TestAcknowledgesWhatIsWritten(t *testing.T) {
	for name, c := range map[string]struct {
		options *options
		stdout  io.Writer
		acked   int // events, of ENTER, JOIN and five messages
	}{
		"all":          {with(func(o *options) { o.receiveOnly, o.count = true, 5 }), nil, 7},
		"--count":      {with(func(o *options) { o.receiveOnly, o.count = true, 3 }), nil, 5},
		"full disk":    {with(func(o *options) { o.receiveOnly = true }), &filling{2}, 4},
		"full at once": {with(func(o *options) { o.receiveOnly = true }), &filling{0}, 2},
		"send only":    {with(func(o *options) { o.sendOnly = true }), nil, 7},
	} {
		r := newRun(c.options, strings.NewReader("x"))
		if c.stdout != nil {
			r.cat.stdout = c.stdout
		}
		r.node.join(alice, "g")
		for i := range 5 {
			r.node.say(alice, "g", fmt.Sprint(i))
		}
		err := r.cat.run(t.Context())
		if (err != nil) != (c.stdout != nil) {
			t.Errorf("%s: %v", name, err)
		}
		if r.node.acked != c.acked || r.node.taken != 7 {
			t.Errorf("%s: acknowledged what came in %d of %d events, want %d of 7", name, r.node.acked, r.node.taken, c.acked)
		}
	}
}

// filling is a disk with room for so many messages.
type filling struct{ room int }

func (f *filling) Write(p []byte) (int, error) {
	if f.room--; f.room < 0 {
		return 0, syscall.ENOSPC
	}
	return len(p), nil
}

// A member that got something, and left before the rest was sent, has missed that; one that
// leaves after the last message has not.
func TestMemberLeavesMidway(t *testing.T) {
	for _, noWait := range []bool{false, true} {
		for at, want := range map[int]bool{0: true, 1: false} {
			in, out := io.Pipe()
			r := newRun(with(func(o *options) { o.noWait = noWait }), in)
			r.node.join(alice, "g")
			r.node.join(bob, "g")
			left := make(chan struct{})
			taken := 0
			r.node.onTake = func() {
				if taken++; taken == 6 {
					close(left) // ENTER and JOIN of both, and EXIT, have been handled
				}
			}
			r.node.onShout = func(n int) {
				if n == at {
					r.node.exit(bob, zre.ReasonGoodbye)
				}
			}
			go func() {
				fmt.Fprint(out, "1")
				if at == 0 {
					<-left
				}
				fmt.Fprint(out, "2")
				<-left
				out.Close()
			}()
			err := r.cat.run(t.Context())
			if named := err != nil && strings.Contains(err.Error(), bob.ID.String()); named != (want && !noWait) {
				t.Errorf("left after message %d, --no-wait %v: %v", at, noWait, err)
			}
		}
	}
}

// The lines and the lists about many peers are bounded.
func TestManyPeersAreBounded(t *testing.T) {
	var m missed
	for range 3 * mostMissed {
		id := uuid.New()
		m.left(id, "x", 1)
		m.sent(2)
		m.add(missedBy(zre.Peer{ID: id}, errors.New("again")))
	}
	if n := strings.Count(m.String(), ";"); n != mostNamed || !strings.HasSuffix(m.String(), fmt.Sprintf("and %d more", 3*2*mostMissed-mostNamed-mostMissed)) {
		t.Errorf("%d names, then %s", n, m.String()[max(0, len(m.String())-40):])
	}
	r := newRun(with(nil), nil)
	r.cat.joined = make(chan struct{}, 1)
	r.cat.progress.add([]byte("x"))
	for range 10 * maxLateNotes {
		id := uuid.New()
		r.cat.tell(zre.Event{Type: zre.EventJoin, Peer: id, Name: "late", Group: "g"})
	}
	if len(r.notes) != maxLateNotes+1 || !strings.Contains(r.notes[0], "joined after 1 octets") {
		t.Errorf("%d lines, the first is %q", len(r.notes), r.notes[0])
	}
}

// Whoever is not reached before sending is named, and the status is 1.
func TestNotReached(t *testing.T) {
	r := newRun(with(nil), &reads{"x"})
	r.node.join(alice, "g")
	r.cat.settle = func(context.Context) error { return errors.New("not reached: bob") }
	if err := r.cat.run(t.Context()); cli.Status(err) != cli.ExitFailure || len(r.node.shouted) != 1 {
		t.Errorf("%v, shouted %q", err, r.node.shouted)
	}
	if note := <-r.said; note != "not reached: bob" {
		t.Errorf("said %q", note)
	}
}

// Nothing to send is no reason to leave before the members came that were asked for.
func TestWaitsWithNothingToSend(t *testing.T) {
	r := newRun(with(func(o *options) { o.sendOnly, o.shutdown, o.mustWait, o.wait, o.waitTimeout = true, true, true, 2, 1 }), strings.NewReader(""))
	r.node.join(alice, "g")
	if err := r.cat.run(t.Context()); cli.Status(err) != cli.ExitNoPeer {
		t.Errorf("status %d, %v", cli.Status(err), err)
	}
}

func TestTimeout(t *testing.T) {
	const soon = cli.Seconds(1)
	for name, c := range map[string]struct {
		change func(*options)
		said   int
		status int
	}{
		"count":                     {func(o *options) { o.receiveOnly, o.count = true, 2 }, 1, cli.ExitTimeout},
		"until leave":               {func(o *options) { o.receiveOnly, o.untilLeave = true, true }, 1, cli.ExitTimeout},
		"nothing":                   {func(o *options) { o.receiveOnly = true }, 0, cli.ExitTimeout},
		"nothing after the input":   {func(o *options) {}, 0, cli.ExitTimeout},
		"no answer after the input": {func(o *options) { o.count = 1 }, 0, cli.ExitTimeout},
	} {
		o := with(c.change)
		o.timeout = soon
		r := newRun(o, &reads{"question"})
		r.node.join(alice, "g")
		for range c.said {
			r.node.say(alice, "g", "x")
		}
		if err := r.cat.run(t.Context()); cli.Status(err) != c.status || !strings.Contains(err.Error(), "within") {
			t.Errorf("%s: status %d, %v", name, cli.Status(err), err)
		}
	}
	// Whatever came in the time was wanted.
	r := newRun(with(nil), nil)
	r.cat.members.received.Store(1)
	if err := r.cat.tooLate(); err != nil {
		t.Error(err)
	}
}
