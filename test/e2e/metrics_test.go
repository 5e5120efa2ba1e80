//go:build unix

package e2e

import (
	"fmt"
	"io"
	"net"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gozre/zre/internal/lab"
)

// TestMetrics: a node serves its counters and its health while it runs.
func TestMetrics(t *testing.T) {
	parallel(t)
	h := lab.Loopback(t)
	p := start(t, h, nil, "zrecat", "--debug", "--receive-only", "--metrics", "127.0.0.1:0", "test")
	var address string
	said := regexp.MustCompile(`metrics and health check are served" address=(127\.0\.0\.1:\d+)`)
	for end := time.Now().Add(patience); address == ""; <-time.After(time.Millisecond) {
		if m := said.FindStringSubmatch(p.errors.String()); m != nil {
			address = m[1]
		} else if time.Now().After(end) {
			t.Fatalf("it does not say where the metrics are:\n%s", p.errors.String())
		}
	}
	for path, want := range map[string]string{"metrics": "\nzre_peers 0\n", "healthz": "ok\n"} {
		var text string
		var err error
		h.Inside(func() { text, err = get(address, path) })
		if err != nil || !strings.HasPrefix(text, "HTTP/1.0 200 ") || !strings.Contains(text, want) {
			t.Errorf("%s: %v\n%s", path, err, text)
		}
	}
	taken := start(t, h, nil, "zrecat", "-r", "--metrics", address, "test")
	taken.wait(2)
	if !strings.Contains(taken.errors.String(), "--metrics "+address) {
		t.Errorf("an address that is taken: %s", taken.errors.String())
	}
}

// get is a client of HTTP that uses no goroutine, so that it can run inside a host.
func get(address, path string) (string, error) {
	conn, err := net.DialTimeout("tcp", address, patience)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return "", err
	}
	if _, err := fmt.Fprintf(conn, "GET /%s HTTP/1.0\r\n\r\n", path); err != nil {
		return "", err
	}
	text, err := io.ReadAll(conn)
	return string(text), err
}
