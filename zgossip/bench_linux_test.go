package zgossip

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gozre/zre/internal/codec/zgossipmsg"
	"github.com/gozre/zre/internal/transport"
	"github.com/gozre/zre/internal/transport/choose"
)

// The benchmarks compare this project's server with czmq's, each in a process of its own,
// with the same load from the same clients.
//
//	go test -run '^$' -bench . ./zgossip
//
// ZRE_TRANSPORT chooses the transport of our server; the clients always use zmtp.

const benchClients = 100

// contestant is a server process.
type contestant struct {
	addr string
	pid  int
}

// contestants runs a benchmark against both.
func contestants(b *testing.B, run func(b *testing.B, start func() contestant)) {
	b.Run("ours", func(b *testing.B) {
		program := buildServer(b)
		run(b, func() contestant { return startOurs(b, program) })
	})
	b.Run("czmq", func(b *testing.B) {
		program := buildActor(b)
		run(b, func() contestant {
			a := startActor(b, program)
			return contestant{a.bind(), a.cmd.Process.Pid}
		})
	})
}

func buildServer(b *testing.B) string {
	b.Helper()
	program := filepath.Join(b.TempDir(), "zgossip_server")
	args := []string{"build", "-o", program, "../cmd/zgossip_server"}
	if slices.Contains(choose.Names(), choose.Libzmq) {
		args = slices.Insert(args, 1, "-tags", "libzmq")
	}
	if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	return program
}

func startOurs(b *testing.B, program string) contestant {
	b.Helper()
	probe, err := net.Listen("tcp", "127.0.0.1:0") // finds a free port
	if err != nil {
		b.Fatal(err)
	}
	addr := probe.Addr().String()
	if err := probe.Close(); err != nil {
		b.Fatal(err)
	}
	args := []string{"--listen", "tcp://" + addr, "--max-clients", "10000"}
	if name := os.Getenv("ZRE_TRANSPORT"); name != "" {
		args = append(args, "--transport", name)
	}
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), "ZRECFG=/dev/null")
	log, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		b.Fatal(err)
	}
	up := make(chan struct{})
	var done sync.WaitGroup
	done.Go(func() {
		lines := bufio.NewScanner(log)
		for first := true; lines.Scan(); first = false {
			if first {
				close(up)
			}
		}
	})
	b.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		done.Wait()
		_ = cmd.Wait() // ended by the signal that was sent
	})
	<-up
	return contestant{addr, cmd.Process.Pid}
}

// cpu is the time that the process has used.
func (c contestant) cpu(b *testing.B) time.Duration {
	b.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", c.pid))
	if err != nil {
		b.Fatal(err)
	}
	f := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')'):]))
	var ticks int64
	for _, i := range []int{12, 13} { // utime and stime
		n, err := strconv.ParseInt(f[i], 10, 64)
		if err != nil {
			b.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond // USER_HZ is 100
}

// memory is what the process holds in memory, in octets.
func (c contestant) memory(b *testing.B) float64 {
	b.Helper()
	statm, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", c.pid))
	if err != nil {
		b.Fatal(err)
	}
	pages, err := strconv.ParseInt(strings.Fields(string(statm))[1], 10, 64)
	if err != nil {
		b.Fatal(err)
	}
	return float64(pages) * float64(os.Getpagesize())
}

// crowd is a number of clients that count what they are sent.
type crowd struct {
	b       *testing.B
	net     transport.Transport
	members []*member
	pongs   atomic.Int64
	done    sync.WaitGroup
	end     chan struct{}
	once    sync.Once
}

// member is one client of a crowd, and its transport.Handler.
type member struct {
	crowd *crowd
	conn  *transport.Conn
	told  atomic.Int64 // PUBLISHes
}

func (m *member) Up(*transport.Conn)           {}
func (m *member) Retry(*transport.Conn, error) {}
func (m *member) Down(*transport.Conn, error)  {}

func (m *member) Receive(_ *transport.Conn, messages []transport.Message) {
	tuples := 0
	for _, msg := range messages {
		if zgossipmsg.ID(msg.First[2]) == zgossipmsg.IDPublish {
			tuples++
		} else {
			m.crowd.pongs.Add(1)
		}
	}
	m.told.Add(int64(tuples))
}

func startCrowd(b *testing.B, addr string, n int) *crowd {
	b.Helper()
	c := &crowd{b: b, end: make(chan struct{})}
	var err error
	c.net, err = choose.New("", transport.Config{Accept: refuseAll, Logger: testLog()})
	if err != nil {
		b.Fatal(err)
	}
	for range n {
		m := &member{crowd: c}
		m.conn = c.net.Dial(transport.Target{Addr: netip.MustParseAddrPort(addr)}, m)
		c.members = append(c.members, m)
	}
	b.Cleanup(c.stop)
	return c
}

// chatter sends PINGs from now on: czmq's server forgets a client that is silent for a second.
func (c *crowd) chatter() {
	c.done.Go(func() {
		ticker := time.NewTicker(300 * time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case <-c.end:
				return
			case <-ticker.C:
				for i := range c.members {
					c.send(i, &zgossipmsg.Ping{})
				}
			}
		}
	})
}

func (c *crowd) stop() {
	c.once.Do(func() {
		close(c.end)
		c.done.Wait()
		if err := c.net.Close(0); err != nil {
			c.b.Error(err)
		}
	})
}

func (c *crowd) send(i int, m zgossipmsg.Message) {
	frame, err := m.AppendTo(nil)
	if err == nil {
		err = c.members[i].conn.Send(frame)
	}
	if err != nil && !errors.Is(err, transport.ErrClosed) {
		c.b.Error(err)
	}
}

// hello has all members say HELLO, and waits until each has its PONG.
func (c *crowd) hello() {
	c.b.Helper()
	before := c.pongs.Load()
	for i := range c.members {
		c.send(i, &zgossipmsg.Hello{})
		c.send(i, &zgossipmsg.Ping{})
	}
	eventually(c.b, "all are there", func() bool { return c.pongs.Load()-before >= int64(len(c.members)) })
}

// all waits until every client was sent at least n tuples, except the first one, which is the
// publisher: only czmq's server sends it its own.
func (c *crowd) all(n int64) {
	c.b.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(200 * time.Microsecond) {
		ok := true
		for i := 1; i < len(c.members) && ok; i++ {
			ok = c.members[i].told.Load() >= n
		}
		if ok {
			return
		}
		if time.Now().After(end) {
			c.b.Fatalf("not within %v", patience)
		}
	}
}

// BenchmarkForward publishes one tuple an iteration, told to 99 other clients.
func BenchmarkForward(b *testing.B) {
	contestants(b, func(b *testing.B, start func() contestant) {
		server := start()
		empty := server.memory(b)
		c := startCrowd(b, server.addr, benchClients)
		c.hello()
		c.chatter()
		perClient := (server.memory(b) - empty) / benchClients

		const burst = 500 // keys; each burst gives every key a new value
		total := int64(0)
		cpu := server.cpu(b)
		b.ResetTimer()
		for done := 0; done < b.N; {
			n := min(burst, b.N-done)
			for k := range n {
				c.send(0, &zgossipmsg.Publish{Key: fmt.Sprintf("%032X", k), Value: fmt.Sprintf("tcp://10.%d.%d.%d:41000", total/40000%200, total/200%200, total%200+1)})
				total++
			}
			c.all(total)
			done += n
		}
		b.StopTimer()
		forwards := float64(b.N) * (benchClients - 1)
		b.ReportMetric(forwards/b.Elapsed().Seconds(), "forwards/s")
		used := server.cpu(b) - cpu
		b.ReportMetric(float64(used.Nanoseconds())/forwards, "cpu-ns/forward")
		b.ReportMetric(perClient/1024, "KiB/client")
	})
}

// BenchmarkSingle publishes one tuple and waits until all others have it, so that nothing can
// be sent together.
func BenchmarkSingle(b *testing.B) {
	contestants(b, func(b *testing.B, start func() contestant) {
		server := start()
		c := startCrowd(b, server.addr, benchClients)
		c.hello()
		c.chatter()
		cpu := server.cpu(b)
		b.ResetTimer()
		for i := range b.N {
			c.send(0, &zgossipmsg.Publish{Key: fmt.Sprintf("%032X", 1), Value: testEndpoint(i)})
			c.all(int64(i + 1))
		}
		b.StopTimer()
		used := server.cpu(b) - cpu
		b.ReportMetric(float64(used.Nanoseconds())/(float64(b.N)*(benchClients-1)), "cpu-ns/forward")
	})
}

// BenchmarkIdle connects 2,000 clients with a tuple each, which then send a PING a second, as
// clients of this project do, or none, as those of czmq and haskell-zre. It is for our server
// alone: czmq's drops tuples when a client has 1,000 to receive.
func BenchmarkIdle(b *testing.B) {
	const clients, settle, seconds = 2000, 3, 10
	program := buildServer(b)
	for name, pings := range map[string]bool{"pings": true, "quiet": false} {
		b.Run(name, func(b *testing.B) {
			server := startOurs(b, program)
			empty := server.memory(b)
			c := startCrowd(b, server.addr, clients)
			c.hello()
			for i := range c.members {
				c.send(i, &zgossipmsg.Publish{Key: fmt.Sprintf("%032X", i), Value: testEndpoint(i)})
			}
			c.all(clients - 1)
			wait := func(n int) {
				for range n {
					for i := range c.members {
						if pings {
							c.send(i, &zgossipmsg.Ping{})
						}
						if i%(clients/20) == 0 {
							time.Sleep(time.Second / 20)
						}
					}
				}
			}
			wait(settle)
			cpu := server.cpu(b)
			b.ResetTimer()
			for range b.N {
				wait(seconds)
			}
			b.StopTimer()
			used := server.cpu(b) - cpu
			b.ReportMetric(100*used.Seconds()/b.Elapsed().Seconds(), "%cpu")
			b.ReportMetric((server.memory(b)-empty)/clients/1024, "KiB/client")
		})
	}
}

// BenchmarkConverge connects 100 clients at once, each with a tuple, until each knows all the
// others.
func BenchmarkConverge(b *testing.B) {
	contestants(b, func(b *testing.B, start func() contestant) {
		var took time.Duration
		for range b.N {
			b.StopTimer()
			server := start()
			c := startCrowd(b, server.addr, benchClients)
			for i := range c.members { // connected, but not yet known
				c.send(i, &zgossipmsg.Ping{})
			}
			eventually(b, "all are connected", func() bool { return c.pongs.Load() >= benchClients })
			c.chatter()
			b.StartTimer()
			began := time.Now()
			for i := range c.members {
				c.send(i, &zgossipmsg.Hello{})
				c.send(i, &zgossipmsg.Publish{Key: fmt.Sprintf("%032X", i), Value: testEndpoint(i)})
			}
			c.all(benchClients - 1)
			took += time.Since(began)
			b.StopTimer()
			c.stop()
		}
		b.ReportMetric(took.Seconds()*1000/float64(b.N), "ms/converge")
	})
}
