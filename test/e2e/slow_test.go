//go:build unix

package e2e

import (
	"bufio"
	"io"
	"math/rand/v2"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/gozre/zre/internal/lab"
)

// reluctant is a reader that for some time reads a limited number of octets each second.
type reluctant struct {
	*sum
	rate  int64
	until time.Time
}

func (r *reluctant) Write(p []byte) (int, error) {
	if time.Now().Before(r.until) {
		<-time.After(time.Duration(int64(len(p)) * int64(time.Second) / r.rate))
	}
	return r.sum.Write(p)
}

// TestSlowAndStoppedReceivers: all receivers get everything, and no program's memory grows, while
// one receiver reads slowly and another one does not run for some time.
func TestSlowAndStoppedReceivers(t *testing.T) {
	parallel(t)
	size, slow, stopped := int64(100e6), time.Second, 2*time.Second
	if full {
		size, slow, stopped = 2e9, 10*time.Second, 8*time.Second
	}
	h := lab.Loopback(t)
	reader := &reluctant{newSum(), 5e6, time.Now().Add(slow)}
	receivers := []receiver{
		startReceiver(t, h),
		startReceiver(t, h),
		{start(t, h, reader, "zrecat", "--receive-only", "test"), reader.sum},
	}
	sender := start(t, h, nil, "zrecat", "--send-only", "--wait", "3", "test")
	sent := newSum()
	random := rand.NewChaCha8([32]byte{3})
	both := io.MultiWriter(sender.input, sent)
	if _, err := io.CopyN(both, random, 10e6); err != nil {
		t.Fatal(err)
	}
	receivers[1].signal(syscall.SIGSTOP)
	wake := time.AfterFunc(stopped, func() { receivers[1].signal(syscall.SIGCONT) })
	defer wake.Stop()
	if _, err := io.CopyN(both, random, size-10e6); err != nil {
		t.Fatal(err)
	}
	sender.input.Close()
	sender.wait(0)
	for _, r := range receivers {
		r.finish(t, sent)
	}
	modest(t, sender, receivers[0].program, receivers[1].program, receivers[2].program)
}

// TestStoppedReceiverLosesNothing sends many small messages to one that does not run: the sender
// waits, and then none is missing and none comes twice.
func TestStoppedReceiverLosesNothing(t *testing.T) {
	parallel(t)
	count := 300_000
	if full {
		count = 5_000_000
	}
	h := lab.Loopback(t)
	r := startReceiver(t, h)
	sender := start(t, h, nil, "zrecat", "--send-only", "--bufbyline", "test")
	sent := newSum()
	both := io.MultiWriter(sender.input, sent)
	number(t, both, 0, 10)
	<-r.got.reached(sent.size)
	r.signal(syscall.SIGSTOP)
	wake := time.AfterFunc(time.Second, func() { r.signal(syscall.SIGCONT) })
	defer wake.Stop()
	number(t, both, 10, count)
	sender.input.Close()
	sender.wait(0)
	r.finish(t, sent)
	modest(t, sender, r.program)
}

// number writes a line for each number.
func number(t *testing.T, to io.Writer, from, end int) {
	t.Helper()
	lines := bufio.NewWriterSize(to, 1<<16)
	for i := from; i < end; i++ {
		if _, err := lines.WriteString(strconv.Itoa(i) + "\n"); err != nil {
			t.Fatal(err)
		}
	}
	if err := lines.Flush(); err != nil {
		t.Fatal(err)
	}
}
