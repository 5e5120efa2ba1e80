package engine

import (
	"errors"
	"log/slog"
	"sync"

	"github.com/google/uuid"

	"github.com/gozre/zre/internal/transport"
)

// warnings remembers of which peers the log says that they cannot be reached, and why,
// so that it says so once and not with each attempt.
type warnings struct {
	mu   sync.Mutex
	told map[uuid.UUID]error
}

// maxTold bounds how many peers the log has a warning about.
const maxTold = 100

// level returns the level at which to log why a peer could not be reached. A cause that
// a person can act on is a warning, once until the peer is reached.
func (w *warnings) level(peer uuid.UUID, err error) slog.Level {
	for _, cause := range []error{transport.ErrUntrusted, transport.ErrWrongKey, transport.ErrMechanism} {
		if errors.Is(err, cause) && w.isNew(peer, cause) {
			return slog.LevelWarn
		}
	}
	return slog.LevelDebug
}

func (w *warnings) isNew(peer uuid.UUID, cause error) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if old, known := w.told[peer]; known && old == cause || !known && len(w.told) >= maxTold {
		return false
	}
	if w.told == nil {
		w.told = make(map[uuid.UUID]error)
	}
	w.told[peer] = cause
	return true
}

// forget makes the next cause be told, as the peer was reached.
func (w *warnings) forget(peer uuid.UUID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.told, peer)
}
