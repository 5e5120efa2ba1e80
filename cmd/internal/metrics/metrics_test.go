package metrics

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/gozre/zre/zre"
)

// TestNodeText checks that each counter is there, in the text format of Prometheus.
func TestNodeText(t *testing.T) {
	stats := zre.Stats{Peers: 3, Gaps: 4}
	stats.MessagesOut, stats.Unacknowledged = 5, 6
	text := string(nodeText(stats))
	for _, want := range []string{
		"# TYPE zre_peers gauge\nzre_peers 3\n", "# TYPE zre_gaps_total counter\nzre_gaps_total 4\n",
		"\nzre_messages_out_total 5\n", "# TYPE zre_unacknowledged gauge\nzre_unacknowledged 6\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	line := regexp.MustCompile(`^(# HELP [a-z_]+ .+|# TYPE [a-z_]+ (counter|gauge)|[a-z_]+ -?[0-9]+)$`)
	for l := range strings.Lines(text) {
		if !line.MatchString(strings.TrimSuffix(l, "\n")) {
			t.Errorf("not the format of Prometheus: %q", l)
		}
	}
	fields := 0
	for _, f := range reflect.VisibleFields(reflect.TypeFor[zre.Stats]()) {
		if kind := f.Type.Kind(); kind >= reflect.Int && kind <= reflect.Uint64 {
			fields++
		}
	}
	if got := strings.Count(text, "\n# TYPE zre_"); got != fields || fields < 20 {
		t.Errorf("%d metrics of %d counters", got, fields)
	}
}

func TestHandler(t *testing.T) {
	ill := errors.New("it has ended")
	for _, c := range []struct {
		path   string
		health error
		status int
		text   string
	}{
		{"/metrics", nil, 200, "zre_peers 1\n"},
		{"/healthz", nil, 200, "ok\n"},
		{"/healthz", ill, 503, "it has ended\n"},
		{"/", nil, 404, "not found"},
	} {
		w := httptest.NewRecorder()
		Handler(Node(func() zre.Stats { return zre.Stats{Peers: 1} }), func() error { return c.health }).
			ServeHTTP(w, httptest.NewRequest(http.MethodGet, c.path, nil))
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.text) {
			t.Errorf("%s: %d %q", c.path, w.Code, w.Body.String())
		}
	}
}

func TestServe(t *testing.T) {
	var log strings.Builder
	stop, err := Serve("127.0.0.1:0", http.NotFoundHandler(), func() error { return nil }, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	address := regexp.MustCompile(`127\.0\.0\.1:\d+`).FindString(log.String())
	r, err := http.Get("http://" + address + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(r.Body)
	_ = r.Body.Close()
	if err != nil || string(body) != "ok\n" {
		t.Errorf("%q %v", body, err)
	}
	if _, err := Serve(address, http.NotFoundHandler(), nil, slog.New(slog.DiscardHandler)); err == nil {
		t.Error("it serves twice at one address")
	}
	http.DefaultClient.CloseIdleConnections()
	if err := stop(); err != nil {
		t.Error(err)
	}
	if _, err := http.Get("http://" + address + "/healthz"); err == nil {
		t.Error("it goes on after its end")
	}
}
