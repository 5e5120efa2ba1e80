package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/google/uuid"

	"github.com/gozre/zre/cmd/internal/eventjson"
	"github.com/gozre/zre/cmd/internal/visible"
	"github.com/gozre/zre/zre"
)

// start is the first line: who this node is.
func (s *shell) start() {
	if s.format.json {
		s.print(eventjson.Line(eventjson.Start{Event: "START", UUID: s.node.ID(), Name: s.node.Name(), Endpoint: s.node.Endpoint(), Headers: s.node.Headers()}))
		return
	}
	if s.screen != nil {
		l := s.screen.look
		encrypted := ""
		if _, has := s.node.Headers()[keyHeader]; has {
			encrypted = " encrypted"
		}
		s.screen.put([][]span{l.line(s.screen.now(), l.word(arrives, "START", shown(s.node.Name()),
			l.id(s.node.ID())+l.address(s.node.Endpoint())+encrypted+l.headers(s.node.Headers()))...)})
		return
	}
	s.print(fmt.Sprintf("%-7s %s %s %s%s", "START", visible.String(s.node.Name()), s.node.ID(), s.node.Endpoint(), headerList(s.node.Headers())))
}

func (s *shell) listPeers(ctx context.Context, _ []string) error {
	s.settling.wait(ctx)
	peers := s.node.Peers()
	if s.format.json {
		o := eventjson.Peers{Event: "PEERS", Time: eventjson.Time(s.now()), Peers: []eventjson.Peer{}}
		for _, p := range peers {
			o.Peers = append(o.Peers, eventjson.PeerOf(p, 0))
		}
		s.print(eventjson.Line(o))
		return nil
	}
	if len(peers) == 0 {
		s.print("nobody is here yet")
		return nil
	}
	if s.brief() {
		rows := s.peerRows(peers, true)
		if width, _ := s.screen.size(); !keepsWords(rows, width-1) {
			rows = s.peerRows(peers, false)
		}
		s.print(s.grid(rows))
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

// peerRows is the table of peers for people. Headers are left out where there is no room for
// them: /info shows them.
func (s *shell) peerRows(peers []zre.Peer, headers bool) [][]string {
	rows := [][]string{{"NAME", "ID", "ADDRESS", "GROUPS"}}
	headers = headers && slices.ContainsFunc(peers, func(p zre.Peer) bool { return len(hideKey(p.Headers)) > 0 })
	if headers {
		rows[0] = append(rows[0], "HEADERS")
	}
	label := s.labels(peers)
	for _, p := range peers {
		name := shown(label(p))
		if p.Evasive {
			name += " (does not answer)"
		}
		row := []string{name, shortID(p.ID), s.addressCell(p.Endpoint), visible.String(strings.Join(p.Groups, ", "))}
		if headers {
			row = append(row, strings.TrimSpace(headerList(hideKey(p.Headers))))
		}
		rows = append(rows, row)
	}
	return rows
}

func notNilMap(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
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
		o := eventjson.Groups{Event: "GROUPS", Time: eventjson.Time(s.now()), Groups: []eventjson.Group{}}
		for _, g := range all {
			o.Groups = append(o.Groups, s.groupObject(g, slices.Contains(own, g)))
		}
		s.print(eventjson.Line(o))
		return nil
	}
	if len(all) == 0 {
		s.print("there are no groups yet; /join GROUP makes one")
		return nil
	}
	if s.screen != nil {
		s.print(s.grid(s.groupRows(all, own)))
		return nil
	}
	rows := [][]string{{"GROUP", "MEMBERS"}}
	for _, g := range all {
		names := s.memberNames(g, own, func(p zre.Peer) string { return visible.String(p.Name) })
		rows = append(rows, []string{visible.String(g), strings.Join(names, ", ")})
	}
	s.print(table(rows))
	return nil
}

// memberNames lists the members of a group, this node first, and says who leads it.
func (s *shell) memberNames(group string, own []string, label func(zre.Peer) string) (names []string) {
	leader, elected := s.node.Leader(group)
	add := func(name string, id uuid.UUID) {
		if elected && id == leader {
			name += " (leader)"
		}
		names = append(names, name)
	}
	if slices.Contains(own, group) {
		add("you", s.node.ID())
	}
	for _, p := range s.node.PeersByGroup(group) {
		add(label(p), p.ID)
	}
	return names
}

// groupRows is the table of groups for people. Of a large group not all members are in it.
func (s *shell) groupRows(all, own []string) [][]string {
	const most = 20
	rows := [][]string{{"GROUP", "", "MEMBERS"}}
	label := s.labels(s.node.Peers())
	for _, g := range all {
		names := s.memberNames(g, own, func(p zre.Peer) string { return shown(label(p)) })
		listed := strings.Join(names[:min(len(names), most)], ", ") + more(len(names)-most)
		rows = append(rows, []string{shown(g), number(len(names)), listed})
	}
	return rows
}

// groupObject is a group for --json.
func (s *shell) groupObject(group string, own bool) eventjson.Group {
	o := eventjson.GroupOf(group, s.node.PeersByGroup(group))
	o.Own = own
	if leader, elected := s.node.Leader(group); elected {
		o.Leader = &leader
	}
	return o
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
	label := func(p zre.Peer) string { return p.Name }
	if s.screen != nil {
		label = s.labels(peers)
	}
	rows := [][]string{{"PEER", "MESSAGES IN", "OCTETS IN", "MESSAGES OUT", "OCTETS OUT", "WAITS", "IN FLIGHT"}}
	for _, p := range peers {
		row := []string{visible.String(label(p))}
		for _, n := range []uint64{p.Stats.MessagesIn, p.Stats.OctetsIn, p.Stats.MessagesOut, p.Stats.OctetsOut, p.Stats.Waits, p.Stats.Unacknowledged} {
			row = append(row, fmt.Sprint(n))
		}
		rows = append(rows, row)
	}
	s.print(s.grid(rows))
	return nil
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
