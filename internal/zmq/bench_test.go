package zmq

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/gozre/zre/internal/zmq/rawzmq"
)

// A load is what one run of a benchmark sends, in this process or from another one.
type load struct {
	Way             string // "raw", "shim", "recycle" (the same, and gives memory back), "plain"
	Endpoint        string
	Header, Content int
	Count, HWM      int
}

// loadVariable makes the test binary a sender: it holds a load in JSON.
const loadVariable = "ZMQ_BENCH_LOAD"

func (l load) options() Options {
	return Options{Identity: []byte("\x01alice"), SendHWM: l.HWM, RecvHWM: l.HWM, Linger: -1, Plain: l.Way == "plain"}
}

// send sends it all and waits until libzmq has put it on the wire.
func (l load) send() error {
	if l.Way == "raw" {
		s, err := rawzmq.NewSource("\x01alice", l.HWM, l.Endpoint)
		if err != nil {
			return err
		}
		defer s.Close()
		return s.Send(l.Count, l.Header, l.Content)
	}
	c, err := Open()
	if err != nil {
		return err
	}
	defer c.Close()
	s, err := c.Dealer(l.options())
	if err != nil {
		return err
	}
	if err := s.Connect(l.Endpoint); err != nil {
		return err
	}
	header, content := make([]byte, l.Header), make([]byte, l.Content)
	for range l.Count {
		if err := patiently(func() error { return s.Send(header, content) }); err != nil {
			return err
		}
	}
	return nil
}

// outcome is what a run has shown at the receiver.
type outcome struct {
	elapsed time.Duration // from the first message to the last
	allocs  uint64
	calls   int // of Receive
}

func (l load) receive(begin func(endpoint string) error) (outcome, error) {
	if l.Way == "raw" {
		s, err := rawzmq.NewSink("tcp://127.0.0.1:*", l.HWM)
		if err != nil {
			return outcome{}, err
		}
		defer s.Close()
		if err := begin(s.Endpoint()); err != nil {
			return outcome{}, err
		}
		r, err := s.Receive(l.Count)
		return outcome{elapsed: r.Elapsed}, err
	}
	c, err := Open()
	if err != nil {
		return outcome{}, err
	}
	defer c.Close()
	s, err := c.Router(l.options())
	if err != nil {
		return outcome{}, err
	}
	endpoint, err := s.Bind("tcp://127.0.0.1:*")
	if err != nil {
		return outcome{}, err
	}
	if err := begin(endpoint); err != nil {
		return outcome{}, err
	}
	b := Batch{Heads: 2} // as a node has it
	var o outcome
	var before, after runtime.MemStats
	var start time.Time
	for got := 0; got < l.Count; got += b.Len() {
		if err := s.Receive(&b); err != nil {
			return o, err
		}
		o.calls++
		if got == 0 {
			runtime.ReadMemStats(&before)
			start = time.Now()
		}
		for i := range b.Len() {
			if m := b.Message(i); len(m) != 1 || len(m[0]) != l.Content {
				return o, fmt.Errorf("message of %d frames", len(m))
			} else if l.Way == "recycle" {
				s.Recycle(m[0])
			}
		}
	}
	o.elapsed = time.Since(start)
	runtime.ReadMemStats(&after)
	o.allocs = after.Mallocs - before.Mallocs
	return o, nil
}

// run runs it with the sender in this process or in another.
func (l load) run(apart bool) (outcome, error) {
	sent := make(chan error, 1)
	o, err := l.receive(func(endpoint string) error {
		l.Endpoint = endpoint
		if !apart {
			go func() { sent <- l.send() }()
			return nil
		}
		text, err := json.Marshal(l)
		if err != nil {
			return err
		}
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), loadVariable+"="+string(text))
		cmd.Stderr = os.Stderr
		if err := cmd.Start(); err != nil {
			return err
		}
		go func() { sent <- cmd.Wait() }()
		return nil
	})
	if err != nil {
		return o, err
	}
	return o, <-sent
}

// sendLoad is the other process.
func sendLoad(text string) int {
	var l load
	err := json.Unmarshal([]byte(text), &l)
	if err == nil {
		err = l.send()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// BenchmarkThroughput runs the ways by turns, five rounds of each, and reports medians: the messages a
// second of raw libzmq, and the others as ratios to it; and the least processor time per message that each
// way took on both sides, which other load on the machine disturbs less. Run it with -benchtime=1x.
func BenchmarkThroughput(b *testing.B) {
	ways := []string{"raw", "shim", "recycle", "plain"}
	for _, apart := range []bool{false, true} {
		place := "one-process"
		if apart {
			place = "two-processes"
		}
		for _, size := range []struct{ content, count int }{{16, 600_000}, {1 << 10, 200_000}, {64 << 10, 10_000}} {
			b.Run(fmt.Sprintf("%s/%d", place, size.content), func(b *testing.B) {
				rates, cpu := make(map[string][]float64), make(map[string][]float64)
				var shim outcome
				for range 5 * b.N {
					for _, way := range ways {
						used := cpuTime()
						l := load{Way: way, Header: 6, Content: size.content, Count: size.count, HWM: 1000}
						o, err := l.run(apart)
						if err != nil {
							b.Fatal(err)
						}
						rates[way] = append(rates[way], float64(size.count)/o.elapsed.Seconds())
						cpu[way] = append(cpu[way], float64(cpuTime()-used)/float64(size.count))
						if way == "shim" {
							shim = o
						}
					}
				}
				raw := median(rates["raw"])
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(raw, "raw-msg/s")
				for _, way := range ways[1:] {
					b.ReportMetric(median(rates[way])/raw, way+"/raw")
				}
				for _, way := range ways {
					b.ReportMetric(slices.Min(cpu[way]), way+"-cpu-ns/msg")
				}
				b.ReportMetric(float64(shim.allocs)/float64(size.count), "shim-allocs/msg")
				b.ReportMetric(float64(size.count)/float64(shim.calls), "shim-msg/receive")
			})
		}
	}
}

// BenchmarkFanout sends each message to ten receivers, which are C loops in this process, and reports the
// deliveries a second of raw libzmq, of a Send for each receiver, and of a Content that they share.
func BenchmarkFanout(b *testing.B) {
	const receivers = 10
	for _, size := range []struct{ content, count int }{{16, 60_000}, {1 << 10, 20_000}, {64 << 10, 1000}} {
		b.Run(fmt.Sprint(size.content), func(b *testing.B) {
			rates := make(map[string][]float64)
			for range 5 * b.N {
				for _, way := range []string{"raw", "send", "content"} {
					elapsed, err := fanout(way, receivers, size.count, size.content)
					if err != nil {
						b.Fatal(err)
					}
					rates[way] = append(rates[way], float64(receivers*size.count)/elapsed.Seconds())
				}
			}
			raw := median(rates["raw"])
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(raw, "raw-deliveries/s")
			b.ReportMetric(median(rates["send"])/raw, "send/raw")
			b.ReportMetric(median(rates["content"])/raw, "content/raw")
		})
	}
}

func fanout(way string, receivers, count, size int) (time.Duration, error) {
	var endpoints []string
	done := make(chan error, receivers)
	for range receivers {
		sink, err := rawzmq.NewSink("tcp://127.0.0.1:*", 0)
		if err != nil {
			return 0, err
		}
		endpoints = append(endpoints, sink.Endpoint())
		go func() {
			_, err := sink.Receive(count)
			sink.Close()
			done <- err
		}()
	}
	wait := func() (err error) {
		for range receivers {
			err = errors.Join(err, <-done)
		}
		return err
	}
	if way == "raw" {
		source, err := rawzmq.NewSource("\x01alice", 0, endpoints...)
		if err != nil {
			return 0, err
		}
		start := time.Now()
		err = errors.Join(source.Send(count, 6, size), wait())
		elapsed := time.Since(start)
		source.Close()
		return elapsed, err
	}
	c, err := Open()
	if err != nil {
		return 0, err
	}
	defer c.Close()
	var dealers []*Socket
	for _, e := range endpoints {
		d, err := c.Dealer(Options{Identity: []byte("\x01alice")})
		if err == nil {
			err = d.Connect(e)
		}
		if err != nil {
			return 0, err
		}
		dealers = append(dealers, d)
	}
	header, frame := make([]byte, 6), make([]byte, size)
	start := time.Now()
	for range count {
		var content Content
		if way == "content" {
			content.Set(frame)
		}
		for _, d := range dealers {
			if way == "content" {
				err = d.SendContent(header, &content)
			} else {
				err = d.Send(header, frame)
			}
			if err != nil {
				return 0, err
			}
		}
		content.Release()
	}
	err = wait()
	return time.Since(start), err
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return v[len(v)/2]
}
