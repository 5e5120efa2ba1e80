package eventjson

import (
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/zre"
)

// The objects of the commands for scripts. The order of the fields is the order in the line.
type (
	// Peer is what is known of a peer.
	Peer struct {
		Peer      uuid.UUID         `json:"peer"`
		Name      string            `json:"name"`
		Endpoint  string            `json:"endpoint"`
		Groups    []string          `json:"groups"`
		Headers   map[string]string `json:"headers"`
		Evasive   bool              `json:"evasive"`
		PublicKey string            `json:"public_key,omitempty"`
		RoundTrip *Milliseconds     `json:"rtt_ms,omitempty"`
		Idle      Milliseconds      `json:"idle_ms"`
	}

	// Unreached is a node that has announced itself and was not reached.
	Unreached struct {
		Peer     *uuid.UUID `json:"peer,omitempty"`
		Name     string     `json:"name,omitempty"`
		Endpoint string     `json:"endpoint,omitempty"`
		Reason   string     `json:"reason"`
	}

	// Peers is who is there.
	Peers struct {
		Event     string      `json:"event"`
		Time      string      `json:"time"`
		Peers     []Peer      `json:"peers"`
		Unreached []Unreached `json:"unreached,omitempty"`
	}

	// Info is one peer.
	Info struct {
		Event string `json:"event"`
		Time  string `json:"time"`
		Peer
	}

	// Group is a group and who is in it.
	Group struct {
		Group string      `json:"group"`
		Own   bool        `json:"own"`
		Peers []uuid.UUID `json:"peers"`
		Names []string    `json:"names"`

		Leader *uuid.UUID `json:"leader,omitempty"`
	}

	// Who is one group.
	Who struct {
		Event string `json:"event"`
		Time  string `json:"time"`
		Group
	}

	// Groups is the groups that there are.
	Groups struct {
		Event     string      `json:"event"`
		Time      string      `json:"time"`
		Groups    []Group     `json:"groups"`
		Unreached []Unreached `json:"unreached,omitempty"`
	}

	// Member is a peer by its names.
	Member struct {
		Peer uuid.UUID `json:"peer"`
		Name string    `json:"name"`
	}

	// Members is who is in a group that was waited for.
	Members struct {
		Event string   `json:"event"`
		Time  string   `json:"time"`
		Group string   `json:"group"`
		Want  int      `json:"want"`
		Peers []Member `json:"peers"`
	}

	// Missed is a peer that is not known to have received a message.
	Missed struct {
		Peer   uuid.UUID `json:"peer"`
		Name   string    `json:"name"`
		Reason string    `json:"reason"`
	}

	// Sent is what became of a message.
	Sent struct {
		Event        string      `json:"event"`
		Time         string      `json:"time"`
		Group        string      `json:"group,omitempty"`
		Octets       int         `json:"octets"`
		Acknowledged []Member    `json:"acknowledged"`
		Missed       []Missed    `json:"missed,omitempty"`
		Unreached    []Unreached `json:"unreached,omitempty"`
	}

	// Answer is an answer to a request.
	Answer struct {
		Event     string       `json:"event"`
		Time      string       `json:"time"`
		Peer      uuid.UUID    `json:"peer"`
		Name      string       `json:"name"`
		Status    int          `json:"status"`
		RoundTrip Milliseconds `json:"rtt_ms"`
		Content   Content      `json:"content"`
	}

	// Ran is a command that was run for an event.
	Ran struct {
		Event  string       `json:"event"`
		Time   string       `json:"time"`
		For    string       `json:"for"`
		Peer   uuid.UUID    `json:"peer"`
		Name   string       `json:"name"`
		Group  string       `json:"group,omitempty"`
		Status int          `json:"status"`
		Reason string       `json:"reason,omitempty"`
		Took   Milliseconds `json:"took_ms"`
	}

	// Transfer is how far a transfer of files with a peer is. Event is PUT or GET.
	Transfer struct {
		Event    string    `json:"event"`
		Time     string    `json:"time"`
		State    string    `json:"state"`
		Transfer string    `json:"transfer"`
		Peer     uuid.UUID `json:"peer"`
		Name     string    `json:"name"`
		Files    int       `json:"files"`
		Octets   int64     `json:"octets"`
		Total    int64     `json:"total"`
		Paths    []string  `json:"paths,omitempty"`
		Reason   string    `json:"reason,omitempty"`
	}

	// Ping is a PING and its answer; Reason says why there is none.
	Ping struct {
		Event     string        `json:"event"`
		Time      string        `json:"time"`
		Peer      uuid.UUID     `json:"peer"`
		Name      string        `json:"name"`
		Seq       int           `json:"seq"`
		RoundTrip *Milliseconds `json:"rtt_ms,omitempty"`
		Reason    string        `json:"reason,omitempty"`
	}

	// Pings sums PINGs up.
	Pings struct {
		Event    string        `json:"event"`
		Time     string        `json:"time"`
		Peer     uuid.UUID     `json:"peer"`
		Name     string        `json:"name"`
		Sent     int           `json:"sent"`
		Answered int           `json:"answered"`
		Min      *Milliseconds `json:"min_ms,omitempty"`
		Avg      *Milliseconds `json:"avg_ms,omitempty"`
		Max      *Milliseconds `json:"max_ms,omitempty"`
		Mdev     *Milliseconds `json:"mdev_ms,omitempty"`
	}
)

// Milliseconds is a time in milliseconds, to the microsecond.
type Milliseconds time.Duration

// MarshalJSON implements json.Marshaler.
func (m Milliseconds) MarshalJSON() ([]byte, error) {
	ms := float64(time.Duration(m).Microseconds()) / 1000
	return strconv.AppendFloat(nil, ms, 'f', -1, 64), nil
}

// Content is the frames of a message.
type Content [][]byte

// MarshalJSON implements json.Marshaler.
func (c Content) MarshalJSON() ([]byte, error) {
	frames := make([]frame, len(c))
	for i, f := range c {
		frames[i] = f
	}
	return Encode(frames)
}

// Time is a time as it is in all objects.
func Time(at time.Time) string { return at.Format(TimeFormat) }

// PeerOf is what is known of a peer. The round trip is left out if it is not above zero.
func PeerOf(p zre.Peer, roundTrip time.Duration) Peer {
	out := Peer{
		Peer: p.ID, Name: p.Name, Endpoint: p.Endpoint, Groups: p.Groups, Headers: p.Headers,
		Evasive: p.Evasive, PublicKey: p.PublicKey, Idle: Milliseconds(p.Idle),
	}
	if out.Groups == nil {
		out.Groups = []string{}
	}
	if out.Headers == nil {
		out.Headers = map[string]string{}
	}
	if ms := Milliseconds(roundTrip); ms > 0 {
		out.RoundTrip = &ms
	}
	return out
}

// GroupOf is a group and who is in it.
func GroupOf(group string, peers []zre.Peer) Group {
	g := Group{Group: group, Peers: make([]uuid.UUID, len(peers)), Names: make([]string, len(peers))}
	for i, p := range peers {
		g.Peers[i], g.Names[i] = p.ID, p.Name
	}
	return g
}

// UnreachedOf lists whom Settle has not reached.
func UnreachedOf(err *zre.UnsettledError) []Unreached {
	if err == nil {
		return nil
	}
	var list []Unreached
	for _, s := range err.Servers {
		list = append(list, Unreached{Endpoint: s.Server, Reason: "gossip server: " + s.Err.Error()})
	}
	for _, p := range err.Peers {
		u := Unreached{Name: p.Name, Endpoint: p.Endpoint, Reason: p.Err.Error()}
		if p.Peer != uuid.Nil {
			u.Peer = &p.Peer
		}
		list = append(list, u)
	}
	return list
}

// MembersOf are peers by their names.
func MembersOf(peers []zre.Peer) []Member {
	list := make([]Member, len(peers))
	for i, p := range peers {
		list[i] = Member{p.ID, p.Name}
	}
	return list
}
