//go:build unix

package cli

import (
	"os"
	"path/filepath"
	"testing"
)

func TestWatchOutput(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	gone := make(chan struct{})
	stop := WatchOutput(w, func() { close(gone) })
	defer stop()
	if _, err := w.WriteString("read or not, the reader is there"); err != nil {
		t.Fatal(err)
	}
	select {
	case <-gone:
		t.Fatal("gone, but it is there")
	default:
	}
	r.Close()
	<-gone
	stop()
}

// Neither stop nor a file that is not a pipe calls gone.
func TestWatchOutputStops(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	gone := func() { t.Error("gone, but it is there") }
	stop := WatchOutput(w, gone)
	stop()
	stop()
	r.Close()
	file, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	WatchOutput(file, gone)()
}
