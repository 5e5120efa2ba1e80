package zre

import (
	"errors"
	"testing"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/codec/zremsg"
	"github.com/gozre/zre/internal/zmq"
	"github.com/gozre/zre/zre/internal/core"
)

// stranger is a ROUTER as another implementation has it: it ignores a second
// connection of an identity while it has the first.
func stranger(t *testing.T) (inbox *zmq.Socket, endpoint string) {
	t.Helper()
	ctx, err := zmq.Open()
	must(t, err)
	t.Cleanup(func() { must(t, ctx.Close()) })
	inbox, err = ctx.Router(zmq.Options{})
	must(t, err)
	t.Cleanup(func() { must(t, inbox.Close()) })
	endpoint, err = inbox.Bind("tcp://127.0.0.1:*")
	must(t, err)
	return inbox, endpoint
}

// next returns the next message on the inbox of a stranger.
func next(t *testing.T, inbox *zmq.Socket) zremsg.Message {
	t.Helper()
	got := make(chan zremsg.Message)
	go func() {
		defer close(got)
		b := zmq.Batch{MaxMessages: 1}
		if err := inbox.Receive(&b); err != nil {
			t.Error(err)
			return
		}
		m, err := zremsg.Decode(b.Message(0)[1])
		if err != nil {
			t.Error(err)
			return
		}
		got <- m
	}()
	select {
	case m := <-got:
		return m
	case <-bg(t).Done():
		t.Fatal("no message")
		return nil
	}
}

// A new session reaches a node that knows no hand-over, also when it has not yet
// read the end of the one before.
func TestNewSessionOnOldConnection(t *testing.T) {
	w := newTestNet(t)
	n := w.start("n")
	inbox, endpoint := stranger(t)
	peer := uuid.New()

	open := func() core.Link {
		n.mu.Lock()
		defer n.mu.Unlock()
		l, err := (*shell)(n).Open(peer, endpoint, "")
		must(t, err)
		return l
	}
	first := open()
	first.Send(&zremsg.Hello{})
	if m, ok := next(t, inbox).(*zremsg.Hello); !ok || m.Sequence != 1 {
		t.Fatalf("first message %+v", m)
	}
	first.Send(&zremsg.Join{Group: "g"})

	second, err := (*shell)(n).Reopen(first, peer, endpoint, "", core.ReasonRestarted)
	must(t, err)
	t.Cleanup(func() { second.Close("") })
	second.Send(&zremsg.Hello{})
	if m, ok := next(t, inbox).(*zremsg.Join); !ok || m.Sequence != 2 {
		t.Fatalf("last message of the first session %+v", m)
	}
	if m, ok := next(t, inbox).(*zremsg.Hello); !ok || m.Sequence != 1 {
		t.Fatalf("first message of the second session %+v", m)
	}
	if err := first.(*link).err; !errors.Is(err, ErrPeerGone) {
		t.Errorf("first link: %v", err)
	}
}

// What is queued by one session counts in the next, so that a peer that begins
// anew again and again, and reads nothing, costs no more than one window.
func TestNewSessionsAreBounded(t *testing.T) {
	w := newTestNet(t)
	n := w.start("n", smallWindow)
	_, endpoint := stranger(t)
	n.mu.Lock()
	defer n.mu.Unlock()
	cl, err := (*shell)(n).Open(uuid.New(), endpoint, "")
	must(t, err)
	first := cl.(*link).sock
	sessions := 0
	for ; cl.(*link).sock == first && sessions < 10_000; sessions++ {
		cl.Send(&zremsg.Hello{})
		if _, err := cl.(*link).try("g", [][]byte{make([]byte, 1000)}, nil, nil); err != nil {
			t.Fatal(err)
		}
		cl, err = (*shell)(n).Reopen(cl, uuid.New(), endpoint, "", core.ReasonRestarted)
		must(t, err)
	}
	cl.Close("")
	if most := n.cfg.SendWindow/1000 + 1; sessions > most {
		t.Errorf("%d sessions on one connection, want at most %d", sessions, most)
	}
}
