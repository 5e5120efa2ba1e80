package oneshot

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/zre"
)

func TestPeers(t *testing.T) {
	t.Parallel()
	nodes := []*zre.Node{
		peerWith(t, "al\x1bice", func(c *zre.Config) {
			c.Groups, c.Headers, c.DiscardEvents = []string{"chat", "time"}, map[string]string{"role": "printer"}, true
		}),
		peer(t, "bob", "chat"),
		peerWith(t, "visitor", visit),
	}
	r := run(t, 0, nodes, "peers")
	lines := strings.Split(strings.TrimSpace(r.stdout.String()), "\n")
	if len(lines) != 3 || !strings.HasPrefix(lines[0], "NAME") {
		t.Fatalf("printed %q", lines)
	}
	for i, want := range [][]string{
		{`al\x1bice  `, nodes[0].ID().String()[:8], "127.0.0.1:", " ms  ", "chat,time  role=printer"},
		{"bob", nodes[1].ID().String()[:8], "chat"},
	} {
		for _, w := range want {
			if !strings.Contains(lines[i+1], w) {
				t.Errorf("%q has no %q", lines[i+1], w)
			}
		}
	}
	run(t, 0, nodes, "peers", "--all").says("visitor", "")

	var got struct {
		Event, Time string
		Peers       []struct {
			Peer, Name string
			RTT        float64 `json:"rtt_ms"`
		}
	}
	r = run(t, 0, nodes, "peers", "--json")
	if err := json.Unmarshal([]byte(r.stdout.String()), &got); err != nil {
		t.Fatal(err)
	}
	if got.Event != "PEERS" || len(got.Peers) != 2 || got.Peers[1].Peer != nodes[1].ID().String() || got.Peers[1].RTT <= 0 {
		t.Errorf("%+v", got)
	}
	run(t, 3, nil, "peers").says("", "nobody is there")
	run(t, 3, nil, "peers", "--json").says(`"peers":[]`, "nobody is there")
	run(t, 3, nodes[2:], "peers").says("", "nobody is there")
	run(t, 4, nil, "peers", "-t", "0.01").says("", "after 0.01 s: it is not yet known who is there")
}

// Who is announced and not reached is named, and the others are listed.
func TestUnreached(t *testing.T) {
	t.Parallel()
	bob := peer(t, "bob", "chat")
	r := run(t, 0, []*zre.Node{bob}, "peers", "--json", "--peer", "tcp://127.0.0.1:1")
	r.says(`"name":"bob"`, "127.0.0.1:1")
	r.says(`"unreached":[{"endpoint":"tcp://127.0.0.1:1","reason":`, "zre peers: not reached: ")
	r = run(t, 1, []*zre.Node{bob}, "send", "--json", "--peer", "tcp://127.0.0.1:1", "--group", "chat", "x")
	r.says(`"acknowledged":[{"peer":"`+bob.ID().String(), "not reached")
	run(t, 0, []*zre.Node{bob}, "send", "--peer", "tcp://127.0.0.1:1", "bob", "x").says("", "")
	run(t, 3, []*zre.Node{bob}, "send", "--peer", "tcp://127.0.0.1:1", "carol", "x").says("", "127.0.0.1:1")
}

func TestGroups(t *testing.T) {
	t.Parallel()
	nodes := []*zre.Node{peer(t, "alice", "chat", "ti\nme"), peer(t, "bob", "chat")}
	run(t, 0, nodes, "groups").says("GROUP   PEERS  NAMES\nchat    2      alice, bob\nti\\nme  1      alice\n", "")
	run(t, 0, nodes, "groups", "--json").says(`{"group":"chat","own":false,"peers":["`, "")
	run(t, 3, nil, "groups").says("", "nobody is there")
}

func TestWatch(t *testing.T) {
	t.Parallel()
	alice := peer(t, "alice", "chat")
	for _, command := range []string{"peers", "groups"} {
		r := start(t, "", []*zre.Node{alice}, command, "--watch", "--json")
		until(t, "the first list", func() bool { return strings.Count(r.stdout.String(), "\n") == 1 })
		must(t, alice.Join("news"))
		until(t, "the second list", func() bool { return strings.Contains(r.stdout.String(), "news") })
		must(t, alice.Leave("news"))
		r.interrupt()
		r.wait(0)
	}
	r := start(t, "", []*zre.Node{alice}, "groups", "--watch", "-t", "1.5")
	r.wait(0).says("chat   1      alice\n\n", "")
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestInfo(t *testing.T) {
	t.Parallel()
	nodes := []*zre.Node{peer(t, "alice", "chat"), peer(t, "bob"), peer(t, "bob")}
	run(t, 0, nodes, "info", "alice").says("UUID        "+nodes[0].ID().String()+"\n", "")
	run(t, 0, nodes, "info", nodes[1].ID().String()).says("name        bob\n", "")
	run(t, 0, nodes, "info", "bob/"+nodes[1].ID().String()[:13]).says(nodes[1].ID().String(), "")
	run(t, 0, nodes, "info", "--json", "alice").says(`{"event":"INFO","time":"`, "")
	run(t, 1, nodes, "info", "bob").says("", "bob could be ")
	run(t, 3, nodes, "info", "carol").says("", "there is no peer called carol; zre peers lists those there are")
	run(t, 3, nodes, "info", "alcie").says("", "did you mean alice?")
	run(t, 2, nodes, "info").says("", "right: zre info PEER")
}

// The node of another command has the host's name as well, and is not the one that is meant.
func TestVisitorIsNotMeant(t *testing.T) {
	t.Parallel()
	nodes := []*zre.Node{peer(t, "host"), peerWith(t, "host", visit), peerWith(t, "passing", visit)}
	run(t, 0, nodes, "info", "host").says(nodes[0].ID().String(), "")
	run(t, 0, nodes, "info", "passing").says(cli.OneShotHeader+"=1", "")
}

func TestWait(t *testing.T) {
	t.Parallel()
	nodes := []*zre.Node{peer(t, "alice", "chat"), peer(t, "bob")}
	run(t, 0, nodes, "wait", "chat").says("", "")
	run(t, 3, nodes, "wait", "chat", "-n", "2", "-t", "0.5").says("", "after 0.5 s: 1 of 2 members are in chat")
	r := start(t, "", nodes, "wait", "chat", "-n", "2", "--json")
	until(t, "the command", func() bool { return len(nodes[1].Peers()) > 0 })
	must(t, nodes[1].Join("chat"))
	r.wait(0).says(`"group":"chat","want":2,"peers":[{"peer":"`, "")
	r = start(t, "", nodes, "wait", "nobody")
	r.interrupt()
	r.wait(130).says("", "")
	run(t, 2, nil, "wait", "chat", "-n", "0").says("", "not a whole number above 0")
	run(t, 2, nil, "wait", "").says("", "1 to 255 octets")
}

func TestPing(t *testing.T) {
	t.Parallel()
	alice := peer(t, "alice")
	r := run(t, 0, []*zre.Node{alice}, "ping", "-c", "2", "--interval", "0.01", "alice")
	r.says("alice: seq=2 time=", "")
	r.says("alice: 2 PINGs, 2 answered, 0% lost, in ", "")
	r = run(t, 0, []*zre.Node{alice}, "ping", "-c", "1", "--json", "alice")
	r.says(`"seq":1,"rtt_ms":`, "")
	r.says(`{"event":"PINGS",`, "")
	run(t, 3, []*zre.Node{alice}, "ping", "bob").says("", "no peer called bob")

	r = start(t, "", []*zre.Node{alice}, "ping", "--interval", "0.01", "alice")
	until(t, "some answers", func() bool { return strings.Contains(r.stdout.String(), "seq=3") })
	r.interrupt()
	r.wait(0).says("round trip min/avg/max/mdev", "")

	r = start(t, "", []*zre.Node{alice}, "ping", "--interval", "0.01", "alice")
	until(t, "an answer", func() bool { return strings.Contains(r.stdout.String(), "seq=1") })
	must(t, alice.Close())
	r.wait(1).says("the peer is gone", "alice answered ")
}

func TestPingVerdict(t *testing.T) {
	t.Parallel()
	for want, p := range map[int]trips{
		0:               {sent: 3, answered: 3},
		cli.ExitFailure: {sent: 3, answered: 2},
		cli.ExitTimeout: {sent: 3},
	} {
		if got := cli.Status(p.verdict("bob")); got != want {
			t.Errorf("%d of %d: status %d, want %d", p.answered, p.sent, got, want)
		}
	}
	var p trips
	for _, ms := range []int{30, 10, 20} {
		p.add(time.Duration(ms) * time.Millisecond)
	}
	if p.least != 10*time.Millisecond || p.most != 30*time.Millisecond || p.mean().Round(time.Microsecond) != 20*time.Millisecond ||
		p.deviation().Round(time.Microsecond) != 8165*time.Microsecond {
		t.Errorf("%+v, mean %v, deviation %v", p, p.mean(), p.deviation())
	}
}
