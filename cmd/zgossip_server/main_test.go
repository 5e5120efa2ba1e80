package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/pflag"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/cmd/internal/cli/clitest"
	"github.com/gozre/zre/zgossip"
	"github.com/gozre/zre/zre/keys"
)

func TestExampleConfig(t *testing.T) { clitest.CheckExample(t, program, "../../zre.conf") }

const patience = 2 * time.Minute

// freePort finds a port that is free at this moment.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// TestDaemon runs the program as systemd would: it is notified of the start and the end,
// and it feeds the watchdog until it is asked to end.
func TestDaemon(t *testing.T) {
	notified := listenForNotify(t)
	t.Setenv("WATCHDOG_USEC", "100000")
	o := newOptions()
	address, web := freePort(t), freePort(t)
	o.listen, o.metrics = []string{"tcp://" + address}, web
	ctx, cancel := context.WithCancelCause(t.Context())
	var log bytes.Buffer
	env := &cli.Env{Log: slog.New(slog.NewJSONHandler(&log, nil))}
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, env, o) }()
	expect := func(want string) {
		t.Helper()
		for {
			select {
			case got := <-notified:
				if got == want {
					return
				}
				if got != "WATCHDOG=1" {
					t.Fatalf("systemd got %q, want %q", got, want)
				}
			case <-time.After(patience):
				t.Fatalf("systemd did not get %q", want)
			}
		}
	}
	expect("READY=1")
	expect("WATCHDOG=1")

	id := uuid.New()
	client, err := zgossip.NewClient(zgossip.ClientConfig{
		Servers: []string{address}, Key: id, OnTuple: func(zgossip.Tuple) {},
		Endpoint: func(netip.AddrPort) (string, error) { return "tcp://10.0.0.1:41000", nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	var tuples []zgossip.Tuple
	for end := time.Now().Add(patience); len(tuples) == 0 && time.Now().Before(end); {
		if tuples, err = zgossip.Dump(ctx, zgossip.DumpConfig{Server: address}); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if err := writeJSON(&out, tuples, time.Now()); err != nil {
		t.Fatal(err)
	}
	var e struct {
		Event, UUID, Endpoint string
		TTL                   float64 `json:"ttl_ms"`
	}
	if err := json.Unmarshal(out.Bytes(), &e); err != nil || e.Event != "TUPLE" || e.UUID != id.String() || e.Endpoint != "tcp://10.0.0.1:41000" || e.TTL < 1000 {
		t.Errorf("dump as JSON: %s %v", out.String(), err)
	}
	out.Reset()
	if err := writeTable(&out, tuples); err != nil || !strings.Contains(out.String(), id.String()+"  tcp://10.0.0.1:41000  1m") {
		t.Errorf("dump as table:\n%s%v", out.String(), err)
	}

	page := fetch(t, "http://"+web+"/metrics", http.StatusOK)
	for _, want := range []string{
		`zgossip_clients{dialect="node"} 1`, "zgossip_tuples 1", `zgossip_tuples_received_total{dialect="node"} 1`,
		`zgossip_refused_total{reason="bad endpoint"} 0`, "go_goroutines", "process_cpu_seconds_total",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("no %s in the metrics", want)
		}
	}
	if got := fetch(t, "http://"+web+"/healthz", http.StatusOK); got != "ok\n" {
		t.Errorf("health: %q", got)
	}
	cancel(&cli.SignalError{Signal: os.Interrupt})
	expect("STOPPING=1")
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(patience):
		t.Fatal("it does not end")
	}
	first, _, _ := strings.Cut(log.String(), "\n")
	for _, want := range []string{`"listens":["tcp://` + address + `"]`, `"trusts":"everybody`, `"encrypt or authenticate"`, "more than 4096 clients"} {
		if !strings.Contains(first, want) {
			t.Errorf("the first line of the log does not say %s: %s", want, first)
		}
	}
	for line := range strings.Lines(log.String()) {
		if !json.Valid([]byte(line)) {
			t.Errorf("not JSON: %s", line)
		}
	}
	if !strings.Contains(log.String(), `"cause":"ended by signal: interrupt"`) {
		t.Errorf("the log does not say why it ended:\n%s", log.String())
	}
}

func fetch(t *testing.T, url string, status int) string {
	t.Helper()
	r, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != status {
		t.Fatalf("%s: %s %v", url, r.Status, err)
	}
	http.DefaultClient.CloseIdleConnections()
	return string(body)
}

// listenForNotify takes systemd's place.
func listenForNotify(t *testing.T) <-chan string {
	t.Helper()
	dir, err := os.MkdirTemp("", "n") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	path := filepath.Join(dir, "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Skipf("no socket for systemd's notifications on this system: %v", err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	t.Setenv("NOTIFY_SOCKET", path)
	notified := make(chan string, 100) // the watchdog is fed while the test does not read
	go func() {
		buf := make([]byte, 100)
		for {
			n, err := conn.Read(buf)
			if err != nil {
				return
			}
			select {
			case notified <- string(buf[:n]):
			default:
			}
		}
	}()
	return notified
}

func TestHealthOfAServerThatEnded(t *testing.T) {
	s, err := zgossip.NewServer(zgossip.ServerConfig{Listen: []string{"tcp://127.0.0.1:*"}})
	if err != nil {
		t.Fatal(err)
	}
	stop, err := serveHTTP("127.0.0.1:0", s, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Check(); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := s.Check(); !errors.Is(err, zgossip.ErrClosed) {
		t.Errorf("a server that has ended reports that it works: %v", err)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

func TestAddresses(t *testing.T) {
	for _, c := range []struct {
		listen []string
		want   string
	}{
		{nil, "tcp://*:4000"},
		{[]string{"tcp://10.0.0.1:5"}, "tcp://10.0.0.1:5"},
		{[]string{"10.0.0.1", "[::1]", "*"}, "tcp://10.0.0.1:4000 tcp://[::1]:4000 tcp://*:4000"},
	} {
		o := newOptions()
		o.listen, o.port = c.listen, 4000
		if got := strings.Join(o.addresses(), " "); got != c.want {
			t.Errorf("%v: %s, want %s", c.listen, got, c.want)
		}
	}
}

// TestDefaults checks that the program's defaults are the library's.
func TestDefaults(t *testing.T) {
	env := &cli.Env{Log: slog.New(slog.DiscardHandler)}
	got, err := newOptions().config(env)
	if err != nil {
		t.Fatal(err)
	}
	want := zgossip.DefaultServerConfig()
	got.Logger, want.Logger = nil, nil
	if g, w := toJSON(t, got), toJSON(t, want); g != w {
		t.Errorf("got  %s\nwant %s", g, w)
	}
}

func toJSON(t *testing.T, c zgossip.ServerConfig) string {
	t.Helper()
	c.OnTuple = nil
	type plain struct {
		Listen                                                                  []string
		Size                                                                    int64
		Clients, Tuples, PerClient, Key, Value, Queue, Idle, Grace, SlowTimeout int64
	}
	b, err := json.Marshal(plain{c.Listen, c.MaxMessageSize, int64(c.MaxClients), int64(c.MaxTuples), int64(c.MaxTuplesPerClient),
		int64(c.MaxKeyLength), int64(c.MaxValueLength), int64(c.SendQueue), int64(c.IdleTimeout), int64(c.Grace), int64(c.SlowTimeout)})
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestUsageErrors(t *testing.T) {
	for _, change := range []func(*options){
		func(o *options) { o.listen = []string{"udp://x"} },
		func(o *options) { o.connect = []string{"a:b:c"} },
		func(o *options) { o.idle = cli.Seconds(time.Second) },
		func(o *options) { o.keyLength = 300 },
		func(o *options) { o.transport = "pigeon" },
		func(o *options) { o.transport = "mem" },
		func(o *options) { o.sendQueue = 1 << 40 },
	} {
		o := newOptions()
		change(o)
		err := run(t.Context(), &cli.Env{Log: slog.New(slog.DiscardHandler)}, o)
		if cli.Status(err) != cli.ExitUsage || !strings.HasPrefix(err.Error(), "--") {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

// Trusted keys are read again on request, and clients of removed keys are closed.
func TestTrustIsReadAgain(t *testing.T) {
	dir := t.TempDir()
	own, friends := filepath.Join(dir, "own"), filepath.Join(dir, "friends")
	if err := os.Mkdir(friends, 0o700); err != nil {
		t.Fatal(err)
	}
	mine := newKey(t, own)
	a, b := newKey(t, filepath.Join(friends, "a")), newKey(t, filepath.Join(friends, "b"))
	o := newOptions()
	fs := pflag.NewFlagSet("test", pflag.ContinueOnError)
	o.register(fs)
	args := []string{"--key", own + "_secret", "--trust", friends, "--listen", "127.0.0.1:*"}
	if err := fs.Parse(args); err != nil {
		t.Fatal(err)
	}
	reload := make(chan struct{}, 1)
	env := &cli.Env{Log: slog.New(slog.DiscardHandler), Reload: reload}
	cfg, err := o.config(env)
	if err != nil {
		t.Fatal(err)
	}
	server, err := zgossip.NewServer(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var following sync.WaitGroup
	following.Go(func() {
		o.keys.Follow(ctx, env, live(env, server, cfg))
	})

	state := func(c *zgossip.Client) zgossip.ServerState { return c.Servers()[0] }
	address := server.Endpoints()[0] + "|" + mine.PublicKey
	first, second := startClient(t, address, a.SecretKey), startClient(t, address, b.SecretKey)
	await(t, "both are connected", func() bool { return state(first).Connected && state(second).Connected })
	for _, name := range []string{"b", "b_secret"} {
		if err := os.Remove(filepath.Join(friends, name)); err != nil {
			t.Fatal(err)
		}
	}
	reload <- struct{}{}
	await(t, "one is refused", func() bool { return errors.Is(state(second).Err, zgossip.ErrUntrusted) })
	if st := state(first); !st.Connected || st.Sessions != 1 {
		t.Errorf("the other one: %+v", st)
	}

	// The server's own key is replaced: who is connected stays, and newcomers need the new one.
	for _, name := range []string{own, own + "_secret"} {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
	address = server.Endpoints()[0] + "|" + newKey(t, own).PublicKey
	reload <- struct{}{}
	third := startClient(t, address, a.SecretKey)
	await(t, "one with the new key is connected", func() bool { return state(third).Connected })
	await(t, "the one with the old key is told so", func() bool {
		return errors.Is(state(second).Err, zgossip.ErrWrongKey)
	})
	if st := state(first); !st.Connected || st.Sessions != 1 {
		t.Errorf("the first one: %+v", st)
	}
	cancel()
	following.Wait()
	if err := server.Close(); err != nil {
		t.Error(err)
	}
}

func newKey(t *testing.T, file string) keys.Certificate {
	t.Helper()
	c, err := keys.New()
	if err == nil {
		err = c.Save(file)
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func startClient(t *testing.T, server, secret string) *zgossip.Client {
	t.Helper()
	c, err := zgossip.NewClient(zgossip.ClientConfig{
		Servers: []string{server}, SecretKey: secret, Key: uuid.New(), OnTuple: func(zgossip.Tuple) {},
		Endpoint: zgossip.Advertise("tcp://10.0.0.1:41000"),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); <-time.After(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}

// In a log that is no JSON the list of what the server will not do has marks between its parts.
func TestAnnouncedText(t *testing.T) {
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("up", "will_not", phrases{"serve metrics", "read messages"})
	if !strings.Contains(log.String(), `will_not="serve metrics; read messages"`) {
		t.Errorf("%s", log.String())
	}
}
