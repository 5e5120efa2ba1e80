package main

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode"

	"github.com/google/uuid"

	"github.com/gozre/zre/cmd/internal/eventjson"
	"github.com/gozre/zre/cmd/internal/visible"
)

// start is the first line: who this node is.
func (s *shell) start() {
	if s.format.json {
		s.print(eventjson.Line(startObject{Event: "START", UUID: s.node.ID(), Name: s.node.Name(), Endpoint: s.node.Endpoint(), Headers: s.node.Headers()}))
		return
	}
	s.print(fmt.Sprintf("%-7s %s %s %s%s", "START", visible.String(s.node.Name()), s.node.ID(), s.node.Endpoint(), headerList(s.node.Headers())))
}

func (s *shell) listPeers(ctx context.Context, _ []string) error {
	s.settling.wait(ctx)
	peers := s.node.Peers()
	if s.format.json {
		type object struct {
			Peer     uuid.UUID         `json:"peer"`
			Name     string            `json:"name"`
			Endpoint string            `json:"endpoint"`
			Groups   []string          `json:"groups"`
			Headers  map[string]string `json:"headers"`
			Evasive  bool              `json:"evasive"`
		}
		list := make([]object, len(peers))
		for i, p := range peers {
			headers := p.Headers
			if headers == nil {
				headers = map[string]string{}
			}
			list[i] = object{p.ID, p.Name, p.Endpoint, notNil(p.Groups), headers, p.Evasive}
		}
		s.print(eventjson.Line(struct {
			Event string   `json:"event"`
			Peers []object `json:"peers"`
		}{"PEERS", list}))
		return nil
	}
	if len(peers) == 0 {
		s.print("nobody is here yet")
		return nil
	}
	rows := [][]string{{"NAME", "UUID", "ENDPOINT", "GROUPS", "HEADERS"}}
	for _, p := range peers {
		name := visible.String(p.Name)
		if p.Evasive {
			name += " (does not answer)"
		}
		rows = append(rows, []string{name, p.ID.String(), visible.String(p.Endpoint), visible.String(strings.Join(p.Groups, ",")), strings.TrimSpace(headerList(p.Headers))})
	}
	s.print(table(rows))
	return nil
}

func notNil(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

func (s *shell) listGroups(ctx context.Context, _ []string) error {
	s.settling.wait(ctx)
	own, theirs := s.node.Groups(), s.node.PeerGroups()
	all := slices.Concat(own, theirs)
	slices.Sort(all)
	all = slices.Compact(all)
	if s.format.json {
		type object struct {
			Group  string      `json:"group"`
			Own    bool        `json:"own"`
			Peers  []uuid.UUID `json:"peers"`
			Leader *uuid.UUID  `json:"leader,omitempty"`
		}
		list := make([]object, len(all))
		for i, g := range all {
			list[i] = object{Group: g, Own: slices.Contains(own, g), Peers: []uuid.UUID{}}
			if leader, elected := s.node.Leader(g); elected {
				list[i].Leader = &leader
			}
			for _, p := range s.node.PeersByGroup(g) {
				list[i].Peers = append(list[i].Peers, p.ID)
			}
		}
		s.print(eventjson.Line(struct {
			Event  string   `json:"event"`
			Groups []object `json:"groups"`
		}{"GROUPS", list}))
		return nil
	}
	if len(all) == 0 {
		s.print("there are no groups yet; /join GROUP makes one")
		return nil
	}
	rows := [][]string{{"GROUP", "MEMBERS"}}
	for _, g := range all {
		var names []string
		leader, elected := s.node.Leader(g)
		add := func(name string, id uuid.UUID) {
			if elected && id == leader {
				name += " (leader)"
			}
			names = append(names, name)
		}
		if slices.Contains(own, g) {
			add("you", s.node.ID())
		}
		for _, p := range s.node.PeersByGroup(g) {
			add(visible.String(p.Name), p.ID)
		}
		rows = append(rows, []string{visible.String(g), strings.Join(names, ", ")})
	}
	s.print(table(rows))
	return nil
}

func (s *shell) showStats(_ context.Context, args []string) error {
	if len(args) > 0 {
		peer, err := find(s.node.Peers(), args[0])
		if err != nil {
			return err
		}
		counted := counters(peer.Stats)
		if s.format.json {
			s.print(eventjson.Line(append(object{{"event", "STATS"}, {"peer", peer.ID}, {"name", peer.Name}}, counted...)))
			return nil
		}
		s.print(counted.table())
		return nil
	}
	counted := counters(s.node.Stats())
	if s.format.json {
		s.print(eventjson.Line(append(object{{"event", "STATS"}}, counted...)))
		return nil
	}
	s.print(counted.table())
	peers := s.node.Peers()
	if len(peers) == 0 {
		return nil
	}
	rows := [][]string{{"PEER", "MESSAGES IN", "OCTETS IN", "MESSAGES OUT", "OCTETS OUT", "WAITS", "IN FLIGHT"}}
	for _, p := range peers {
		row := []string{visible.String(p.Name)}
		for _, n := range []uint64{p.Stats.MessagesIn, p.Stats.OctetsIn, p.Stats.MessagesOut, p.Stats.OctetsOut, p.Stats.Waits, p.Stats.Unacknowledged} {
			row = append(row, fmt.Sprint(n))
		}
		rows = append(rows, row)
	}
	s.print(table(rows))
	return nil
}

// object is a JSON object that keeps the order of its fields.
type object []field

type field struct {
	name  string // words with "_" between them
	value any
}

// MarshalJSON implements json.Marshaler.
func (o object) MarshalJSON() ([]byte, error) {
	out := []byte{'{'}
	for i, f := range o {
		if i > 0 {
			out = append(out, ',')
		}
		value, err := eventjson.Encode(f.value)
		if err != nil {
			return nil, err
		}
		out = append(append(append(append(out, '"'), f.name...), `":`...), value...)
	}
	return append(out, '}'), nil
}

var _ json.Marshaler = object(nil)

func (o object) table() string {
	var rows [][]string
	for _, f := range o {
		rows = append(rows, []string{strings.ReplaceAll(f.name, "_", " "), fmt.Sprint(f.value)})
	}
	return table(rows)
}

// counters lists the fields of a struct of counters, so that all that the
// library counts is shown.
func counters(stats any) object {
	var list object
	value := reflect.ValueOf(stats)
	for _, f := range reflect.VisibleFields(value.Type()) {
		if !f.Anonymous && f.IsExported() {
			list = append(list, field{words(f.Name), value.FieldByIndex(f.Index).Interface()})
		}
	}
	return list
}

// words turns MessagesIn into messages_in.
func words(name string) string {
	var b strings.Builder
	for i, r := range name {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// table lines the columns of rows up.
func table(rows [][]string) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		// Writing to a strings.Builder cannot fail.
		_, _ = fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	_ = w.Flush()
	lines := strings.Split(strings.TrimRight(b.String(), "\n"), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}
