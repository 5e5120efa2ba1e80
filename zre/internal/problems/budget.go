package problems

import "time"

const (
	burst  = 30               // lines that are written at once
	refill = 10 * time.Second // the time that gives another one
	more   = 10 * time.Minute // between two lines about what is not listed
)

// budget bounds the lines in the log.
type budget struct {
	spent    int
	filled   time.Time // the last time that spent was lowered
	toldMore time.Time
}

// take reports whether a line may be written, and counts it.
func (b *budget) take(now time.Time) bool {
	if n := int(now.Sub(b.filled) / refill); n > 0 {
		b.spent, b.filled = max(0, b.spent-n), now
	}
	if b.spent >= burst {
		return false
	}
	b.spent++
	return true
}

func (b *budget) mayTellOfMore(now time.Time) bool {
	if now.Sub(b.toldMore) < more {
		return false
	}
	b.toldMore = now
	return true
}
