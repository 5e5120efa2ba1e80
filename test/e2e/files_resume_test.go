//go:build unix

package e2e

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/gozre/zre/internal/lab"
)

// relay passes connections on to an address. After so many octets the direction towards it stops
// or breaks, once.
type relay struct {
	listener net.Listener
	to       string
	breaks   bool // the connection; else it stops
	passed   atomic.Int64
	limit    atomic.Int64  // 0: none any more
	reached  chan struct{} // closed when the limit is
	ended    chan struct{}
}

func startRelay(t *testing.T, h *lab.Host, limit int64, breaks bool) *relay {
	t.Helper()
	var l, free net.Listener
	var err, freeErr error
	h.Inside(func() {
		l, err = net.Listen("tcp", "127.0.0.1:0")
		free, freeErr = net.Listen("tcp", "127.0.0.1:0")
	})
	if err != nil || freeErr != nil {
		t.Fatal(err, freeErr)
	}
	r := &relay{listener: l, to: free.Addr().String(), breaks: breaks, reached: make(chan struct{}), ended: make(chan struct{})}
	free.Close() // Of the getter's port it is known only that nobody had it now.
	r.limit.Store(limit)
	var all sync.WaitGroup
	all.Go(func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			var out net.Conn
			h.Inside(func() { out, err = net.Dial("tcp", r.to) })
			if err != nil {
				in.Close()
				continue
			}
			all.Go(func() { r.pass(in, out) })
			all.Go(func() {
				_, _ = io.Copy(in, out) // until one of them is closed
				in.Close()
				out.Close()
			})
			all.Go(func() {
				<-r.ended
				in.Close()
				out.Close()
			})
		}
	})
	t.Cleanup(func() {
		close(r.ended)
		l.Close()
		all.Wait()
	})
	return r
}

// pass passes octets on to the getter.
func (r *relay) pass(in, out net.Conn) {
	defer in.Close()
	defer out.Close()
	buf := make([]byte, 64<<10)
	for {
		n, err := in.Read(buf)
		if err != nil {
			return
		}
		if _, err := out.Write(buf[:n]); err != nil {
			return
		}
		if limit := r.limit.Load(); r.passed.Add(int64(n)) > limit && limit > 0 && r.limit.CompareAndSwap(limit, 0) {
			close(r.reached)
			if !r.breaks {
				_, _ = io.Copy(io.Discard, in) // until it is closed
			}
			return
		}
	}
}

// address is where a putter reaches the getter through the relay.
func (r *relay) address() string { return "tcp://" + r.listener.Addr().String() }

// getter is the flags of the getter behind the relay.
func (r *relay) getter(dir string) []string {
	_, port, _ := net.SplitHostPort(r.to) // It is one.
	return []string{"get", "--yes", "--no-beacon", "--port-range", port, "--advertise", r.address(), "inbox", dir}
}

// through is the flags of a putter on the other side.
func (r *relay) through(file string) []string {
	return []string{"put", "--no-beacon", "--peer", r.address(), "--settle", "60", file, "inbox"}
}

// half is a relay that ends after half of a file.
func half(t *testing.T, h *lab.Host, breaks bool) (r *relay, file, dir string) {
	const size = 20e6
	r = startRelay(t, h, size/2, breaks)
	return r, randomFile(t, filepath.Join(t.TempDir(), "file"), size), t.TempDir()
}

// waitFor waits for a channel.
func waitFor(t *testing.T, what string, c <-chan struct{}) {
	t.Helper()
	waitUntil(t, what, func() bool {
		select {
		case <-c:
			return true
		default:
			return false
		}
	})
}

// partly waits until a part of the file is on the disk, and returns its size.
func partly(t *testing.T, dir string) (size int64) {
	t.Helper()
	waitUntil(t, "a part of the file", func() bool {
		info, err := os.Stat(filepath.Join(dir, ".zre-part-file"))
		if err == nil {
			size = info.Size()
		}
		return size > 5e6
	})
	return size
}

// onlyTheRest holds that what was there before was not sent again.
func (r *relay) onlyTheRest(t *testing.T, before, there int64) {
	t.Helper()
	if sent := r.passed.Load() - before; sent > 20e6-there+1e6 {
		t.Errorf("%d octets were sent, although %d of 20000000 were there", sent, there)
	}
}

// TestSessionCut: the connection breaks in the middle, and both ends go on by themselves.
func TestSessionCut(t *testing.T) {
	parallel(t)
	h := lab.Loopback(t)
	r, file, dir := half(t, h, true)
	getter := start(t, h, nil, "zre", r.getter(dir)...)
	putter := start(t, h, nil, "zre", r.through(file)...)
	putter.wait(0)
	getter.wait(0)
	putter.saying("was lost")
	waitFor(t, "the break", r.reached)
	sameFile(t, file, filepath.Join(dir, "file"))
	if sent := r.passed.Load(); sent > 20e6+8e6 {
		t.Errorf("%d octets were sent", sent)
	}
}

// TestGetterKilled: another zre get goes on where the one that was killed was.
func TestGetterKilled(t *testing.T) {
	parallel(t)
	h := lab.Loopback(t)
	r, file, dir := half(t, h, false)
	getter := start(t, h, nil, "zre", r.getter(dir)...)
	putter := start(t, h, nil, "zre", r.through(file)...)
	waitFor(t, "half of the file", r.reached)
	there := partly(t, dir)
	if err := getter.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-getter.exited
	putter.saying("was lost")
	putter.signal(os.Interrupt)
	putter.wait(130)

	before := r.passed.Load()
	getter = start(t, h, nil, "zre", r.getter(dir)...)
	putter = start(t, h, nil, "zre", r.through(file)...)
	putter.wait(0)
	getter.wait(0)
	sameFile(t, file, filepath.Join(dir, "file"))
	r.onlyTheRest(t, before, there)
}

// TestPutterKilled: the getter goes on with the same file from another zre put.
func TestPutterKilled(t *testing.T) {
	parallel(t)
	h := lab.Loopback(t)
	r, file, dir := half(t, h, false)
	getter := start(t, h, nil, "zre", r.getter(dir)...)
	putter := start(t, h, nil, "zre", r.through(file)...)
	waitFor(t, "half of the file", r.reached)
	there := partly(t, dir)
	if err := putter.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-putter.exited

	before := r.passed.Load()
	start(t, h, nil, "zre", r.through(file)...).wait(0)
	getter.wait(0)
	sameFile(t, file, filepath.Join(dir, "file"))
	r.onlyTheRest(t, before, there)
	getter.saying("is incomplete: ")
}
