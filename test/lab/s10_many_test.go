//go:build linux

package lab

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gozre/zre/internal/lab"
)

// processorTime is what a process has used, in user and system mode.
func (w *witness) processorTime() time.Duration {
	w.t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", w.cmd.Process.Pid))
	if err != nil {
		w.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	user, _ := strconv.ParseInt(fields[11], 10, 64)
	system, _ := strconv.ParseInt(fields[12], 10, 64)
	const tick = 10 * time.Millisecond // USER_HZ is 100 on all of Linux.
	return time.Duration(user+system) * tick
}

// metricsPort is where witnesses serve their metrics that are started with --metrics.
const metricsPort = 9100

// metrics asks for the counters of a witness that serves them at a port.
func (w *witness) metrics(port int) map[string]float64 {
	w.t.Helper()
	var text []byte
	var err error
	w.host.Inside(func() { // without a goroutine, which would not be inside
		var conn net.Conn
		if conn, err = net.DialTimeout("tcp", fmt.Sprint("127.0.0.1:", port), patience); err != nil {
			return
		}
		defer conn.Close()
		if err = conn.SetDeadline(time.Now().Add(patience)); err != nil {
			return
		}
		if _, err = io.WriteString(conn, "GET /metrics HTTP/1.0\r\n\r\n"); err == nil {
			text, err = io.ReadAll(conn)
		}
	})
	if err != nil {
		w.t.Fatalf("metrics of %s: %v", w.name, err)
	}
	values := make(map[string]float64)
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		if name, value, ok := strings.Cut(lines.Text(), " "); ok {
			if v, err := strconv.ParseFloat(value, 64); err == nil {
				values[name] = v
			}
		}
	}
	return values
}

// TestMany: all of 200 nodes on 4 hosts see all. What a node does when nothing happens is counted,
// and one more node costs no storm: it is seen by all, and a beacon of each is enough.
func TestMany(t *testing.T) {
	if !full {
		t.Parallel() // At full size it takes the processors for itself.
	}
	perHost := sized(5, 50)
	_, ports := hosts(t, sized(2, 4), lab.Line{})
	built(t, "zre") // before the time counts
	began := time.Now()
	var all crew
	for i := range perHost {
		for h, p := range ports {
			args := []string{"--join", "g"}
			if i == 0 {
				args = append(args, "--metrics", fmt.Sprint("127.0.0.1:", metricsPort))
			}
			all = append(all, launchEqual(t, p.Host, fmt.Sprintf("n%d.%d", h, i), args...))
		}
	}
	t.Cleanup(func() { all.killAll() })
	for _, w := range all {
		w.await()
	}
	all.awaitAll(t, "g", sized(2*time.Minute, 8*time.Minute))
	t.Logf("%d nodes on %d hosts saw each other %v after the first was started", len(all), len(ports), time.Since(began).Round(100*time.Millisecond))

	met, restarts := time.Now(), 0
	for _, w := range all {
		restarts += len(w.all("EXIT", "", time.Time{}))
	}
	t.Logf("%d sessions began again before that", restarts)
	watched := all[:len(ports)] // one on each host
	idle := func(during time.Duration) (cpu time.Duration, messages, datagrams float64) {
		count := func(sign int) {
			for _, w := range all {
				cpu += time.Duration(sign) * w.processorTime()
			}
			for _, w := range watched {
				m := w.metrics(metricsPort)
				messages += float64(sign) * (m["zre_messages_out_total"] + m["zre_messages_in_total"])
				datagrams += float64(sign) * m["zre_beacons_sent_total"]
			}
		}
		count(-1)
		time.Sleep(during) // The scenario: so long is counted.
		count(1)
		return cpu / time.Duration(len(all)), messages / float64(len(watched)), datagrams / float64(len(watched))
	}
	idle(sized(time.Second, 5*time.Second)) // What the arrival of all has left behind is over.
	during := sized(3*time.Second, 30*time.Second)
	cpu, messages, datagrams := idle(during)
	seconds := during.Seconds()
	t.Logf("idle, each node: %.2f %% of a core, %.1f messages and %.1f datagrams of beacons a second",
		100*cpu.Seconds()/seconds, messages/seconds, datagrams/seconds)

	late := launchEqual(t, ports[0].Host, "late", "--join", "g")
	late.await()
	began = time.Now()
	all = append(all, late)
	all.awaitAll(t, "g", sized(2*time.Minute, 5*time.Minute))
	t.Logf("one more saw all, and all saw it, after %v", time.Since(began).Round(time.Millisecond))
	_, arrival, sent := idle(during)
	t.Logf("with it, each node: %.1f messages and %.1f datagrams of beacons a second", arrival/seconds, sent/seconds)
	if most := datagrams + 8*float64(len(watched)); sent > 2*most {
		t.Errorf("%.0f datagrams of beacons in %v, without an arrival it was %.0f", sent, during, datagrams)
	}
	for _, w := range all {
		for _, e := range w.all("EXIT", "", met) {
			t.Errorf("%s: EXIT of %s: %s", w.name, e.Name, e.Reason)
		}
	}
	all.faultless(t)
}
