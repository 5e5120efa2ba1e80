package store

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/gozre/zre/internal/gossip/wire"
)

// Source is one connection, or any other publisher at this server. 0 is nobody.
type Source uint64

// Class says whether a source publishes only what is its own.
type Class uint8

const (
	// Relay is a source that may be passing on what others have published.
	Relay Class = iota
	// Direct is a source that publishes what is its own.
	Direct
)

// Sentinel errors of Publish and Merge.
var (
	ErrTooManyTuples    = errors.New("the server holds as many tuples as it may")
	ErrTooManyForSource = errors.New("this client has published as many tuples as it may")
	ErrSequence         = errors.New("the sequence of a record is out of range")
)

// Config is the behaviour of a store. All fields are needed; New does not check.
type Config struct {
	Grace         time.Duration // how long a tuple outlives its publisher's connection
	OriginTTL     time.Duration // silence after which another server is gone
	TombstoneTTL  time.Duration // how long a withdrawal is remembered; well above OriginTTL
	HistoryWindow time.Duration // how long a replaced value counts as stale; at most TombstoneTTL
	FlapLimit     int           // how often a relay may bring back a value within HistoryWindow
	MaxTuples     int           // living tuples in all
	MaxPerSource  int           // tuples of one source
	MaxOrigins    int           // other servers, in all

	// MaxOriginsPerSource bounds the other servers that one connection has made known.
	MaxOriginsPerSource int
}

// Counts counts what has happened since the store was made.
type Counts struct {
	Published, Refreshed, Echoes, Stale, Withdrawn, Expired uint64
}

// Store is the state. It must be guarded by its owner.
type Store struct {
	cfg     Config
	self    wire.ID
	clock   uint64
	beat    uint64
	alive   int // living tuples
	held    int // records
	servers int // origins that are not silent
	entries map[string]*Entry
	sources map[Source]map[*Entry]struct{}
	origins map[wire.ID]*origin
	brought map[Source]int // how many living origins each source has made known
	living  sequence[*origin]
	silent  sequence[*origin]
	values  sequence[*Entry]
	records sequence[*Record]
	due     dueHeap
	counts  Counts
}

// New makes an empty store for the server called self.
func New(self wire.ID, cfg Config) *Store {
	return &Store{
		cfg: cfg, self: self,
		entries: make(map[string]*Entry),
		sources: make(map[Source]map[*Entry]struct{}),
		origins: make(map[wire.ID]*origin),
		brought: make(map[Source]int),
	}
}

// Configure replaces the limits and times. They hold for what happens later.
func (s *Store) Configure(cfg Config) { s.cfg = cfg }

// Entry is a key with the value that clients are told. Only the store writes it.
type Entry struct {
	Key    string
	Value  string
	Alive  bool
	Source Source // the connection that this value came from

	endedAt time.Time // when Alive became false
	order   node[*Entry]
	own     bool // the value is that of our own record
	claims  []claim
	records []*Record
	history []past
	due     deadline
}

// Record is what one server says about one key.
type Record struct {
	Key    string
	Value  string
	Origin wire.ID
	Seq    uint64
	State  wire.State
	Via    Source // the connection that it came by, 0 for our own

	order   node[*Record] // in Store.records
	sibling node[*Record] // in origin.records
	goneAt  time.Time
}

// claim is what one source says about one key.
type claim struct {
	source  Source
	class   Class
	value   string
	since   time.Time
	expires time.Time // zero: not while its source is connected
	leaves  time.Time // zero: its source is connected
}

// past is a value that was replaced.
type past struct {
	value   string
	source  Source // who published it, when it was replaced
	at      time.Time
	returns int
}

// maxHistory bounds the values remembered per key.
const maxHistory = 8

// Tuple is a living tuple as it is shown to people.
type Tuple struct {
	Key     string
	Value   string
	Origin  wire.ID       // the server it was published at
	Local   bool          // published here
	Sources int           // claims to it here
	TTL     time.Duration // what is left, 0 for no end
}

// Len returns the number of living tuples.
func (s *Store) Len() int { return s.alive }

// Servers returns the number of other servers that are alive.
func (s *Store) Servers() int { return s.servers }

// Counts returns the counters.
func (s *Store) Counts() Counts { return s.counts }

// Index is the index of the latest change of a value.
func (s *Store) Index() uint64 { return s.values.index }

// RecordIndex is the index of the latest change of a record.
func (s *Store) RecordIndex() uint64 { return s.records.index }

// Values calls yield for each entry that changed after index, oldest first. An
// entry that is not alive was withdrawn.
func (s *Store) Values(index uint64, yield func(index uint64, e *Entry) bool) {
	s.values.each(index, yield)
}

// Records calls yield for each record that changed after index, oldest first.
func (s *Store) Records(index uint64, yield func(index uint64, r *Record) bool) {
	s.records.each(index, yield)
}

// Remaining returns the time that an entry has left, 0 for no end.
func (s *Store) Remaining(now time.Time, e *Entry) time.Duration {
	c := e.best()
	if c == nil || c.value != e.Value || c.expires.IsZero() {
		return 0
	}
	return max(c.expires.Sub(now), time.Millisecond)
}

// Tuples lists what is alive, sorted by key.
func (s *Store) Tuples(now time.Time) []Tuple {
	out := make([]Tuple, 0, s.alive)
	for _, e := range s.entries {
		if e.Alive {
			r := e.chosen(s.self)
			out = append(out, Tuple{
				Key: e.Key, Value: e.Value, Origin: r.Origin, Local: r.Origin == s.self,
				Sources: len(e.claims), TTL: s.Remaining(now, e),
			})
		}
	}
	slices.SortFunc(out, func(a, b Tuple) int { return strings.Compare(a.Key, b.Key) })
	return out
}

// Fact is the part of a living record that is the same on all servers.
type Fact struct {
	Key, Value string
	Origin     wire.ID
	Seq        uint64
}

// Living lists the living records of all servers, sorted by key and origin. It is the same
// on two servers that are connected.
func (s *Store) Living() []Fact {
	var out []Fact
	for _, e := range s.entries {
		for _, r := range e.records {
			if r.State.Living() {
				out = append(out, Fact{Key: r.Key, Value: r.Value, Origin: r.Origin, Seq: r.Seq})
			}
		}
	}
	slices.SortFunc(out, func(a, b Fact) int {
		if c := strings.Compare(a.Key, b.Key); c != 0 {
			return c
		}
		return slices.Compare(a.Origin[:], b.Origin[:])
	})
	return out
}

// entry returns the entry of a key, a new one if there is none.
func (s *Store) entry(key string) (*Entry, error) {
	if e, ok := s.entries[key]; ok {
		return e, nil
	}
	// Tombstones are bounded too: no more of them than of the living. So are the empty entries, which
	// are there for a minute: until then, who ended as many as there may be cannot make new ones.
	if s.alive >= s.cfg.MaxTuples || len(s.entries) >= 2*s.cfg.MaxTuples {
		return nil, ErrTooManyTuples
	}
	e := &Entry{Key: key}
	e.order.item, e.due.entry = e, e
	s.entries[key] = e
	return e, nil
}

// forget removes an entry that has neither claims nor records left, when all clients that read
// have been told that it has ended.
func (s *Store) forget(now time.Time, e *Entry) {
	if e.empty() && !s.forgetAt(e).After(now) && s.entries[e.Key] == e {
		s.due.set(&e.due, time.Time{})
		s.values.remove(&e.order)
		delete(s.entries, e.Key)
	}
}

// empty reports whether an entry has neither claims nor records.
func (e *Entry) empty() bool { return len(e.claims) == 0 && len(e.records) == 0 && !e.Alive }

// forgetAt is when an empty entry is forgotten.
func (s *Store) forgetAt(e *Entry) time.Time {
	if e.endedAt.IsZero() {
		return time.Time{} // It was never alive.
	}
	return e.endedAt.Add(s.cfg.TombstoneTTL)
}

// tick returns the next sequence.
func (s *Store) tick(now time.Time) uint64 {
	s.clock = max(uint64(max(now.UnixMicro(), 0)), s.clock+1)
	return s.clock
}
