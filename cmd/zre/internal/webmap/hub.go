package webmap

import (
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/gozre/zre/cmd/internal/eventjson"
	"github.com/gozre/zre/cmd/zre/internal/watch"
)

// Limits of the streams.
const (
	maxStreams = 16              // pages that are open at a time
	streamTime = 5 * time.Second // a page that does not read for so long is cut off
)

// hub has the newest snapshot. A stream that is slow misses those between, so that nothing
// is queued.
type hub struct {
	mu      sync.Mutex
	newest  *watch.Snapshot
	text    []byte        // the newest in JSON; nil: nobody has asked for it
	renewed chan struct{} // closed when there is a newer one
	streams int
	ended   bool
}

func newHub() *hub { return &hub{renewed: make(chan struct{})} }

// publish keeps a snapshot.
func (h *hub) publish(s *watch.Snapshot) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.newest, h.text = s, nil
	close(h.renewed)
	h.renewed = make(chan struct{})
}

// end ends the streams.
func (h *hub) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ended = true
	close(h.renewed)
	h.renewed = make(chan struct{})
}

// now is the newest snapshot, nil if there is none, and what is closed when there is a newer.
func (h *hub) now() (text []byte, renewed <-chan struct{}, ended bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.text == nil && h.newest != nil {
		// An error cannot be: all types can be encoded.
		h.text, _ = eventjson.Encode(h.newest.Object())
	}
	return h.text, h.renewed, h.ended
}

// enter counts a stream in. It reports false if there are enough.
func (h *hub) enter() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.streams == maxStreams {
		return false
	}
	h.streams++
	return true
}

func (h *hub) leave() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.streams--
}

// ServeHTTP sends snapshots as server-sent events (HTML, "Server-sent events").
func (h *hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !h.enter() {
		http.Error(w, fmt.Sprintf("%d pages are open already", maxStreams), http.StatusServiceUnavailable)
		return
	}
	defer h.leave()
	control := http.NewResponseController(w)
	w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	if r.Method == http.MethodHead {
		return
	}
	// The server's deadline for reading is for requests; here it would end the stream.
	_ = control.SetReadDeadline(time.Time{}) // an error shows in the write
	for {
		text, renewed, ended := h.now()
		if ended {
			return
		}
		if text != nil {
			// An error of the deadline shows in the write.
			_ = control.SetWriteDeadline(time.Now().Add(streamTime))
			if _, err := fmt.Fprintf(w, "retry: 2000\ndata: %s\n\n", text); err != nil {
				return
			}
			if control.Flush() != nil {
				return
			}
		}
		select {
		case <-renewed:
		case <-r.Context().Done():
			return
		}
	}
}
