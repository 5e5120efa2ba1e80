package zre

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

// MaxPeers follows the limit of open files.
func TestPeersForFiles(t *testing.T) {
	for files, want := range map[uint64]int{0: DefaultMaxPeers, 10: 1, 64: 20, 1024: 500, 1 << 20: DefaultMaxPeers} {
		if got := peersFor(files); got != want {
			t.Errorf("%d descriptors are enough for %d peers, want %d", files, got, want)
		}
		var log bytes.Buffer
		warnOfFiles(slog.New(slog.NewTextHandler(&log, nil)), want, files)
		if log.Len() != 0 {
			t.Errorf("%d descriptors, %d peers: %s", files, want, &log)
		}
		if warnOfFiles(slog.New(slog.NewTextHandler(&log, nil)), want+1, files); files != 0 && files < 8192 && log.Len() == 0 {
			t.Errorf("%d descriptors, %d peers: no warning", files, want+1)
		}
	}
}

// An error names a few peers, and says how many more there are.
func TestDeliveryErrorIsShort(t *testing.T) {
	e := &DeliveryError{Op: "flush"}
	for i := range 3000 {
		e.Missed = append(e.Missed, Missed{Name: strings.Repeat("x", 255), Err: fmt.Errorf("%w: %d", ErrPeerGone, i)})
	}
	if text := e.Error(); len(text) > 5000 || !strings.Contains(text, "and 2990 more") {
		t.Errorf("%d octets: ...%s", len(text), text[max(0, len(text)-100):])
	}
	e.Missed = e.Missed[:10]
	if text := e.Error(); strings.Contains(text, "more") {
		t.Error(text)
	}
}

// A node is in no more groups than other nodes accept.
func TestJoinBeyondTheLimit(t *testing.T) {
	w := newTestNet(t)
	n := w.start("a", func(c *Config) { c.Discovery.NoBeacon = true })
	for i := range 10000 {
		if err := n.Join(fmt.Sprint("group ", i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := n.Join("one more"); !errors.Is(err, ErrTooManyGroups) {
		t.Errorf("one group too many: %v", err)
	}
	if err := n.Join("group 7"); err != nil {
		t.Errorf("a group that it is in: %v", err)
	}
	if err := n.Leave("group 7"); err != nil {
		t.Fatal(err)
	}
	if err := n.Join("one more"); err != nil {
		t.Errorf("after it has left one: %v", err)
	}
	// Long names fill a HELLO before that.
	m := w.start("b", func(c *Config) { c.Discovery.NoBeacon = true })
	var err error
	joined := 0
	for ; joined < 10000 && err == nil; joined++ {
		err = m.Join(fmt.Sprintf("%0255d", joined))
	}
	if !errors.Is(err, ErrTooManyGroups) || joined < 4000 {
		t.Errorf("after %d groups with long names: %v", joined, err)
	}
}
