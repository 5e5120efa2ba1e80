package zmq

import (
	"context"
	"encoding/json"
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
	Way             string // "raw", "shim", "plain"
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
		err := s.Send(header, content)
		for err == ErrWouldBlock {
			if err = s.WaitRoom(context.Background()); err == nil {
				err = s.Send(header, content)
			}
		}
		if err != nil {
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
	var b Batch
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
			if m := b.Message(i); len(m) != 3 || len(m[2]) != l.Content {
				return o, fmt.Errorf("message of %d frames", len(m))
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
// second of raw libzmq, and the others as ratios to it. Run it with -benchtime=1x.
func BenchmarkThroughput(b *testing.B) {
	ways := []string{"raw", "shim", "plain"}
	for _, apart := range []bool{false, true} {
		place := "one-process"
		if apart {
			place = "two-processes"
		}
		for _, size := range []struct{ content, count int }{{16, 600_000}, {1 << 10, 200_000}, {64 << 10, 10_000}} {
			b.Run(fmt.Sprintf("%s/%d", place, size.content), func(b *testing.B) {
				rates := make(map[string][]float64)
				var shim outcome
				for range 5 * b.N {
					for _, way := range ways {
						l := load{Way: way, Header: 6, Content: size.content, Count: size.count, HWM: 1000}
						o, err := l.run(apart)
						if err != nil {
							b.Fatal(err)
						}
						rates[way] = append(rates[way], float64(size.count)/o.elapsed.Seconds())
						if way == "shim" {
							shim = o
						}
					}
				}
				raw := median(rates["raw"])
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(raw, "raw-msg/s")
				b.ReportMetric(median(rates["shim"])/raw, "shim/raw")
				b.ReportMetric(median(rates["plain"])/raw, "plain/raw")
				b.ReportMetric(float64(shim.allocs)/float64(size.count), "shim-allocs/msg")
				b.ReportMetric(float64(size.count)/float64(shim.calls), "shim-msg/receive")
			})
		}
	}
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return v[len(v)/2]
}
