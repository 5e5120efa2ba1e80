package zgossip

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/gozre/zre/internal/transport"
)

func messageOf(text string) []transport.Message {
	return []transport.Message{{First: []byte(text), Rest: [][]byte{[]byte("rest")}}}
}

func TestInboxKeepsOrder(t *testing.T) {
	in := newInbox()
	c := new(client)
	for round := range 3 { // its memory is used again
		var want, got []string
		for i := range 100 {
			text := fmt.Sprint("message ", round, " ", i)
			m := messageOf(text)
			in.add(c, m)
			clear(m[0].First) // as a transport does
			want = append(want, text+" 1 <nil>")
		}
		in.addEnd(c, errors.New("ended"))
		want = append(want, " 0 ended")
		select {
		case <-in.ready:
		default:
			t.Fatal("nothing says that there are messages")
		}
		in.take(func(a *arrival, frame []byte) {
			got = append(got, fmt.Sprint(string(frame), " ", len(a.rest), " ", a.ended))
			if a.client != c {
				t.Error("another client")
			}
		})
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("got  %q\nwant %q", got, want)
		}
	}
}

// A full inbox makes connections wait, until there is room or the inbox is closed.
func TestInboxIsBounded(t *testing.T) {
	in := newInbox()
	c := new(client)
	big := []transport.Message{{First: make([]byte, inboxSize)}}
	in.add(c, big)
	added := make(chan struct{})
	waiting := func() {
		go func() {
			in.add(c, big)
			added <- struct{}{}
		}()
		select {
		case <-added:
			t.Fatal("a full inbox takes more")
		case <-time.After(20 * time.Millisecond):
		}
	}
	let := func(what string, count int) {
		t.Helper()
		select {
		case <-added:
		case <-time.After(patience):
			t.Fatalf("still waiting after %s", what)
		}
		n := 0
		in.take(func(*arrival, []byte) { n++ })
		if n != count {
			t.Errorf("%d messages after %s, want %d", n, what, count)
		}
	}
	waiting()
	in.take(func(*arrival, []byte) {})
	let("there is room", 1)
	in.add(c, big)
	waiting()
	in.addEnd(c, errors.New("ended")) // never waits
	in.close()
	let("it is closed", 2)
	in.add(c, big)
	in.take(func(*arrival, []byte) { t.Error("a closed inbox takes messages") })
}
