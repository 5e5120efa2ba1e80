package watch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"go.uber.org/goleak"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/cmd/internal/eventjson"
	"github.com/gozre/zre/zre"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what has to come.
const patience = 2 * time.Minute

func at(seconds float64) time.Time {
	return time.Unix(1_000_000, 0).Add(time.Duration(seconds * float64(time.Second)))
}

// peerWith is a peer from which so much has come.
func peerWith(id byte, messages, octets uint64) zre.Peer {
	p := zre.Peer{ID: uuid.UUID{id}}
	p.Stats.MessagesIn, p.Stats.OctetsIn = messages, octets
	return p
}

func TestRates(t *testing.T) {
	m := meters{}
	in := func(seconds float64, p zre.Peer) Rate { return m.measure(at(seconds), []zre.Peer{p})[0].In }
	if got := in(0, peerWith(1, 100, 5000)); got != (Rate{}) {
		t.Errorf("at first %v", got)
	}
	if got := in(2, peerWith(1, 120, 7000)); got != (Rate{10, 1000}) {
		t.Errorf("%v, want 10 messages and 1000 octets a second", got)
	}
	if got := in(2.5, peerWith(1, 1000, 90000)); got != (Rate{10, 1000}) {
		t.Errorf("after half a second %v, want the rate before", got)
	}
	// PINGs of the watcher are not counted.
	l := m.of(uuid.UUID{1})
	l.answered += 4
	if got := in(3, peerWith(1, 124, 7000+4*pingOctets)); got != (Rate{}) {
		t.Errorf("with PING-OKs only %v", got)
	}
	// A PING that is counted before it has passed, and has passed later.
	l.answered++
	if got := in(4, peerWith(1, 124, 7000+4*pingOctets)); got != (Rate{}) {
		t.Errorf("%v, want nothing", got)
	}
	if got := in(5, peerWith(1, 126, 7100+5*pingOctets)); got != (Rate{1, 100}) {
		t.Errorf("%v, want one message of 100 octets", got)
	}
	// Another session.
	if got := in(6, peerWith(1, 3, 300)); got != (Rate{}) {
		t.Errorf("in a new session %v", got)
	}
	if got := in(7, peerWith(1, 4, 500)); got != (Rate{1, 200}) {
		t.Errorf("later in it %v", got)
	}
	m.measure(at(8), nil)
	if len(m) != 0 {
		t.Errorf("%d links of peers that have left are kept", len(m))
	}
}

func TestLedgerIsBounded(t *testing.T) {
	l := newLedger()
	for i := range 2 * maxFlows {
		l.add(zre.Event{Type: zre.EventWhisper, Peer: uuid.New(), Content: [][]byte{{1}}}, at(0))
		l.add(zre.Event{Type: zre.EventJoin, Group: fmt.Sprint(i)}, at(0))
	}
	if len(l.flows) > maxFlows || len(l.entries) != maxEntries || cap(l.entries) > 2*maxEntries {
		t.Errorf("%d flows, %d entries, room for %d", len(l.flows), len(l.entries), cap(l.entries))
	}
	list := l.recent(at(100))
	if len(l.flows) != 0 {
		t.Errorf("%d flows that have ended are kept", len(l.flows))
	}
	if last := list[len(list)-1]; last.Group != fmt.Sprint(2*maxFlows-1) {
		t.Errorf("the last entry is %+v", last)
	}
	for i := 1; i < len(list); i++ {
		if list[i].Seq <= list[i-1].Seq {
			t.Fatalf("entry %d has the number %d after %d", i, list[i].Seq, list[i-1].Seq)
		}
	}
}

func TestFlows(t *testing.T) {
	l := newLedger()
	shout := zre.Event{Type: zre.EventShout, Peer: uuid.UUID{1}, Name: "bob", Group: "chat", Content: [][]byte{{1, 2}, {3}}}
	l.add(shout, at(0))
	l.add(zre.Event{Type: zre.EventJoin, Peer: uuid.UUID{2}, Group: "chat"}, at(1))
	l.add(shout, at(4))
	list := l.recent(at(4))
	if len(list) != 2 || list[0].Count != 2 || list[0].Octets != 6 || list[1].Type != zre.EventJoin {
		t.Fatalf("%+v", list)
	}
	l.add(shout, at(20))
	if list := l.recent(at(20)); len(list) != 3 || list[0].Count != 2 || list[2].Count != 1 {
		t.Errorf("after a pause %+v", list)
	}
	if c := l.groups["chat"]; c.messages != 3 || c.octets != 9 {
		t.Errorf("in the group %+v", c)
	}
}

func TestObjectIsBounded(t *testing.T) {
	s := &Snapshot{Self: Self{Name: strings.Repeat("界", 85) + "\xff"}}
	p := Peer{Peer: zre.Peer{Name: strings.Repeat("\x00", 255), Headers: map[string]string{}}}
	for k := range 100 {
		p.Groups = append(p.Groups, strings.Repeat("\u202e", 80)+fmt.Sprint(k))
		p.Headers[fmt.Sprint(k)] = strings.Repeat("v", 4096)
	}
	for i := range 2 * MaxPeers {
		s.Peers = append(s.Peers, p)
		s.Groups = append(s.Groups, Group{Name: fmt.Sprint(i)})
	}
	o := s.Object()
	if len(o.Peers) != MaxPeers || o.Omitted != MaxPeers || len(o.Groups) != maxGroups {
		t.Errorf("%d peers and %d omitted, %d groups", len(o.Peers), o.Omitted, len(o.Groups))
	}
	text, err := json.Marshal(o)
	if err != nil || len(text) > MaxPeers*6*(2*maxList+2*maxText) {
		t.Errorf("%d octets, %v", len(text), err)
	}
	if !utf8.ValidString(o.Self.Name) || len(o.Self.Name) > maxText {
		t.Errorf("the name %q", o.Self.Name)
	}
}

func TestObject(t *testing.T) {
	p := Peer{Peer: peerWith(1, 0, 0), In: Rate{1, 100.04}, Out: Rate{0.26, 1}, RoundTrip: 1500 * time.Microsecond}
	p.Name, p.Endpoint, p.Groups, p.Idle = "bob", "tcp://127.0.0.1:41000", []string{"chat"}, time.Second
	p.Headers = map[string]string{"role": "x"}
	s := &Snapshot{
		Time: time.Date(2026, 2, 3, 4, 5, 6, 7e6, time.UTC), Self: Self{Name: "me", Groups: []string{"chat"}, Window: 4096},
		Peers:  []Peer{p},
		Groups: []Group{{Name: "chat", Own: true, Members: 1, In: Rate{2, 3}}, {Name: "time", Members: 1}},
		Events: []Entry{{Seq: 1, Type: zre.EventExit, Peer: p.ID, Name: "bob", Reason: "goodbye"}},
		Faults: []string{"127.0.0.1:1: no answer"},
	}
	const want = `{"event":"NETWORK","time":"2026-02-03T04:05:06.007Z",` +
		`"self":{"peer":"00000000-0000-0000-0000-000000000000","name":"me","endpoint":"","groups":["chat"],` +
		`"in":{"octets":0,"messages":0},"out":{"octets":0,"messages":0},"window":4096},` +
		`"peers":[{"peer":"01000000-0000-0000-0000-000000000000","name":"bob","endpoint":"tcp://127.0.0.1:41000",` +
		`"groups":["chat"],"headers":{"role":"x"},"evasive":false,"rtt_ms":1.5,"idle_ms":1000,` +
		`"in":{"octets":100,"messages":1},"out":{"octets":1,"messages":0.3},"in_flight":0}],` +
		`"groups":[{"group":"chat","own":true,"members":1,"in":{"octets":3,"messages":2}},{"group":"time","own":false,"members":1}],` +
		`"events":[{"seq":1,"time":"0001-01-01T00:00:00.000Z","type":"EXIT","peer":"01000000-0000-0000-0000-000000000000","name":"bob","reason":"goodbye"}],` +
		`"problems":["127.0.0.1:1: no answer"]}`
	if got := eventjson.Line(s.Object()); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

// fake is a node without a network. Its peers are fixed, and its events come from a channel.
type fake struct {
	peers  []zre.Peer
	events chan zre.Event
	joined chan string
	silent uuid.UUID // does not answer PINGs
}

func (f *fake) ID() uuid.UUID                        { return uuid.UUID{0xff} }
func (f *fake) Name() string                         { return "me" }
func (f *fake) Endpoint() string                     { return "tcp://127.0.0.1:1" }
func (f *fake) Groups() []string                     { return []string{"own"} }
func (f *fake) Peers() []zre.Peer                    { return f.peers }
func (f *fake) Problems() []zre.Problem              { return []zre.Problem{{Where: "here", Cause: "this"}} }
func (f *fake) Leader(string) (id uuid.UUID, _ bool) { return id, false }
func (f *fake) Join(group string) error              { f.joined <- group; return nil }
func (f *fake) Recycle(...[]byte)                    {}

func (f *fake) Next(ctx context.Context) (ev zre.Event, err error) {
	select {
	case ev = <-f.events:
	case <-ctx.Done():
		err = ctx.Err()
	}
	return ev, err
}

func (f *fake) Ping(ctx context.Context, peer uuid.UUID) (time.Duration, error) {
	if peer != f.silent {
		return time.Millisecond, nil
	}
	<-ctx.Done()
	return 0, errors.New("no answer")
}

// TestRun runs a watcher until what a test waits for is published.
func TestRun(t *testing.T) {
	visitor := peerWith(3, 0, 0)
	visitor.Headers = map[string]string{cli.OneShotHeader: "1"}
	f := &fake{
		peers:  []zre.Peer{peerWith(1, 0, 0), peerWith(2, 0, 0), visitor},
		events: make(chan zre.Event), joined: make(chan string, 1), silent: uuid.UUID{2},
	}
	f.peers[0].Groups = []string{"chat"}
	until := func(what string, opts Options, holds func(*Snapshot) bool, events ...zre.Event) {
		t.Helper()
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		sent := make(chan struct{})
		go func() {
			defer close(sent)
			for _, ev := range events {
				select {
				case f.events <- ev:
				case <-ctx.Done():
				}
			}
		}()
		held := false
		Run(ctx, f, opts, func(s *Snapshot) {
			if !held && holds(s) {
				held = true
				cancel()
			}
		})
		<-sent
		if !held {
			t.Errorf("waited in vain for %s", what)
		}
	}
	until("the round trip to a peer that answers, beside one that does not", Options{}, func(s *Snapshot) bool {
		return len(s.Peers) == 2 && s.Peers[0].RoundTrip == time.Millisecond && s.Peers[1].RoundTrip == 0 &&
			len(s.Groups) == 2 && s.Groups[0].Members == 1 && s.Groups[1].Own && s.Faults[0] == "here: this"
	})
	until("nodes of other commands", Options{Visitors: true}, func(s *Snapshot) bool { return len(s.Peers) == 3 })
	enter := func(id byte, headers map[string]string) zre.Event {
		return zre.Event{Type: zre.EventEnter, Peer: uuid.UUID{id}, Headers: headers}
	}
	until("events, without those of other commands", Options{}, func(s *Snapshot) bool {
		return len(s.Events) == 2 && s.Events[0].Peer == uuid.UUID{1} && s.Events[1].Peer == uuid.UUID{3}
	}, enter(1, nil), enter(3, visitor.Headers), zre.Event{Type: zre.EventExit, Peer: uuid.UUID{3}}, enter(3, nil))
	until("an event after a group was joined", Options{EveryGroup: true}, func(s *Snapshot) bool {
		return len(s.Events) == 1
	}, zre.Event{Type: zre.EventJoin, Peer: uuid.UUID{1}, Group: "chat"})
	if got := <-f.joined; got != "chat" {
		t.Errorf("joined %q", got)
	}
}
