package zmq

import (
	"encoding/binary"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if text := os.Getenv(loadVariable); text != "" {
		os.Exit(sendLoad(text))
	}
	goleak.VerifyTestMain(m)
}

// limit bounds every wait of the tests; it is not a measure of anything.
const limit = 2 * time.Minute

// paths are the ways through the package that must keep the same promises.
var paths = []struct {
	name string
	opts Options
}{
	{"shim", Options{}},
	{"plain", Options{Plain: true}},
	{"timed", Options{timed: true}},
}

// onEachPath runs a test over every path, each in a context of its own.
func onEachPath(t *testing.T, test func(t *testing.T, c *Context, o Options)) {
	t.Helper()
	for _, p := range paths {
		t.Run(p.name, func(t *testing.T) { test(t, open(t), p.opts) })
	}
}

func open(t testing.TB) *Context {
	t.Helper()
	c, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func router(t testing.TB, c *Context, o Options) (*Socket, string) {
	t.Helper()
	s, err := c.Router(o)
	if err != nil {
		t.Fatal(err)
	}
	endpoint, err := s.Bind("tcp://127.0.0.1:*")
	if err != nil {
		t.Fatal(err)
	}
	return s, endpoint
}

func dealer(t testing.TB, c *Context, endpoint string, o Options) *Socket {
	t.Helper()
	s, err := c.Dealer(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Connect(endpoint); err != nil {
		t.Fatal(err)
	}
	return s
}

// named gives options with an identity as ZRE has it.
func named(o Options, name string) Options {
	o.Identity = append([]byte{1}, name...)
	return o
}

// collect receives n messages, or fails when they do not come.
func collect(t testing.TB, s *Socket, n int) [][][]byte {
	t.Helper()
	var all [][][]byte
	each(t, s, n, func(m [][]byte) { all = append(all, m) })
	return all
}

// each receives at least n messages and calls take for each one. When they do not come in time it closes
// the socket and fails.
func each(t testing.TB, s *Socket, n int, take func([][]byte)) {
	t.Helper()
	late := time.AfterFunc(limit, func() { s.Close() })
	defer late.Stop()
	var b Batch
	for got := 0; got < n; got += b.Len() {
		if err := s.Receive(&b); err != nil {
			t.Fatalf("after %d of %d messages: %v", got, n, err)
		}
		if b.Len() == 0 {
			t.Fatal("Receive gave an empty batch")
		}
		for i := range b.Len() {
			take(b.Message(i))
		}
	}
}

// patiently tries again while there is no room.
func patiently(send func() error) error {
	end := time.Now().Add(limit)
	for {
		err := send()
		if err != ErrWouldBlock || time.Now().After(end) {
			return err
		}
		<-time.After(50 * time.Microsecond)
	}
}

// send waits for room where there is none.
func send(t testing.TB, s *Socket, first []byte, rest ...[]byte) {
	t.Helper()
	if err := patiently(func() error { return s.Send(first, rest...) }); err != nil {
		t.Error(err)
	}
}

func number(i int) []byte { return binary.BigEndian.AppendUint64(nil, uint64(i)) }
