package zre

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
)

func TestPing(t *testing.T) {
	eachWay(t, func(t *testing.T, tcp func(*Config)) {
		w := newTestNet(t)
		a, b := w.start("a", tcp), w.start("b", tcp)
		talk(t, a, b)
		began := time.Now()
		for range 3 {
			trip, err := a.Ping(bg(t), b.ID())
			if most := time.Since(began); err != nil || trip <= 0 || trip > most {
				t.Errorf("%v of at most %v, %v", trip, most, err)
			}
		}
		if n := a.Stats().PongsUnexpected; n != 0 {
			t.Errorf("%d answers to no PING", n)
		}
	})
}

func TestPingErrors(t *testing.T) {
	w := newTestNet(t)
	a, b := w.start("a"), w.start("b")
	talk(t, a, b)
	if _, err := a.Ping(bg(t), uuid.New()); !errors.Is(err, ErrUnknownPeer) {
		t.Errorf("nobody: %v", err)
	}
	// b does not take the message, so the answer to the PING behind it does not come.
	must(t, a.Whisper(bg(t), b.ID(), []byte("not taken")))
	ctx, cancel := context.WithTimeout(bg(t), 50*time.Millisecond)
	defer cancel()
	if _, err := a.Ping(ctx, b.ID()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("no answer: %v", err)
	}
	ended := make(chan error, 1)
	go func() {
		_, err := a.Ping(bg(t), b.ID())
		ended <- err
	}()
	must(t, b.Close())
	if err := <-ended; err != nil && !errors.Is(err, ErrPeerGone) && !errors.Is(err, ErrUnknownPeer) {
		t.Errorf("a peer that leaves: %v", err)
	}
	if _, missed := errors.AsType[*DeliveryError](a.Close()); !missed {
		t.Error("the message that was not taken is not missed")
	}
	if _, err := a.Ping(bg(t), b.ID()); !errors.Is(err, ErrClosed) {
		t.Errorf("a closed node: %v", err)
	}
}
