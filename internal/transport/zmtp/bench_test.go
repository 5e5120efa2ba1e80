package zmtp

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/gozre/zre/internal/curve"
	"github.com/gozre/zre/internal/transport"
)

// The benchmarks measure from process to process: the receiving end is this test
// binary, run again.

// benchRole is the variable that makes this binary a receiving end.
const benchRole = "ZMTP_BENCH"

// job is what a receiving end has to do.
type job struct {
	Secure bool
	Count  int    // messages, of all senders together
	First  int    // octets of the first frame
	Rest   int    // octets of the second one
	Pong   string // where to send each message back to, "" for nowhere
}

// report is what it answers, twice: where it listens, and what it measured.
type report struct {
	Addr    string
	Key     curve.Key
	Elapsed time.Duration // from the first message to the last
	CPU     time.Duration
	Allocs  uint64
}

// benchKeys are the keys of the sending end.
func benchSecurity(secure bool) *transport.Security {
	if !secure {
		return nil
	}
	s := &transport.Security{Allow: func(curve.Key, netip.AddrPort) error { return nil }}
	k := newShortTerm()
	s.Public, s.Secret = k.public, curve.Key(k.secret.Bytes())
	return s
}

// receivingEnd serves one job, which comes in by r.
func receivingEnd(r io.Reader, w io.Writer) error {
	var j job
	in, out := json.NewDecoder(r), json.NewEncoder(w)
	if err := in.Decode(&j); err != nil {
		return err
	}
	c := &counter{job: j, done: make(chan report, 1)}
	e, err := New(transport.Config{
		Identity: []byte("\x01receiver"),
		Accept:   func(*transport.Conn) transport.Handler { return c },
		Logger:   slog.New(slog.DiscardHandler),
		Security: benchSecurity(j.Secure),
	})
	if err != nil {
		return err
	}
	defer e.Close(0)
	addr, err := e.Listen(loopback(0))
	if err != nil {
		return err
	}
	if j.Pong != "" {
		c.back = e.Dial(transport.Target{Addr: netip.MustParseAddrPort(j.Pong)}, newOwner())
	}
	ready := report{Addr: addr.String()}
	if j.Secure {
		ready.Key = e.(*engine).keys.Load().public
	}
	if err := out.Encode(ready); err != nil {
		return err
	}
	if err := out.Encode(<-c.done); err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, r) // Stay until the sending end goes.
	return nil
}

// counter counts messages, from several connections.
type counter struct {
	job
	got    map[*transport.Conn]uint32
	n      int
	begin  time.Time
	cpu    time.Duration
	allocs uint64
	done   chan report
	mu     sync.Mutex
	sink   byte
	back   *transport.Conn
}

func (c *counter) Up(*transport.Conn)           {}
func (c *counter) Retry(*transport.Conn, error) {}
func (c *counter) Down(*transport.Conn, error)  {}

func mallocs() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Mallocs
}

func (c *counter) Receive(conn *transport.Conn, messages []transport.Message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n == 0 {
		c.begin, c.cpu, c.allocs = time.Now(), cpuTime(), mallocs()
		c.got = map[*transport.Conn]uint32{}
	}
	seq := c.got[conn]
	for _, m := range messages {
		if got := binary.BigEndian.Uint32(m.First); got != seq {
			panic(fmt.Sprintf("message %d, want %d", got, seq))
		}
		seq++
		if c.back != nil {
			_ = c.back.Send(m.First, m.Rest...)
		}
		if len(m.Rest[0]) > 0 {
			c.sink += m.Rest[0][0]
		}
	}
	c.got[conn] = seq
	c.n += len(messages)
	if c.n == c.Count {
		c.done <- report{Elapsed: time.Since(c.begin), CPU: cpuTime() - c.cpu, Allocs: mallocs() - c.allocs}
	}
}

// remote is a receiving end that runs.
type remote struct {
	report
	cmd *exec.Cmd
	out *json.Decoder
	in  io.Closer
}

func startRemote(b *testing.B, j job) *remote {
	b.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), benchRole+"=1")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	r := &remote{cmd: cmd, out: json.NewDecoder(bufio.NewReader(out)), in: in}
	if err := json.NewEncoder(in).Encode(j); err != nil {
		b.Fatal(err)
	}
	if err := r.out.Decode(&r.report); err != nil {
		b.Fatal(err)
	}
	return r
}

// result waits for what was measured.
func (r *remote) result(b *testing.B) report {
	b.Helper()
	var got report
	if err := r.out.Decode(&got); err != nil {
		b.Fatal(err)
	}
	_ = r.in.Close()
	if err := r.cmd.Wait(); err != nil {
		b.Fatal(err)
	}
	return got
}

// throttle holds a sender back while much is unsent.
func throttle(c *transport.Conn) {
	if c.Queued() > 1<<20 {
		for c.Queued() > 512<<10 {
			time.Sleep(50 * time.Microsecond)
		}
	}
}

// dialMany makes connections to a receiving end, all from one transport or each from one of
// its own.
func (r *remote) dialMany(b *testing.B, n int, together, secure bool) []*transport.Conn {
	b.Helper()
	conns := make([]*transport.Conn, n)
	var e *end
	for i := range conns {
		if e == nil || !together {
			e = newEnd(b, func(cfg *transport.Config) { cfg.Security = benchSecurity(secure) })
		}
		o := newOwner()
		o.conn = e.Dial(transport.Target{Addr: netip.MustParseAddrPort(r.Addr), Key: r.Key}, o)
		conns[i] = got(b, "up", o.up)
	}
	return conns
}

// benchFanOut sends each message over all of a number of connections, and reports.
func benchFanOut(b *testing.B, j job, receivers, count int) {
	j.First, j.Count = 6, count*receivers
	r := startRemote(b, j)
	rest := make([]byte, j.Rest)
	conns := r.dialMany(b, receivers, true, j.Secure)
	cpu, allocs := cpuTime(), mallocs()
	first := make([]byte, j.First)
	for i := range count {
		binary.BigEndian.PutUint32(first, uint32(i))
		content := transport.NewContent(rest)
		for _, c := range conns {
			if err := c.SendContent(first, content); err != nil {
				b.Fatal(err)
			}
			if i%32 == 0 {
				throttle(c)
			}
		}
		content.Release()
	}
	reportStream(b, r.result(b), cpuTime()-cpu, mallocs()-allocs, j.Count)
}

// benchStream sends a stream over each of a number of connections, and reports.
func benchStream(b *testing.B, j job, senders, count int) {
	j.First, j.Count = 6, count*senders
	r := startRemote(b, j)
	rest := make([]byte, j.Rest)
	conns := r.dialMany(b, senders, false, j.Secure)
	cpu, allocs := cpuTime(), mallocs()
	sent := make(chan struct{})
	for _, c := range conns {
		go func() {
			first := make([]byte, j.First)
			for i := range count {
				binary.BigEndian.PutUint32(first, uint32(i))
				if err := c.Send(first, rest); err != nil {
					panic(err)
				}
				if i%32 == 0 {
					throttle(c)
				}
			}
			sent <- struct{}{}
		}()
	}
	for range conns {
		<-sent
	}
	got := r.result(b)
	reportStream(b, got, cpuTime()-cpu, mallocs()-allocs, j.Count)
}

func reportStream(b *testing.B, r report, cpu time.Duration, allocs uint64, count int) {
	b.ReportMetric(float64(count)/r.Elapsed.Seconds(), "msg/s")
	b.ReportMetric(float64(r.CPU)/float64(count), "ns-cpu-recv/msg")
	b.ReportMetric(float64(cpu)/float64(count), "ns-cpu-send/msg")
	b.ReportMetric(float64(r.Allocs)/float64(count), "allocs-recv/msg")
	b.ReportMetric(float64(allocs)/float64(count), "allocs-send/msg")
	b.ReportMetric(0, "ns/op")
}

func BenchmarkStream(b *testing.B) {
	for _, secure := range []bool{false, true} {
		for _, s := range []struct{ size, count int }{{16, 3_000_000}, {1 << 10, 500_000}, {64 << 10, 30_000}} {
			count := s.count
			if secure {
				count /= 3
			}
			b.Run(fmt.Sprintf("%s/%d", mechanismOf(secure), s.size), func(b *testing.B) {
				for range b.N {
					benchStream(b, job{Secure: secure, Rest: s.size}, 1, count)
				}
			})
		}
	}
	b.Run("10-senders/16", func(b *testing.B) {
		for range b.N {
			benchStream(b, job{Rest: 16}, 10, 300_000)
		}
	})
	for _, size := range []int{16, 1 << 10} {
		b.Run(fmt.Sprintf("to-10/%d", size), func(b *testing.B) {
			for range b.N {
				benchFanOut(b, job{Rest: size}, 10, 100_000)
			}
		})
	}
}

func mechanismOf(secure bool) string {
	if secure {
		return "CURVE"
	}
	return "NULL"
}

// pinger sends the next message when an answer arrives.
type pinger struct {
	out   *transport.Conn
	count int
	sent  time.Time
	times []time.Duration
	first [6]byte
	rest  []byte
	done  chan struct{}
}

func (p *pinger) Up(*transport.Conn)           {}
func (p *pinger) Retry(*transport.Conn, error) {}
func (p *pinger) Down(*transport.Conn, error)  {}

func (p *pinger) Receive(_ *transport.Conn, messages []transport.Message) {
	for range messages {
		p.times = append(p.times, time.Since(p.sent))
		if len(p.times) == p.count {
			close(p.done)
			return
		}
		p.ping()
	}
}

func (p *pinger) ping() {
	binary.BigEndian.PutUint32(p.first[:], uint32(len(p.times)))
	p.sent = time.Now()
	if err := p.out.Send(p.first[:], p.rest); err != nil {
		panic(err)
	}
}

// BenchmarkRoundTrip sends a message when the one before has come back, over two
// connections as nodes have them. Run it on one core (taskset) to compare.
func BenchmarkRoundTrip(b *testing.B) {
	for range b.N {
		times := roundTrip(b, job{Count: 20_000, First: 6, Rest: 1024})
		slices.Sort(times)
		b.ReportMetric(float64(times[len(times)/2])/1e3, "µs-p50")
		b.ReportMetric(float64(times[len(times)*99/100])/1e3, "µs-p99")
		b.ReportMetric(0, "ns/op")
	}
}

func roundTrip(b *testing.B, j job) []time.Duration {
	p := &pinger{count: j.Count, rest: make([]byte, j.Rest), done: make(chan struct{})}
	e := newEnd(b, func(cfg *transport.Config) {
		cfg.Accept = func(*transport.Conn) transport.Handler { return p }
	})
	j.Pong = e.addr.String()
	r := startRemote(b, j)
	o := newOwner()
	p.out = e.Dial(transport.Target{Addr: netip.MustParseAddrPort(r.Addr)}, o)
	got(b, "up", o.up)
	p.ping()
	<-p.done
	r.result(b)
	return p.times
}

// BenchmarkMesh connects a number of transports of one process, each to all others.
func BenchmarkMesh(b *testing.B) {
	for _, secure := range []bool{false, true} {
		for _, n := range []int{20, 75} {
			b.Run(fmt.Sprintf("%s/%d", mechanismOf(secure), n), func(b *testing.B) {
				for range b.N {
					mesh(b, n, secure)
				}
			})
		}
	}
}

func mesh(b *testing.B, n int, secure bool) {
	b.StopTimer()
	ends := make([]*end, n)
	up := &upCounter{}
	up.left.Add(n * (n - 1))
	for i := range ends {
		ends[i] = newEnd(b, func(cfg *transport.Config) {
			cfg.Security = benchSecurity(secure)
			cfg.Accept = func(*transport.Conn) transport.Handler { return idle{} }
		})
	}
	cpu := cpuTime()
	b.StartTimer()
	for i, x := range ends {
		for j, y := range ends {
			if i == j {
				continue
			}
			to := transport.Target{Addr: y.addr}
			if secure {
				to.Key = keyOf(y)
			}
			x.Dial(to, up)
		}
	}
	up.left.Wait()
	b.StopTimer()
	b.ReportMetric(float64(cpuTime()-cpu)/float64(n*(n-1)), "ns-cpu/conn")
	for _, e := range ends {
		_ = e.Close(0)
	}
	b.StartTimer()
}

// upCounter counts connections that come up.
type upCounter struct {
	idle
	left sync.WaitGroup
}

func (u *upCounter) Up(*transport.Conn) { u.left.Done() }
