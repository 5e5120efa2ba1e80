package main

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/gozre/zre/zre"
	"github.com/gozre/zre/zre/zretest"
)

func TestAnnounce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := zretest.New(t)
		bob := network.Node("bob", zre.Config{Groups: []string{"news"}})
		ended := make(chan error, 1)
		go func() { ended <- announce(network.Context(), "news", "it works") }()
		if ev := network.Next(bob, zre.EventShout); string(ev.Content[0]) != "it works" || ev.Name != "announcer" {
			t.Errorf("bob got %+v", ev)
		}
		if ev := network.Next(bob, zre.EventExit); ev.Reason != zre.ReasonGoodbye {
			t.Errorf("it left: %+v", ev)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := announce(network.Context(), "nobody", "x"); err == nil || !strings.Contains(err.Error(), "nobody is in nobody") {
			t.Errorf("to an empty group: %v", err)
		}
	})
}
