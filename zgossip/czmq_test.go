package zgossip

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/gossip/wire"
)

// buildActor compiles the program around czmq's zgossip, where czmq is installed.
func buildActor(t testing.TB) string {
	t.Helper()
	flags, err := exec.Command("pkg-config", "--cflags", "--libs", "libczmq").Output()
	if err != nil {
		t.Skip("libczmq is not installed here; `make test` installs it")
	}
	program := filepath.Join(t.TempDir(), "zgossip_actor")
	args := append([]string{"-O2", "-o", program, "testdata/zgossip_actor.c"}, strings.Fields(string(flags))...)
	if out, err := exec.Command("cc", append(args, "-lzmq")...).CombinedOutput(); err != nil {
		t.Fatalf("cc: %v\n%s", err, out)
	}
	return program
}

// actor is a process with czmq's zgossip in it: a zyre node, or a server.
type actor struct {
	t     testing.TB
	cmd   *exec.Cmd
	in    io.WriteCloser
	done  sync.WaitGroup
	reply chan string // PORT, STATUS and CPU

	mu         sync.Mutex
	heard      map[string]string
	deliveries int
}

func startActor(t testing.TB, program string) *actor {
	t.Helper()
	a := &actor{t: t, cmd: exec.Command(program), reply: make(chan string, 1), heard: make(map[string]string)}
	var err error
	if a.in, err = a.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := a.cmd.StdoutPipe()
	if err == nil {
		err = a.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	a.done.Go(func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			f := strings.Fields(lines.Text())
			switch {
			case len(f) == 3 && f[0] == "DELIVER":
				a.mu.Lock()
				a.heard[f[1]] = f[2]
				a.deliveries++
				a.mu.Unlock()
			case len(f) == 2:
				a.reply <- f[1]
			}
		}
	})
	t.Cleanup(func() { a.stop() })
	return a
}

func (a *actor) stop() {
	_ = a.in.Close()
	a.done.Wait()
	if err := a.cmd.Wait(); err != nil && !strings.Contains(err.Error(), "Wait was already called") && !strings.Contains(err.Error(), "killed") {
		a.t.Errorf("czmq's process: %v", err)
	}
}

func (a *actor) kill() {
	_ = a.cmd.Process.Kill()
	a.stop()
}

func (a *actor) say(format string, args ...any) {
	a.t.Helper()
	if _, err := fmt.Fprintf(a.in, format+"\n", args...); err != nil {
		a.t.Fatal(err)
	}
}

func (a *actor) ask(format string, args ...any) int {
	a.t.Helper()
	a.say(format, args...)
	select {
	case r := <-a.reply:
		n, err := strconv.Atoi(r)
		if err != nil {
			a.t.Fatal(err)
		}
		return n
	case <-time.After(patience):
		a.t.Fatalf("no answer to %s", format)
		return 0
	}
}

func (a *actor) bind() string {
	a.t.Helper()
	return fmt.Sprintf("127.0.0.1:%d", a.ask("BIND tcp://127.0.0.1:*"))
}

func (a *actor) knows(i int) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.heard[testKey(i)] == testEndpoint(i)
}

func (a *actor) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.deliveries
}

func testKey(i int) string {
	return strings.ToUpper(strings.ReplaceAll(uuid.UUID(testID(i)).String(), "-", ""))
}

func (a *actor) publish(i int) { a.say("PUBLISH %s %s", testKey(i), testEndpoint(i)) }

// TestCzmqNodesOnOurServer connects czmq's zgossip, as it is in zyre, to our server.
func TestCzmqNodesOnOurServer(t *testing.T) {
	p := overTCP(t)
	program := buildActor(t)
	s, addr := p.server(ServerConfig{Grace: 500 * time.Millisecond})
	a, b := startActor(t, program), startActor(t, program)
	for i, z := range []*actor{a, b} {
		z.publish(10 + i)
		z.say("CONNECT tcp://%s", addr)
	}
	ours := p.client(1, addr)
	eventually(t, "all meet", func() bool {
		return a.knows(11) && a.knows(1) && b.knows(10) && b.knows(1) && ours.knows(10) && ours.knows(11)
	})
	a.publish(12) // later, and without a PING ever: czmq's own server would have forgotten it
	eventually(t, "a later tuple", func() bool { return b.knows(12) && ours.knows(12) })
	b.kill()
	eventually(t, "the one that was killed has gone, with its tuple", func() bool { return !ours.knows(11) })
	if len(s.Tuples()) != 3 {
		t.Errorf("left: %v", s.Tuples())
	}
}

// TestCzmqServer connects our clients and our server to czmq's server.
func TestCzmqServer(t *testing.T) {
	p := overTCP(t)
	program := buildActor(t)
	server := startActor(t, program)
	addr := server.bind()
	ours := p.client(1, addr)
	eventually(t, "czmq's server has heard of us", func() bool { return server.knows(1) })
	if st := ours.Servers()[0]; st.Dialect != "czmq" || !st.Connected {
		t.Errorf("state %+v", st)
	}
	second := p.client(2, "tcp://"+addr)
	s, linked := p.server(ServerConfig{Connect: []string{addr}})
	third := p.client(3, linked)
	eventually(t, "all meet, through czmq's server and ours", func() bool {
		return ours.knows(2) && ours.knows(3) && second.knows(1) && second.knows(3) && third.knows(1) && third.knows(2)
	})
	// It forgets clients after a second without traffic; ours are there for longer.
	time.Sleep(1500 * time.Millisecond) // it is time itself that is tested
	late := p.client(4, addr)
	eventually(t, "who has been quiet hears of a newcomer", func() bool { return ours.knows(4) && second.knows(4) && third.knows(4) })
	if got := s.Stats(); got.Links != 1 {
		t.Errorf("stats %+v", got)
	}
	dumped, err := p.dump(addr, "")
	if err != nil || len(dumped) != 4 {
		t.Errorf("dump: %v, %v", dumped, err)
	}
	if err := late.Close(); err != nil {
		t.Error(err)
	}
	if server.ask("STATUS") != 4 {
		t.Error("czmq's server did get something for a withdrawal")
	}
}

// TestCzmqServerRestarts repairs what was lost, through ours and through a link.
func TestCzmqServerRestarts(t *testing.T) {
	p := overTCP(t)
	program := buildActor(t)
	server := startActor(t, program)
	addr := server.bind()
	ours := p.client(1, addr)
	_, linked := p.server(ServerConfig{Connect: []string{addr}})
	behind := p.client(2, linked)
	eventually(t, "both meet", func() bool { return ours.knows(2) && behind.knows(1) })
	server.kill()
	again := startActor(t, program)
	again.ask("BIND tcp://%s", addr)
	eventually(t, "the new server knows both", func() bool { return again.knows(1) && again.knows(2) })
}

// TestCzmqInTheRing publishes one key twice, quickly, in a ring of our servers and czmq's.
// In a ring of czmq's servers the two values go round for ever.
func TestCzmqInTheRing(t *testing.T) {
	p := overTCP(t)
	program := buildActor(t)
	relay := startActor(t, program)
	addr := relay.bind()
	a, addrA := p.server(ServerConfig{Connect: []string{addr}})
	b, addrB := p.server(ServerConfig{Connect: []string{addr, addrA}})
	relay.say("CONNECT tcp://%s", addrB)
	zyre := startActor(t, program)
	zyre.say("CONNECT tcp://%s", addrA)
	eventually(t, "all are linked", func() bool { return a.Stats().Links == 1 && b.Stats().Links == 2 })
	// The publisher is a node of this project. One of czmq's that publishes an old value again
	// cannot be told from a server that echoes it; a real one keeps its endpoint.
	publisher := p.raw(addrA, "")
	publisher.sendFrames(wire.AppendMark([]byte{0xaa, 0xa0, 3, 1}, wire.Mark{Role: wire.RoleNode, ID: wire.ID{9}}))
	publisher.sendHex("aaa00101")
	publisher.fence()
	for round := range 20 {
		for i := range 2 {
			publisher.sendHex(hexOf(t, publishOf(5, testEndpoint(100+i))))
		}
		if round%5 == 0 {
			publisher.fence()
		}
	}
	last := testEndpoint(101)
	all := func() bool {
		for _, s := range []*Server{a, b} {
			if tp := s.Tuples(); len(tp) != 1 || tp[0].Endpoint != last {
				return false
			}
		}
		for _, z := range []*actor{relay, zyre} {
			z.mu.Lock()
			got := z.heard[testKey(5)]
			z.mu.Unlock()
			if got != last {
				return false
			}
		}
		return true
	}
	eventually(t, "all have the last value", all)
	// Nothing goes round any more: the counts of the next moments stay the same.
	eventually(t, "it is quiet", func() bool {
		n := relay.count() + zyre.count()
		relay.ask("STATUS") // these go through the same queues as anything that is still in flight
		zyre.ask("STATUS")
		time.Sleep(200 * time.Millisecond)
		return relay.count()+zyre.count() == n && all()
	})
	if n := relay.count(); n > 200 {
		t.Errorf("czmq's server changed its mind %d times for 40 publishes", n)
	}
}

func withPatience(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}
