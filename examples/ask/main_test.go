package main

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gozre/zre/zre"
	"github.com/gozre/zre/zre/zretest"
)

func TestAsk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := zretest.New(t)
		server := network.Node("server", zre.Config{Groups: []string{"shop"}})
		var served sync.WaitGroup
		served.Go(func() { serve(t.Context(), server, strings.ToUpper) })
		client := network.Node("client", zre.Config{})
		if answer, err := ask(t.Context(), client, "shop", "bread"); answer != "BREAD" || err != nil {
			t.Errorf("the answer is %q, %v", answer, err)
		}
		if _, err := ask(t.Context(), client, "nowhere", "bread"); !errors.Is(err, errNobody) {
			t.Errorf("nobody is there, and the error is %v", err)
		}
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		served.Wait()
	})
}

// One that does not answer is waited for until the context ends.
func TestNoAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := zretest.New(t)
		network.Node("mute", zre.Config{Groups: []string{"shop"}})
		client := network.Node("client", zre.Config{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := ask(ctx, client, "shop", "bread"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the error is %v", err)
		}
	})
}
