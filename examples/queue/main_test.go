package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gozre/zre/zre"
	"github.com/gozre/zre/zre/zretest"
)

// Workers share the jobs, and go on when one of them, or their leader, has left.
func TestQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := zretest.New(t)
		watcher := network.Node("watcher", zre.Config{})
		var all sync.WaitGroup
		var did [3]atomic.Int32
		leave := make([]context.CancelFunc, len(did))
		for i := range did {
			var ctx context.Context
			ctx, leave[i] = context.WithCancel(network.Context())
			all.Go(func() {
				cfg := zre.Config{Name: fmt.Sprint(i), UUID: [16]byte{byte(i + 1)}} // 0 becomes the leader
				if err := work(ctx, cfg, func(text []byte) []byte {
					did[i].Add(1)
					return []byte(strings.ToUpper(string(text)))
				}); err != nil {
					t.Logf("worker %d: %v", i, err)
				}
			})
		}
		workers := func(n int) func() bool {
			return func() bool { return len(watcher.PeersByGroup(group)) == n }
		}
		for left := range leave {
			network.Wait("the workers are there", workers(len(did)-left))
			time.Sleep(time.Minute) // They elect a leader.
			results, err := handIn(network.Context(), []string{"a", "b", "c", "d", "e", "f"})
			if err != nil || strings.Join(results, "") != "ABCDEF" {
				t.Fatalf("with %d workers: %q, %v", len(did)-left, results, err)
			}
			if left == 0 {
				if lead, one, two := did[0].Load(), did[1].Load(), did[2].Load(); lead != 0 || one != 3 || two != 3 {
					t.Errorf("the leader did %d jobs, the others %d and %d", lead, one, two)
				}
			}
			leave[left]()
			time.Sleep(time.Minute)
		}
		all.Wait()
		if _, err := handIn(network.Context(), []string{"x"}); err == nil {
			t.Error("nobody is there, and the job is done")
		}
	})
}
