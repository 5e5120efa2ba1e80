//go:build linux

package lab

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
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
// time has more memory, descriptors or goroutines than after the first minutes, what was sent and
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
	uses := func(w *witness, kind, i int) use {
		m := w.metrics(metricsPort + 10*kind + i)
		return use{int(m["go_gc_heap_live_bytes"]) >> 10, w.resident(), w.descriptors(), int(m["go_goroutines"])}
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
				if slices.ContainsFunc(first[kind], func(u use) bool { return u.live == 0 }) {
					first[kind] = nil // There is a collection after two minutes at the latest.
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
	for _, c := range crews {
		c.awaitAll(t, "g", patience)
		agree(t, c)
		c.faultless(t)
	}
	for kind, c := range crews {
		if first[kind] == nil {
			t.Error("it was too short: there was no garbage collection")
		}
		for i, before := range first[kind] {
			w, now := c[i], uses(c[i], kind, i)
			t.Logf("%s: live and resident KiB, files, goroutines: %v after the first minutes, %v at the end", w.name, before, now)
			if !before.equals(now) {
				t.Errorf("%s uses more: %+v, %+v", w.name, before, now)
			}
		}
	}
}

// use is what a program uses: the memory in use after the last garbage collection, and what the
// kernel has given it, which the Go runtime keeps; both in KiB.
type use struct{ live, resident, files, goroutines int }

// equals reports whether it uses as much later. A collection counts the messages in its queues,
// too, and the resident memory follows the largest number of them; a connection has two
// goroutines at most, and may be on its way out.
func (u use) equals(later use) bool {
	return u.goroutines != 0 && u.live != 0 &&
		later.live <= u.live+u.live/4+1024 && later.resident <= u.resident+u.resident/2+4096 &&
		later.files <= u.files+2 && later.goroutines <= u.goroutines+4
}

// agree holds that both sides of each link have counted the same messages in its session.
func agree(t *testing.T, c crew) {
	t.Helper()
	stop := c.talk("g", 10*time.Millisecond)
	time.Sleep(2 * time.Second)
	c.heard(t, stop(), patience)
	var total uint64
	for _, a := range c {
		for _, b := range c {
			if a == b {
				continue
			}
			// A PING may be under way at one of the looks.
			eventually(t, fmt.Sprintf("%s has got what %s has sent", b.name, a.name), patience, func() bool {
				out, in := a.stats(b).Out, b.stats(a).In
				if out == 0 || out != in {
					return false
				}
				total += out
				return true
			})
		}
	}
	t.Logf("%d messages were counted on both sides", total)
}

// stats asks it what it has counted for a peer.
func (w *witness) stats(of *witness) (counted event) {
	w.t.Helper()
	asked := time.Now()
	if err := w.say("/stats " + of.id); err != nil {
		w.t.Fatal(err)
	}
	eventually(w.t, w.name+" answers /stats", patience, func() bool {
		answers := w.all("STATS", of.id, asked)
		if len(answers) > 0 {
			counted = answers[0]
		}
		return len(answers) > 0
	})
	return counted
}
