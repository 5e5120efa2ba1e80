package zretest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/gozre/zre/zre"
	"github.com/gozre/zre/zre/keys"
	"github.com/gozre/zre/zre/zretest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// chat is the Config of a node in one group.
var chat = zre.Config{Groups: []string{"chat"}}

func TestMessages(t *testing.T) {
	network := zretest.New(t)
	alice, bob, carol := network.Node("alice", chat), network.Node("bob", chat), network.Node("carol", zre.Config{})
	network.Meet(alice, bob, carol)
	if err := alice.Shout(t.Context(), "chat", []byte("hello"), []byte("all")); err != nil {
		t.Fatal(err)
	}
	if err := alice.Whisper(t.Context(), carol.ID(), []byte("psst")); err != nil {
		t.Fatal(err)
	}
	if ev := network.Next(bob, zre.EventShout); ev.Name != "alice" || fmt.Sprintf("%s", ev.Content) != "[hello all]" {
		t.Errorf("bob got %+v", ev)
	}
	if ev := network.Next(carol, zre.EventWhisper); ev.Peer != alice.ID() || string(ev.Content[0]) != "psst" {
		t.Errorf("carol got %+v", ev)
	}
	if err := alice.Flush(t.Context()); err != nil {
		t.Error(err)
	}
	if err := bob.Join("late"); err != nil {
		t.Fatal(err)
	}
	network.Meet(alice, bob)
	if members := alice.PeersByGroup("late"); len(members) != 1 {
		t.Errorf("after Meet %v are in the group", members)
	}
}

// Two networks of one process, and ports of one network, have nothing to do with each other.
func TestNetworksAreApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one, two := zretest.New(t), zretest.New(t)
		alone := one.Node("alone", zre.Config{})
		quiet := two.Node("quiet", zre.Config{Discovery: zre.Discovery{BeaconPort: 9999}})
		two.Meet(two.Node("a", zre.Config{}), two.Node("b", zre.Config{}))
		time.Sleep(time.Minute)
		if n := len(alone.Peers()) + len(quiet.Peers()); n != 0 {
			t.Errorf("they have %d peers", n)
		}
	})
}

func TestCutAndHeal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := zretest.New(t)
		alice, bob, carol := network.Node("alice", chat), network.Node("bob", chat), network.Node("carol", chat)
		network.Meet(alice, bob, carol)
		network.Cut(alice, bob)
		if ev := network.Next(alice, zre.EventExit); ev.Name != "bob" || ev.Reason != zre.ReasonLost {
			t.Errorf("the cut is %+v", ev)
		}
		time.Sleep(time.Minute) // They do not find each other, and carol has both.
		if _, there := alice.Peer(bob.ID()); there || len(carol.Peers()) != 2 {
			t.Errorf("bob is there: %v, and carol has %v", there, carol.Peers())
		}
		network.Heal(alice, bob)
		network.Meet(alice, bob, carol)
		if err := alice.Whisper(t.Context(), bob.ID(), []byte("again")); err != nil {
			t.Fatal(err)
		}
		if ev := network.Next(bob, zre.EventWhisper); string(ev.Content[0]) != "again" {
			t.Errorf("bob got %+v", ev)
		}
	})
}

// A sender learns what was lost in a cut.
func TestCutLosesMessages(t *testing.T) {
	network := zretest.New(t)
	alice, bob := network.Node("alice", chat), network.Node("bob", chat)
	network.Meet(alice, bob)
	if err := alice.Shout(t.Context(), "chat", []byte("lost")); err != nil {
		t.Fatal(err)
	}
	network.Cut(alice, bob)
	if len(alice.Peers())+len(bob.Peers()) > 0 {
		t.Errorf("alice has %v, and bob %v", alice.Peers(), bob.Peers())
	}
	err := alice.Flush(t.Context())
	if missed, ok := errors.AsType[*zre.DeliveryError](err); !ok {
		t.Errorf("Flush says that all was acknowledged: %v", err)
	} else if !strings.Contains(missed.Error(), "bob") {
		t.Errorf("%v does not name bob", missed)
	}
}

// In a bubble of synctest the times of the protocol pass at once.
func TestTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := zretest.New(t)
		bob := network.Node("bob", chat)
		begin := time.Now()
		alice := network.Node("alice", chat)
		if err := alice.Settle(t.Context()); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(begin); len(alice.Peers()) != 1 || d < time.Second || d > 2*time.Second {
			t.Errorf("settled after %v with %v", d, alice.Peers())
		}
		time.Sleep(time.Hour) // They keep alive.
		if len(alice.Peers()) != 1 || len(bob.Problems())+len(alice.Problems()) != 0 {
			t.Errorf("an hour later: %v, %v", alice.Peers(), bob.Problems())
		}
	})
}

// The context of a network is enough for code that starts a node itself.
func TestContext(t *testing.T) {
	network := zretest.New(t)
	watcher := network.Node("watcher", zre.Config{})
	ctx, stop := context.WithCancel(network.Context())
	node, err := zre.Start(ctx, zre.Config{Name: "itself"})
	if err != nil {
		t.Fatal(err)
	}
	if ev := network.Next(watcher, zre.EventEnter); ev.Name != "itself" || ev.Endpoint != node.Endpoint() {
		t.Errorf("%+v came", ev)
	}
	stop()
	if ev := network.Next(watcher, zre.EventExit); ev.Reason != zre.ReasonGoodbye {
		t.Errorf("it left: %+v", ev)
	}
	<-node.Done()
}

// Keys are checked.
func TestKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one, err := keys.New()
		if err != nil {
			t.Fatal(err)
		}
		other, err := keys.New()
		if err != nil {
			t.Fatal(err)
		}
		network := zretest.New(t)
		with := func(name, secret string) *zre.Node {
			return network.Node(name, zre.Config{Security: zre.Security{SecretKey: secret}})
		}
		alice, bob := with("alice", one.SecretKey), with("bob", one.SecretKey)
		stranger, plain := with("stranger", other.SecretKey), network.Node("plain", zre.Config{})
		network.Meet(alice, bob)
		time.Sleep(time.Minute)
		if len(alice.Peers()) != 1 || len(stranger.Peers())+len(plain.Peers()) != 0 {
			t.Errorf("alice has %v, the stranger %v, the plain one %v", alice.Peers(), stranger.Peers(), plain.Peers())
		}
	})
}

// Elections work as on any network, and a leader that is cut off is replaced.
func TestElection(t *testing.T) {
	network := zretest.New(t)
	cfg := zre.Config{Groups: []string{"work"}, Contest: []string{"work"}}
	nodes := []*zre.Node{network.Node("a", cfg), network.Node("b", cfg), network.Node("c", cfg)}
	network.Meet(nodes...)
	agreed := func() bool {
		first, ok := nodes[0].Leader("work")
		for _, n := range nodes {
			id, there := n.Leader("work")
			ok = ok && there && id == first
		}
		return ok
	}
	network.Wait("they agree on a leader", agreed)
	leader, _ := nodes[0].Leader("work")
	for i, n := range nodes {
		if n.ID() == leader {
			if err := n.Close(); err != nil {
				t.Error(err)
			}
			nodes = append(nodes[:i:i], nodes[i+1:]...)
			break
		}
	}
	network.Wait("they agree on another one", func() bool {
		id, _ := nodes[0].Leader("work")
		return agreed() && id != leader
	})
}

// deadly is a T that notes how it was ended.
type deadly struct {
	testing.TB
	said chan string
}

func (d deadly) Fatalf(format string, args ...any) {
	d.said <- fmt.Sprintf(format, args...)
	panic(d)
}

// What cannot be is an error that says so.
func TestWrong(t *testing.T) {
	for name, test := range map[string]struct {
		do   func(*zretest.Network)
		want string
	}{
		"gossip": {func(n *zretest.Network) {
			n.Node("x", zre.Config{Discovery: zre.Discovery{Gossip: []string{"127.0.0.1:1"}}})
		}, "has no gossip servers"},
		"nobody comes": {func(n *zretest.Network) { n.Next(n.Node("x", zre.Config{}), zre.EventEnter) }, "x waits for ENTER"},
		"never":        {func(n *zretest.Network) { n.Wait("pigs fly", func() bool { return false }) }, "not yet: pigs fly"},
		"no meeting": {func(n *zretest.Network) {
			a, b := n.Node("a", zre.Config{}), n.Node("b", zre.Config{})
			n.Cut(a, b)
			n.Meet(a, b)
		}, "a has not met b"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				said := make(chan string, 1)
				func() {
					defer func() {
						if r := recover(); r == nil {
							t.Error("the test went on")
						}
					}()
					test.do(zretest.New(deadly{t, said}))
				}()
				select {
				case text := <-said:
					if !strings.Contains(text, test.want) {
						t.Errorf("it said %q, want %q", text, test.want)
					}
				default:
					t.Errorf("it said nothing, want %q", test.want)
				}
			})
		})
	}
}
