package zgossip

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gozre/zre/internal/codec/zgossipmsg"
	"github.com/gozre/zre/internal/zmq"
)

// The benchmarks compare this project's server with czmq's, each in a process of its
// own, under the same load from the same raw clients: what differs is the server.
//
//	go test -run '^$' -bench . ./zgossip

const benchClients = 100

// contestant is a server process.
type contestant struct {
	addr string
	pid  int
}

// contestants runs a benchmark against both.
func contestants(b *testing.B, run func(b *testing.B, start func() contestant)) {
	b.Run("ours", func(b *testing.B) {
		program := filepath.Join(b.TempDir(), "zgossip_server")
		if out, err := exec.Command("go", "build", "-o", program, "../cmd/zgossip_server").CombinedOutput(); err != nil {
			b.Fatalf("%v\n%s", err, out)
		}
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

func startOurs(b *testing.B, program string) contestant {
	b.Helper()
	probe, addr := startServer(b, ServerConfig{}) // finds a free port
	if err := probe.Close(); err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(program, "--listen", "tcp://"+addr)
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

// crowd is a number of raw clients that count what they are told.
type crowd struct {
	b       *testing.B
	zmq     *zmq.Context
	sockets []*zmq.Socket
	told    []atomic.Int64 // PUBLISHes, per client
	pongs   atomic.Int64
	done    sync.WaitGroup
	end     chan struct{}
	once    sync.Once
}

func startCrowd(b *testing.B, addr string, n int) *crowd {
	b.Helper()
	c := &crowd{b: b, told: make([]atomic.Int64, n), end: make(chan struct{})}
	var err error
	if c.zmq, err = zmq.Open(); err != nil {
		b.Fatal(err)
	}
	for i := range n {
		s, err := c.zmq.Dealer(zmq.Options{})
		if err == nil {
			err = s.Connect("tcp://" + addr)
		}
		if err != nil {
			b.Fatal(err)
		}
		c.sockets = append(c.sockets, s)
		c.done.Go(func() {
			var batch zmq.Batch
			for s.Receive(&batch) == nil {
				tuples := 0
				for j := range batch.Len() {
					if m := batch.Message(j); zgossipmsg.ID(m[0][2]) == zgossipmsg.IDPublish {
						tuples++
					} else {
						c.pongs.Add(1)
					}
				}
				c.told[i].Add(int64(tuples))
			}
		})
	}
	c.done.Go(func() { // czmq's server forgets who is silent for a second
		ticker := time.NewTicker(300 * time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case <-c.end:
				return
			case <-ticker.C:
				for i := range c.sockets {
					c.send(i, &zgossipmsg.Ping{})
				}
			}
		}
	})
	b.Cleanup(c.stop)
	return c
}

func (c *crowd) stop() {
	c.once.Do(func() {
		close(c.end)
		for _, s := range c.sockets {
			_ = s.Close()
		}
		c.done.Wait()
		if err := c.zmq.Close(); err != nil {
			c.b.Error(err)
		}
	})
}

func (c *crowd) send(i int, m zgossipmsg.Message) {
	frame, err := m.AppendTo(nil)
	if err == nil {
		err = c.sockets[i].Send(frame)
	}
	if err != nil && err != zmq.ErrClosed {
		c.b.Error(err)
	}
}

// all waits until every client has been told at least n tuples, but for the first,
// which is the publisher and is told only by czmq's server.
func (c *crowd) all(n int64) {
	c.b.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(200 * time.Microsecond) {
		ok := true
		for i := 1; i < len(c.told) && ok; i++ {
			ok = c.told[i].Load() >= n
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
		for i := range c.sockets {
			c.send(i, &zgossipmsg.Hello{})
			c.send(i, &zgossipmsg.Ping{})
		}
		eventually(b, "all are there", func() bool { return c.pongs.Load() >= benchClients })
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

// BenchmarkConverge has 100 clients come at once, each with a tuple, until each knows
// all the others.
func BenchmarkConverge(b *testing.B) {
	contestants(b, func(b *testing.B, start func() contestant) {
		var took time.Duration
		for range b.N {
			b.StopTimer()
			server := start()
			c := startCrowd(b, server.addr, benchClients)
			for i := range c.sockets { // connected, but not yet known
				c.send(i, &zgossipmsg.Ping{})
			}
			eventually(b, "all are connected", func() bool { return c.pongs.Load() >= benchClients })
			b.StartTimer()
			began := time.Now()
			for i := range c.sockets {
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
