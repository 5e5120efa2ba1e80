package inbox

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/gozre/zre/internal/codec/zremsg"
	"github.com/gozre/zre/internal/transport"
)

// recorder is a protocol that writes down the steps, and lets some wait.
type recorder struct {
	steps []string
	hold  int // steps that are handled until the rest has to wait
	calls int
}

func (r *recorder) Accept(*Conn) bool { return true }
func (r *recorder) Down(*Conn, error) {}
func (r *recorder) Receive(c *Conn, steps []Step) []Step {
	r.calls++
	for i, s := range steps {
		if r.hold == 0 {
			r.hold = len(steps)
			go c.Resume()
			return steps[i:]
		}
		r.hold--
		if s.Chunk == nil {
			r.steps = append(r.steps, fmt.Sprintf("%x", s.First[2:]))
			continue
		}
		text := fmt.Sprintf("%d-%d/%d/%d:", s.Run.First, s.Run.Last, s.Run.Messages, s.Run.Octets)
		for _, it := range s.Chunk.Items {
			text += fmt.Sprintf(" %v %s%s", it.Type, it.Group, slices.Concat(it.Content...))
		}
		r.steps = append(r.steps, text)
	}
	return nil
}

func whisper(sequence uint16, content string) transport.Message {
	m := zremsg.Whisper{Sequence: sequence}
	return message(&m, content)
}

func shout(sequence uint16, group, content string) transport.Message {
	m := zremsg.Shout{Sequence: sequence, Group: group}
	return message(&m, content)
}

func message(m zremsg.Message, content string) transport.Message {
	first, err := m.AppendTo(nil)
	if err != nil {
		panic(err)
	}
	return transport.Message{First: first, Rest: [][]byte{[]byte(content)}}
}

// Consecutive messages of data are one run; everything else, and a number that does
// not follow, ends it. What has a fault is left to the protocol, which refuses it.
func TestRuns(t *testing.T) {
	faulty := func(header string) transport.Message { return transport.Message{First: []byte(header)} }
	for _, c := range []struct {
		name     string
		messages []transport.Message
		want     []string
	}{
		{"one run", []transport.Message{whisper(2, "a"), shout(3, "g", "b"), shout(4, "hh", "c")},
			[]string{"2-4/3/26: WHISPER a SHOUT gb SHOUT hhc"}},
		{"wrap", []transport.Message{whisper(65535, ""), whisper(0, "")}, []string{"65535-0/2/12: WHISPER  WHISPER "}},
		{"gap", []transport.Message{whisper(1, ""), whisper(3, "")}, []string{"1-1/1/6: WHISPER ", "3-3/1/6: WHISPER "}},
		{"control between", []transport.Message{whisper(1, "a"), message(&zremsg.Ping{Sequence: 2}, ""), whisper(3, "b")},
			[]string{"1-1/1/7: WHISPER a", "06020002", "3-3/1/7: WHISPER b"}},
		{"faults", []transport.Message{
			faulty("\xaa\xa1\x02\x02\x00\x01x"), faulty("\xaa\xa1\x03\x02\x00\x01"), faulty("\xaa\xa1\x03\x02\x00\x01\x05g"),
			faulty("\xaa\xa1\x03\x02\x00\x01\x01gx"), faulty("\xaa\xa1\x02\x03\x00\x01"), faulty("\xaa\xa1\x02"),
		}, []string{"0202000178", "03020001", "030200010567", "03020001016778", "02030001", "02"}},
	} {
		r := &recorder{hold: -1}
		conn := NewConn(nil, r, NewQueue(1<<20))
		conn.Receive(nil, c.messages)
		if !slices.Equal(r.steps, c.want) {
			t.Errorf("%s: steps\n%q\nwant\n%q", c.name, r.steps, c.want)
		}
	}
}

// A chunk is bounded in messages and octets; the run goes on in the next one.
func TestRunsAreBounded(t *testing.T) {
	for octets, want := range map[int]int{1: 3, mostCost: 600, mostCost / 2: 300} {
		var messages []transport.Message
		for i := range uint16(600) {
			m := whisper(i, "")
			m.Rest = [][]byte{make([]byte, octets)}
			messages = append(messages, m)
		}
		steps := NewConn(nil, &recorder{}, NewQueue(1<<20)).parse(nil, messages)
		if len(steps) != want {
			t.Errorf("%d steps for messages of %d octets, want %d", len(steps), octets, want)
		}
		next := 0
		for _, s := range steps {
			if int(s.Run.First) != next || len(s.Chunk.Items) != s.Run.Messages {
				t.Fatalf("run %+v with %d messages, want one from %d", s.Run, len(s.Chunk.Items), next)
			}
			next += s.Run.Messages
		}
	}
}

// Steps that have to wait are handled after Resume, each once and in order.
func TestStepsWait(t *testing.T) {
	var messages []transport.Message
	var want []string
	for i := range uint16(9) {
		messages = append(messages, message(&zremsg.Ping{Sequence: i}, ""))
		want = append(want, fmt.Sprintf("0602%04x", i))
	}
	r := &recorder{hold: 4}
	NewConn(nil, r, NewQueue(1<<20)).Receive(nil, messages)
	if !slices.Equal(r.steps, want) || r.calls != 2 {
		t.Errorf("%d calls, steps %q, want %q", r.calls, r.steps, want)
	}
}

// A connection that waits when the node is closed goes on, and its steps are
// dropped.
func TestReleaseEndsTheWait(t *testing.T) {
	q := NewQueue(1 << 20)
	r := &deaf{called: make(chan struct{})}
	done := make(chan struct{})
	go func() {
		NewConn(nil, r, q).Receive(nil, []transport.Message{whisper(1, "")})
		close(done)
	}()
	<-r.called
	q.Release()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatal("the connection still waits")
	}
}

// deaf is a protocol that lets everything wait.
type deaf struct{ called chan struct{} }

func (d *deaf) Accept(*Conn) bool { return true }
func (d *deaf) Down(*Conn, error) {}
func (d *deaf) Receive(_ *Conn, steps []Step) []Step {
	close(d.called)
	return steps
}

// Data in a row costs no allocation beyond what the transport has made.
func TestParseDoesNotAllocate(t *testing.T) {
	var messages []transport.Message
	for i := range uint16(100) {
		messages = append(messages, shout(i, "group", "content"))
	}
	r := &counter{queue: NewQueue(1 << 20)}
	conn := NewConn(nil, r, r.queue)
	conn.Receive(nil, messages)
	if got := testing.AllocsPerRun(100, func() { conn.Receive(nil, messages) }); got > 4 { // A pool may be emptied.
		t.Errorf("%v allocations for 100 messages", got)
	}
}

type counter struct {
	messages int
	queue    *Queue
}

func (c *counter) Accept(*Conn) bool { return true }
func (c *counter) Down(*Conn, error) {}
func (c *counter) Receive(_ *Conn, steps []Step) []Step {
	for _, s := range steps {
		c.messages += s.Run.Messages
		c.queue.Drop(s.Chunk)
	}
	return nil
}
