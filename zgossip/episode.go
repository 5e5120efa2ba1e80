package zgossip

import (
	"log/slog"
	"time"
)

// silenceLimit is how long a server may not be usable until that is logged. It is not logged
// earlier because a server that restarts is back sooner.
const silenceLimit = 3 * time.Second

// maxTold bounds the causes that are logged in one episode.
const maxTold = 8

// episode is the time in which a server cannot be used. Each of its causes is logged once,
// and so is its end.
type episode struct {
	log    *slog.Logger
	server string // HOST:PORT
	since  time.Time
	cause  error
	told   map[string]struct{} // the causes that were logged
}

// begin begins an episode.
func (e *episode) begin(now time.Time) { e.since, e.cause, e.told = now, nil, nil }

// fail says why the server cannot be used. What lasts, because it does not change by itself, is
// logged at once.
func (e *episode) fail(now time.Time, cause error, lasts bool) {
	e.cause = cause
	if lasts {
		e.tell()
	} else {
		e.check(now)
	}
}

// check logs the cause when the episode has lasted for long enough.
func (e *episode) check(now time.Time) {
	if e.cause != nil && now.Sub(e.since) >= silenceLimit {
		e.tell()
	}
}

func (e *episode) tell() {
	words := e.cause.Error()
	if _, again := e.told[words]; again || len(e.told) >= maxTold {
		return
	}
	if e.told == nil {
		e.told = make(map[string]struct{})
	}
	e.told[words] = struct{}{}
	e.log.Warn("gossip server cannot be used; it is tried again and again",
		"server", e.server, "cause", e.cause)
}

// end ends an episode. Who was warned that it began learns that it is over: the level is the
// same.
func (e *episode) end(now time.Time) {
	if len(e.told) > 0 {
		e.log.Warn("gossip server can be used again",
			"server", e.server, "after", now.Sub(e.since).Round(time.Second))
	}
	e.cause, e.told = nil, nil
}
