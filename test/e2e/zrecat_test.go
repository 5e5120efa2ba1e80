//go:build unix

package e2e

import (
	"bytes"
	"crypto/sha256"
	"hash"
	"io"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gozre/zre/internal/lab"
)

// maxMemory is what no program may need, however long the stream and however slow the network.
const maxMemory = 100e6

// sum is where a receiver's output goes: it is counted and hashed, and not kept.
type sum struct {
	mu    sync.Mutex
	size  int64
	hash  hash.Hash
	waits map[int64]chan struct{} // each is closed when that many octets are there
}

func newSum() *sum { return &sum{hash: sha256.New(), waits: make(map[int64]chan struct{})} }

func (s *sum) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hash.Write(p)
	s.size += int64(len(p))
	s.tell()
	return len(p), nil
}

// tell closes what was waited for long enough. Called under mu.
func (s *sum) tell() {
	for size, wait := range s.waits {
		if s.size >= size {
			close(wait)
			delete(s.waits, size)
		}
	}
}

// reached returns a channel that is closed as soon as size octets are there.
func (s *sum) reached(size int64) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	wait, again := s.waits[size]
	if !again {
		wait = make(chan struct{})
		s.waits[size] = wait
	}
	s.tell()
	return wait
}

// same holds that what came is what was sent.
func (s *sum) same(t *testing.T, sent *sum) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.size != sent.size || !bytes.Equal(s.hash.Sum(nil), sent.hash.Sum(nil)) {
		t.Errorf("%d octets came, %x; %d were sent, %x", s.size, s.hash.Sum(nil), sent.size, sent.hash.Sum(nil))
	}
}

// receiver is a zrecat that only listens, and what it has printed.
type receiver struct {
	*program
	got *sum
}

func startReceiver(t *testing.T, h *lab.Host) receiver {
	t.Helper()
	got := newSum()
	return receiver{start(t, h, got, "zrecat", "--receive-only", "test"), got}
}

// finish waits until all that was sent is printed, and stops the receiver.
func (r receiver) finish(t *testing.T, sent *sum) {
	t.Helper()
	select {
	case <-r.got.reached(sent.size):
	case <-r.exited:
	case <-time.After(patience):
	}
	r.signal(syscall.SIGTERM)
	r.wait(0)
	r.got.same(t, sent)
}

// copyTo sends random octets through zrecat to receivers, one on each host but the first, and
// holds that all of them get all of it.
func copyTo(t *testing.T, size int64, hosts []*lab.Host) {
	t.Helper()
	var receivers []receiver
	var all []*program
	for _, h := range hosts[1:] {
		receivers = append(receivers, startReceiver(t, h))
		all = append(all, receivers[len(receivers)-1].program)
	}
	sender := start(t, hosts[0], nil, "zrecat", "--send-only", "--wait", strconv.Itoa(len(receivers)), "test")
	sent := newSum()
	random := io.LimitReader(rand.NewChaCha8([32]byte{1}), size)
	if _, err := io.Copy(io.MultiWriter(sender.input, sent), random); err != nil {
		t.Fatal(err)
	}
	sender.input.Close()
	sender.wait(0)
	for _, r := range receivers {
		r.finish(t, sent)
	}
	modest(t, append(all, sender)...)
}

// modest holds that no program used more memory than allowed.
func modest(t *testing.T, programs ...*program) {
	t.Helper()
	limit := int64(maxMemory)
	if os.Getenv("ZRE_TRANSPORT") == "libzmq" {
		limit *= 2 // libzmq has queues of its own, which are bounded in messages.
	}
	for _, p := range programs {
		if peak := p.peak(); peak > limit {
			t.Errorf("%s used %d MiB of memory", p.cmd.Args, peak>>20)
		} else {
			t.Logf("%s used %d MiB of memory", p.cmd.Args[len(p.cmd.Args)-2:], peak>>20)
		}
	}
}

func TestFileOnLoopback(t *testing.T) {
	parallel(t)
	h := lab.Loopback(t)
	copyTo(t, 100e6, []*lab.Host{h, h, h})
}

// TestFileOverSlowLines sends over 20 Mbit/s: 100 MB when it may take its time.
func TestFileOverSlowLines(t *testing.T) {
	parallel(t)
	var size int64 = 2e6
	if full {
		size = 100e6
	}
	copyTo(t, size, network(t, lab.Line{Rate: 20e6, Delay: time.Millisecond}, 3))
}

// TestSequenceWraps sends more messages on one link than its counter has values.
func TestSequenceWraps(t *testing.T) {
	parallel(t)
	const count = 70_000
	h := lab.Loopback(t)
	r := startReceiver(t, h)
	watcher := startShell(t, h)
	watcher.say("/join test")
	sender := start(t, h, nil, "zrecat", "--send-only", "--bufbyline", "--wait", "2", "--name", "sender", "test")
	sent := newSum()
	number(t, io.MultiWriter(sender.input, sent), 0, count)
	sender.input.Close()
	for i := range count {
		if e := watcher.expect("SHOUT", nil); strings.TrimSuffix(e.text(), "\n") != strconv.Itoa(i) {
			t.Fatalf("message %d is %q", i, e.text())
		}
	}
	sender.wait(0)
	r.finish(t, sent)
	if e := watcher.expect("EXIT", func(e event) bool { return e.Name == "sender" }); e.Reason != "goodbye" {
		t.Errorf("the sender's link ended by %q", e.Reason)
	}
}

// TestLostReceiverIsNamed kills a receiver midway: the other one gets everything, and the sender
// names the one that did not.
func TestLostReceiverIsNamed(t *testing.T) {
	parallel(t)
	const size = 50e6
	h := lab.Loopback(t)
	lives := startReceiver(t, h)
	dies := start(t, h, newSum(), "zrecat", "--receive-only", "--name", "unlucky", "test")
	sender := start(t, h, nil, "zrecat", append(impatient, "--send-only", "--wait", "2", "test")...)
	sent := newSum()
	both := io.MultiWriter(sender.input, sent)
	random := rand.NewChaCha8([32]byte{2})
	if _, err := io.CopyN(both, random, size/2); err != nil {
		t.Fatal(err)
	}
	dies.signal(syscall.SIGKILL)
	if _, err := io.CopyN(both, random, size/2); err != nil {
		t.Fatal(err)
	}
	sender.input.Close()
	sender.wait(1)
	if !strings.Contains(sender.errors.String(), "unlucky") {
		t.Errorf("the sender does not name who got not all: %s", sender.errors.String())
	}
	lives.finish(t, sent)
}

// TestNobodyCame: that no member came has a status of its own, for scripts.
func TestNobodyCame(t *testing.T) {
	parallel(t)
	p := start(t, lab.Loopback(t), nil, "zrecat", "--wait-timeout", "0.3", "test")
	if _, err := io.WriteString(p.input, "hello\n"); err != nil {
		t.Fatal(err)
	}
	p.input.Close()
	p.wait(3)
}

// TestNameFromConfiguration: the flag beats ZRENAME, which beats the file that ZRECFG names.
func TestNameFromConfiguration(t *testing.T) {
	parallel(t)
	h := lab.Loopback(t)
	file := configuration(t, h, "; a comment\nname = file\n[zrecat]\n# another\nheader = k=v\n")
	watcher := startShell(t, h)
	for _, c := range []struct {
		want string
		env  []string
		args []string
	}{
		{"file", nil, nil},
		{"environment", []string{"ZRENAME=environment"}, nil},
		{"flag", []string{"ZRENAME=environment"}, []string{"--name", "flag"}},
	} {
		p := startWith(t, h, append(c.env, "ZRECFG="+file), nil, "zrecat", append(c.args, "test")...)
		if e := watcher.expect("ENTER", nil); e.Name != c.want || e.Headers["k"] != "v" {
			t.Errorf("env %v, args %v: entered %+v, want %s", c.env, c.args, e, c.want)
		}
		p.signal(syscall.SIGTERM)
		watcher.expect("EXIT", nil)
	}
}

// TestWrongUse: errors of use go to standard error, with the documented status.
func TestWrongUse(t *testing.T) {
	parallel(t)
	h := lab.Loopback(t)
	for _, args := range [][]string{{}, {"--no-such-flag", "test"}, {"--dead-period", "soon", "test"}} {
		p := start(t, h, nil, "zrecat", args...)
		p.wait(2)
		if p.errors.String() == "" {
			t.Errorf("zrecat %v says nothing", args)
		}
	}
	p := startWith(t, h, []string{"ZRECFG=/nowhere/zre.conf"}, nil, "zrecat", "test")
	p.wait(2)
	if !strings.Contains(p.errors.String(), "/nowhere/zre.conf") {
		t.Errorf("an unreadable ZRECFG: %s", p.errors.String())
	}
}
