package doctor

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

func TestReport(t *testing.T) {
	r := &Report{Version: "v1", OK: true}
	r.fact("peers", "%q", "a\x1b[31mb")
	var text, object bytes.Buffer
	if err := errors.Join(r.WriteText(&text), r.WriteJSON(&object)); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(text.String()+object.String(), "\x1b") || !strings.Contains(text.String(), "Nothing is wrong") {
		t.Errorf("%q, %q", text.String(), object.String())
	}
	var got map[string]any
	if err := json.Unmarshal(object.Bytes(), &got); err != nil || got["ok"] != true || len(got["findings"].([]any)) != 0 {
		t.Errorf("%v: %s", err, object.String())
	}
	r.find(Finding{ID: "peer", What: "p\x1b", Means: "m", Type: "t"})
	r.find(Finding{ID: "key", What: "k", Means: "m", Type: "t"})
	r.sort()
	text.Reset()
	if err := r.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	if got := text.String(); !strings.Contains(got, "1. k\n   That means: m\n   What to do: t\n2. p") ||
		!strings.Contains(got, "2 things are wrong") || strings.Contains(got, "\x1b") {
		t.Errorf("%q", got)
	}
}

// The tables of /proc/net are read by port, and those of TCP by state too.
func TestHolders(t *testing.T) {
	inodes := make(map[string]string)
	socketsAt("testdata/udp", false, 5670, inodes)
	if len(inodes) != 2 || inodes["27001"] != "1000" || inodes["27002"] != "0" {
		t.Errorf("of UDP %v", inodes)
	}
	inodes = make(map[string]string)
	socketsAt("testdata/tcp", true, 41000, inodes)
	if len(inodes) != 1 || inodes["31001"] != "0" {
		t.Errorf("of TCP %v", inodes)
	}
	socketsAt("testdata/none", false, 5670, inodes)
}
