package watch

import (
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/gozre/zre/cmd/internal/eventjson"
	"github.com/gozre/zre/zre"
)

// Limits of the JSON, so that hostile peers do not make it long.
const (
	MaxPeers  = 500
	maxGroups = 500
	maxEvents = 60
	maxText   = 256  // octets of a name, a group or a value
	maxList   = 1024 // octets of the groups of a peer, and of its headers
)

// Object is a snapshot in JSON.
type Object struct {
	Event   string        `json:"event"` // NETWORK
	Time    string        `json:"time"`
	Self    SelfObject    `json:"self"`
	Peers   []PeerObject  `json:"peers"`
	Omitted int           `json:"peers_omitted,omitempty"` // beyond MaxPeers
	Groups  []GroupObject `json:"groups"`
	Left    int           `json:"groups_omitted,omitempty"`
	Events  []EntryObject `json:"events"` // oldest first
	Faults  []string      `json:"problems,omitempty"`
}

// RateObject is a rate in JSON, in a second.
type RateObject struct {
	Octets   float64 `json:"octets"`
	Messages float64 `json:"messages"`
}

// SelfObject is the node that watches.
type SelfObject struct {
	Peer     uuid.UUID  `json:"peer"`
	Name     string     `json:"name"`
	Endpoint string     `json:"endpoint"`
	Groups   []string   `json:"groups"`
	In       RateObject `json:"in"`
	Out      RateObject `json:"out"`
	Window   int        `json:"window"` // octets
}

// PeerObject is a peer and the link with it.
type PeerObject struct {
	eventjson.Peer
	In       RateObject `json:"in"`
	Out      RateObject `json:"out"`
	InFlight uint64     `json:"in_flight"` // octets
}

// GroupObject is a group.
type GroupObject struct {
	Group   string      `json:"group"`
	Own     bool        `json:"own"`
	Members int         `json:"members"` // peers
	Leader  *uuid.UUID  `json:"leader,omitempty"`
	In      *RateObject `json:"in,omitempty"` // if own
}

// EntryObject is an event or a flow of messages.
type EntryObject struct {
	Seq    uint64    `json:"seq"`
	Time   string    `json:"time"`
	Type   string    `json:"type"` // ENTER, SHOUT, ...
	Peer   uuid.UUID `json:"peer"`
	Name   string    `json:"name"`
	Group  string    `json:"group,omitempty"`
	Reason string    `json:"reason,omitempty"`
	Count  uint64    `json:"count,omitempty"`
	Octets uint64    `json:"octets,omitempty"`
}

// Object is the snapshot for JSON. Texts and lists are cut, see the limits.
func (s *Snapshot) Object() Object {
	o := Object{
		Event: "NETWORK", Time: eventjson.Time(s.Time),
		Self: SelfObject{
			Peer: s.Self.ID, Name: cut(s.Self.Name), Endpoint: s.Self.Endpoint, Groups: cutAll(s.Self.Groups),
			In: rateOf(s.Self.In), Out: rateOf(s.Self.Out), Window: s.Self.Window,
		},
		Peers: []PeerObject{}, Groups: []GroupObject{}, Events: []EntryObject{},
		Omitted: max(0, len(s.Peers)-MaxPeers), Left: max(0, len(s.Groups)-maxGroups),
		Faults: cutAll(s.Faults),
	}
	for _, p := range s.Peers[:min(len(s.Peers), MaxPeers)] {
		o.Peers = append(o.Peers, peerOf(p))
	}
	for _, g := range s.Groups[:min(len(s.Groups), maxGroups)] {
		group := GroupObject{Group: cut(g.Name), Own: g.Own, Members: g.Members}
		if g.Own {
			rate := rateOf(g.In)
			group.In = &rate
		}
		if g.Leader != uuid.Nil {
			group.Leader = &g.Leader
		}
		o.Groups = append(o.Groups, group)
	}
	for _, e := range s.Events[max(0, len(s.Events)-maxEvents):] {
		o.Events = append(o.Events, EntryObject{
			Seq: e.Seq, Time: eventjson.Time(e.Time), Type: e.Type.String(), Peer: e.Peer, Name: cut(e.Name),
			Group: cut(e.Group), Reason: e.Reason, Count: e.Count, Octets: e.Octets,
		})
	}
	return o
}

func rateOf(r Rate) RateObject { return RateObject{round(r.Octets), round(r.Messages)} }

// round is a number with one digit after the point.
func round(x float64) float64 { return float64(int64(x*10+0.5)) / 10 }

func peerOf(p Peer) PeerObject {
	known := zre.Peer{
		ID: p.ID, Name: cut(p.Name), Endpoint: p.Endpoint, Groups: cutAll(p.Groups), Headers: map[string]string{},
		Evasive: p.Evasive, Idle: p.Idle.Round(time.Millisecond), PublicKey: p.PublicKey,
	}
	room := maxList
	for _, name := range slices.Sorted(maps.Keys(p.Headers)) {
		value := cut(p.Headers[name])
		if room -= len(cut(name)) + len(value) + 1; room < 0 {
			break
		}
		known.Headers[cut(name)] = value
	}
	return PeerObject{
		Peer: eventjson.PeerOf(known, p.RoundTrip), In: rateOf(p.In), Out: rateOf(p.Out),
		InFlight: p.Stats.Unacknowledged,
	}
}

// cutAll is the texts that fit into maxList octets.
func cutAll(texts []string) []string {
	list, room := []string{}, maxList
	for _, text := range texts {
		text = cut(text)
		if room -= len(text) + 1; room < 0 {
			break
		}
		list = append(list, text)
	}
	return list
}

// cut shortens a text to maxText octets, between characters.
func cut(text string) string {
	text = strings.ToValidUTF8(text, "\ufffd")
	if len(text) <= maxText {
		return text
	}
	end := maxText - len("…")
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "…"
}
