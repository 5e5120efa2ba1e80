package webmap

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/goleak"

	"github.com/gozre/zre/cmd/zre/internal/watch"
	"github.com/gozre/zre/zre"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what has to come.
const patience = 2 * time.Minute

// serve starts a server.
func serve(t *testing.T) *server {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s, err := newServer(listener, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.stop(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// client is a browser, with cookies or without.
func client(t *testing.T, cookies bool) *http.Client {
	t.Helper()
	c := &http.Client{Transport: &http.Transport{}, Timeout: patience}
	if cookies {
		c.Jar, _ = cookiejar.New(nil) // without options there is no error
	} else {
		c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	}
	t.Cleanup(c.CloseIdleConnections)
	return c
}

// get sends a request with changes, and returns the answer and its text.
func get(t *testing.T, c *http.Client, url string, change func(*http.Request)) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(r)
	}
	answer, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, string(text)
}

func TestGuard(t *testing.T) {
	s := serve(t)
	base := "http://127.0.0.1:" + s.guard.port
	host := func(name string) func(*http.Request) {
		return func(r *http.Request) { r.Host = name }
	}
	header := func(pairs ...string) func(*http.Request) {
		return func(r *http.Request) {
			for i := 0; i < len(pairs); i += 2 {
				r.Header.Set(pairs[i], pairs[i+1])
			}
		}
	}
	token := "?token=" + s.guard.token
	for _, test := range []struct {
		name, path string
		change     func(*http.Request)
		want       int
	}{
		{"no token", "/", nil, http.StatusForbidden},
		{"no token, events", "/events", nil, http.StatusForbidden},
		{"no token, what is not there", "/none", nil, http.StatusForbidden},
		{"another token", "/map.js?token=" + strings.Repeat("0", 32), nil, http.StatusForbidden},
		{"the beginning of the token", "/map.js" + token[:len(token)-1], nil, http.StatusForbidden},
		{"an empty token", "/map.js?token=", nil, http.StatusForbidden},
		{"another cookie", "/map.js", header("Cookie", s.guard.cookie()+"=0"), http.StatusForbidden},
		{"the cookie of another port", "/map.js", header("Cookie", "zre-map-1="+s.guard.token), http.StatusForbidden},
		{"the token, page", "/" + token, nil, http.StatusSeeOther},
		{"the token, file", "/map.js" + token, nil, http.StatusOK},
		{"the token, what is not there", "/none" + token, nil, http.StatusNotFound},
		{"out of the page", "/../server.go" + token, nil, http.StatusTemporaryRedirect},
		{"the cookie", "/map.js", header("Cookie", s.guard.cookie()+"="+s.guard.token), http.StatusOK},
		{"DNS rebinding", "/map.js" + token, host("attacker.example:" + s.guard.port), http.StatusMisdirectedRequest},
		{"a name with an address in it", "/map.js" + token, host("127.0.0.1.example:" + s.guard.port), http.StatusMisdirectedRequest},
		{"a name without a port", "/map.js" + token, host("localhost"), http.StatusMisdirectedRequest},
		{"another port", "/map.js" + token, host("127.0.0.1:1"), http.StatusMisdirectedRequest},
		{"localhost", "/map.js" + token, host("LocalHost:" + s.guard.port), http.StatusOK},
		{"IPv6", "/map.js" + token, host("[::1]:" + s.guard.port), http.StatusOK},
		{"POST", "/" + token, func(r *http.Request) { r.Method = http.MethodPost }, http.StatusMethodNotAllowed},
		{"a script of another page", "/map.js" + token, header("Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors"), http.StatusForbidden},
		{"a page of another port", "/events" + token, header("Sec-Fetch-Site", "same-site", "Sec-Fetch-Mode", "cors"), http.StatusForbidden},
		{"a link that is followed", "/" + token, header("Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate"), http.StatusSeeOther},
	} {
		t.Run(test.name, func(t *testing.T) {
			answer, text := get(t, client(t, false), base+test.path, test.change)
			if answer.StatusCode != test.want {
				t.Errorf("status %d, want %d: %s", answer.StatusCode, test.want, text)
			}
			for name, want := range map[string]string{
				"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
				"Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
				"Cross-Origin-Resource-Policy": "same-origin", "Access-Control-Allow-Origin": "",
			} {
				if got := answer.Header.Get(name); got != want && !(name == "Cache-Control" && test.want == http.StatusNotFound) {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
			if answer.StatusCode == http.StatusForbidden && strings.Contains(text+answer.Header.Get("Set-Cookie"), s.guard.token) {
				t.Error("a refused request is told the token")
			}
		})
	}
}

// TestPageHasNoOther finds what the Content-Security-Policy would refuse, and addresses of
// other hosts.
func TestPageHasNoOther(t *testing.T) {
	for _, name := range []string{"index.html", "map.css", "map.js", "draw.js", "lists.js", "text.js"} {
		text, err := files.ReadFile("page/" + name)
		if err != nil {
			t.Fatal(err)
		}
		page := strings.ReplaceAll(string(text), `"http://www.w3.org/2000/svg"`, "")
		for _, bad := range []string{
			"http:", "https:", "//cdn", "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(",
			" style=", " onclick=", " onload=", "<style", "@import", "url(",
		} {
			if strings.Contains(page, bad) {
				t.Errorf("%s has %q", name, bad)
			}
		}
	}
}

// network is a snapshot with a peer of this name.
func network(name string) *watch.Snapshot {
	p := watch.Peer{Peer: zre.Peer{ID: uuid.New(), Name: name, Endpoint: "tcp://127.0.0.1:1", Groups: []string{"chat"}}}
	return &watch.Snapshot{Peers: []watch.Peer{p}}
}

// stream opens the events of a page.
func stream(t *testing.T, s *server) (next func() string, end func()) {
	t.Helper()
	answer, err := client(t, true).Get("http://127.0.0.1:" + s.guard.port + "/events?token=" + s.guard.token)
	if err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != http.StatusOK || !strings.HasPrefix(answer.Header.Get("Content-Type"), "text/event-stream") {
		_ = answer.Body.Close()
		t.Fatalf("status %d, type %q", answer.StatusCode, answer.Header.Get("Content-Type"))
	}
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, 16<<20)
	return func() string {
		t.Helper()
		for lines.Scan() {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				return data
			}
		}
		return ""
	}, func() { _ = answer.Body.Close() }
}

func TestStream(t *testing.T) {
	s := serve(t)
	s.hub.publish(network("one"))
	next, end := stream(t, s)
	defer end()
	var o watch.Object
	if err := json.Unmarshal([]byte(next()), &o); err != nil || len(o.Peers) != 1 || o.Peers[0].Name != "one" {
		t.Fatalf("%v: %+v", err, o)
	}
	s.hub.publish(network("two\n\ndata: \x00</script>"))
	if err := json.Unmarshal([]byte(next()), &o); err != nil || o.Peers[0].Name != "two\n\ndata: \x00</script>" {
		t.Fatalf("%v: %+v", err, o)
	}
	s.hub.end()
	if text := next(); text != "" {
		t.Errorf("after the end came %q", text)
	}
}

func TestStreamsAreBounded(t *testing.T) {
	s := serve(t)
	s.hub.publish(network("one"))
	var ends []func()
	for range maxStreams {
		next, end := stream(t, s)
		if next() == "" {
			t.Fatal("a page gets nothing")
		}
		ends = append(ends, end)
	}
	url := "http://127.0.0.1:" + s.guard.port + "/events?token=" + s.guard.token
	if answer, _ := get(t, client(t, false), url, nil); answer.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("status %d with %d pages open", answer.StatusCode, maxStreams)
	}
	for _, end := range ends {
		end()
	}
	deadline := time.Now().Add(patience)
	for {
		s.hub.mu.Lock()
		open := s.hub.streams
		s.hub.mu.Unlock()
		if open == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d streams of closed pages are still open", open)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func TestConnectionsAreBounded(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &bounded{Listener: listener, slots: make(chan struct{}, 1)}
	dial := func() net.Conn {
		c, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	dial()
	first, err := b.Accept()
	if err != nil {
		t.Fatal(err)
	}
	second := dial()
	accepted, done := net.Conn(nil), make(chan struct{})
	go func() {
		defer close(done)
		accepted, _ = b.Accept() // nil in the end
	}()
	if _, err := second.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a connection beyond the bound is not closed: %v", err)
	}
	_, _ = first.Close(), first.Close() // gives one slot back, not two
	dial()
	<-done
	if accepted == nil {
		t.Fatal("after a connection has ended no other is accepted")
	}
	_, _ = accepted.Close(), listener.Close()
	if len(b.slots) != 0 {
		t.Errorf("%d slots are in use", len(b.slots))
	}
}
