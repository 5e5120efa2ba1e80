//go:build linux

package lab

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gozre/zre/internal/lab"
)

// resident is the memory that it has in use, in KiB.
func (w *witness) resident() int {
	w.t.Helper()
	statm, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", w.cmd.Process.Pid))
	if err != nil {
		w.t.Fatal(err)
	}
	pages, _ := strconv.Atoi(strings.Fields(string(statm))[1])
	return pages * os.Getpagesize() >> 10
}

// TestSoak: ten nodes on three hosts, five plain and five secure, for hours: one of each kind is
// restarted again and again, one is stopped for a time, lines lose frames and are cut, the gossip
// server is restarted, groups change, and all talk. At the end nobody who was there all the
// time has more memory, descriptors or goroutines than after the first minute, what was sent and
// what was received agree, and nothing was lost or doubled within a session.
func TestSoak(t *testing.T) {
	hours, err := strconv.ParseFloat(os.Getenv("ZRE_SOAK"), 64)
	if err != nil {
		t.Skip("takes long; make soak HOURS=0.5 runs it")
	}
	end := time.Now().Add(time.Duration(hours * float64(time.Hour)))
	_, ports := hosts(t, 3, lab.Line{Loss: 0.01, Delay: time.Millisecond})
	dir, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	key := filepath.Join(t.TempDir(), "key")
	if out, err := ports[0].Host.Command(filepath.Join(dir, "zre"), "--keygen", key).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	random := rand.New(rand.NewPCG(36, 36))
	server := func() func() {
		s := ports[0].Host.Command(filepath.Join(dir, "zgossip_server"), "--listen", "tcp://"+ports[0].Addr.String()+":31337")
		s.Env = append(os.Environ(), "ZRECFG="+os.DevNull)
		if err := s.Start(); err != nil {
			t.Fatal(err)
		}
		return func() {
			_ = s.Process.Kill()
			_ = s.Wait()
		}
	}
	stopServer := server()
	defer func() { stopServer() }()
	begin := func(kind, i int) *witness {
		args := []string{"--join", "g", "--metrics", fmt.Sprint("127.0.0.1:", metricsPort+10*kind+i)}
		if kind == 1 {
			args = append(args, "--key", key+"_secret")
		} else {
			args = append(args, "-g", ports[0].Addr.String())
		}
		return start(t, ports[i%3].Host, fmt.Sprintf("n%d.%d", kind, i), args...)
	}
	var crews [2]crew
	for kind := range crews {
		for i := range 5 {
			crews[kind] = append(crews[kind], begin(kind, i))
		}
	}
	type use struct{ memory, files, goroutines int }
	uses := func(w *witness, kind, i int) use {
		goroutines := w.metrics(metricsPort + 10*kind + i)["go_goroutines"]
		return use{w.resident(), w.descriptors(), int(goroutines)}
	}
	var first [2][]use
	measured := time.Now().Add(time.Minute)
	for round := 0; time.Now().Before(end); round++ {
		for kind, c := range crews {
			c.awaitAll(t, "g", patience)
			stop := c.talk("g", 50*time.Millisecond)
			time.Sleep(time.Second)
			c.heard(t, stop(), patience)
			if first[kind] == nil && time.Now().After(measured) {
				for i, w := range c[:4] {
					first[kind] = append(first[kind], uses(w, kind, i))
				}
			}
			switch random.IntN(5) {
			case 0:
				c[4].kill()
				c.faultless(t)
				c[4] = begin(kind, 4)
			case 1:
				c[3].signal(syscall.SIGSTOP)
				time.Sleep(time.Duration(random.IntN(5)) * time.Second)
				c[3].signal(syscall.SIGCONT)
			case 2:
				p := ports[random.IntN(3)]
				p.Cut()
				time.Sleep(time.Duration(random.IntN(5)) * time.Second)
				p.Mend()
			case 3:
				stopServer()
				stopServer = server()
			case 4:
				group := fmt.Sprint("x", round)
				if c[round%4].say("/join "+group) != nil || c[round%4].say("/leave "+group) != nil {
					t.Error("it does not take commands any more")
				}
			}
		}
	}
	for kind, c := range crews {
		c.awaitAll(t, "g", patience)
		agree(t, c, kind)
		c.faultless(t)
	}
	for kind, c := range crews {
		for i, before := range first[kind] {
			w, now := c[i], uses(c[i], kind, i)
			t.Logf("%s: KiB, files, goroutines %v after a minute, %v at the end", w.name, before, now)
			// A connection has two goroutines at most, and may be on its way out.
			if now.memory > before.memory+before.memory/4+4096 || now.files > before.files+2 ||
				now.goroutines == 0 || now.goroutines > before.goroutines+4 {
				t.Errorf("%s uses more: %+v, %+v", w.name, before, now)
			}
		}
	}
}

// agree holds that what all together have sent in a time is what all together have received.
func agree(t *testing.T, c crew, kind int) {
	t.Helper()
	sums := func() (out, in float64) {
		for i, w := range c {
			m := w.metrics(metricsPort + 10*kind + i)
			out += m["zre_messages_out_total"]
			in += m["zre_messages_in_total"]
		}
		return out, in
	}
	// What was sent to nodes that were killed was not received. PINGs are in flight now and
	// then, and for seconds after a cut.
	var outBefore, lost float64
	eventually(t, "nothing is in flight", patience, func() bool {
		outBefore, lost = sums()
		lost = outBefore - lost
		time.Sleep(3 * time.Second)
		out, in := sums()
		return out-in == lost
	})
	stop := c.talk("g", 10*time.Millisecond)
	time.Sleep(2 * time.Second)
	c.heard(t, stop(), patience)
	var out, in float64
	eventually(t, "the counters agree", patience, func() bool {
		out, in = sums()
		return out > outBefore && out-in == lost
	})
	t.Logf("%.0f messages were counted on both sides", out-outBefore)
}
