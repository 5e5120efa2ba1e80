package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/gozre/zre/cmd/internal/eventjson"
	"github.com/gozre/zre/cmd/internal/visible"
	"github.com/gozre/zre/zre"
)

// pingTime is how long /ping waits for an answer.
const pingTime = 10 * time.Second

// ping measures one round trip to a peer.
func (s *shell) ping(ctx context.Context, args []string) error {
	peer, err := s.awaitPeer(ctx, args[0])
	if err != nil {
		return err
	}
	name := visible.String(s.labels(s.node.Peers())(peer))
	ctx, cancel := context.WithTimeout(ctx, pingTime)
	defer cancel()
	trip, err := s.node.Ping(ctx, peer.ID)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s does not answer within %v", name, pingTime)
	case errors.Is(err, zre.ErrUnknownPeer), errors.Is(err, zre.ErrPeerGone):
		return fmt.Errorf("%s has left", name)
	case err != nil:
		return err
	}
	if s.format.json {
		ms := eventjson.Milliseconds(trip)
		s.print(eventjson.Line(eventjson.Ping{
			Event: "PING", Time: eventjson.Time(s.now()), Peer: peer.ID, Name: peer.Name, Seq: 1, RoundTrip: &ms,
		}))
		return nil
	}
	s.print(name + " answers after " + milliseconds(trip))
	return nil
}

// milliseconds is a round trip in the unit of ping(8), with three digits.
func milliseconds(d time.Duration) string {
	ms := float64(d) / float64(time.Millisecond)
	switch {
	case ms < 1:
		return fmt.Sprintf("%.3f ms", ms)
	case ms < 100:
		return fmt.Sprintf("%.1f ms", ms)
	}
	return fmt.Sprintf("%.0f ms", ms)
}

// info shows what is known of a peer.
func (s *shell) info(ctx context.Context, args []string) error {
	peer, err := s.awaitPeer(ctx, args[0])
	if err != nil {
		return err
	}
	if s.format.json {
		o := object{{"event", "INFO"}, {"time", eventjson.Time(s.now())}, {"peer", peer.ID}, {"name", peer.Name},
			{"endpoint", peer.Endpoint}, {"groups", notNil(peer.Groups)}, {"headers", notNilMap(peer.Headers)},
			{"evasive", peer.Evasive}, {"idle_ms", eventjson.Milliseconds(peer.Idle)}}
		if peer.PublicKey != "" {
			o = append(o, field{"public_key", peer.PublicKey})
		}
		s.print(eventjson.Line(append(o, counters(peer.Stats)...)))
		return nil
	}
	rows := [][]string{
		{"name", visible.String(peer.Name)}, {"UUID", peer.ID.String()}, {"address", s.addressCell(peer.Endpoint)},
		{"groups", visible.String(strings.Join(peer.Groups, ", "))},
	}
	var leads []string
	for _, g := range peer.Groups {
		if leader, elected := s.node.Leader(g); elected && leader == peer.ID {
			leads = append(leads, visible.String(g))
		}
	}
	if len(leads) > 0 {
		rows = append(rows, []string{"leads", strings.Join(leads, ", ")})
	}
	encrypted, state := "no", "answers"
	if peer.PublicKey != "" {
		encrypted = "yes, its key is " + visible.String(peer.PublicKey)
	}
	if peer.Evasive {
		state = "does not answer"
	}
	headers := hideKey(peer.Headers)
	if s.screen == nil || s.options.long {
		headers = peer.Headers
	}
	rows = append(rows, []string{"headers", strings.TrimSpace(headerList(headers))}, []string{"encrypted", encrypted}, []string{"state", state},
		[]string{"idle", peer.Idle.Round(time.Second / 10).String()})
	for _, f := range counters(peer.Stats) {
		rows = append(rows, []string{strings.ReplaceAll(f.name, "_", " "), fmt.Sprint(f.value)})
	}
	s.print(s.grid(rows))
	return nil
}

// who lists the members of a group.
func (s *shell) who(ctx context.Context, args []string) error {
	group := s.current()
	if len(args) > 0 {
		group = args[0]
	}
	if group == "" {
		return errors.New("say which group: /who GROUP (/groups lists those there are)")
	}
	s.settling.wait(ctx)
	own := slices.Contains(s.node.Groups(), group)
	peers := s.node.PeersByGroup(group)
	leader, elected := s.node.Leader(group)
	if s.format.json {
		s.print(eventjson.Line(eventjson.Who{
			Event: "WHO", Time: eventjson.Time(s.now()), Group: s.groupObject(group, own),
		}))
		return nil
	}
	if len(peers) == 0 && !own {
		return fmt.Errorf("%w is in %s", errNobody, visible.String(group))
	}
	rows := [][]string{{"NAME", s.idTitle(), "ADDRESS"}}
	add := func(name string, id uuid.UUID, endpoint string) {
		if elected && id == leader {
			name += " (leader)"
		}
		rows = append(rows, []string{name, s.idCell(id), s.addressCell(endpoint)})
	}
	if own {
		add("you", s.node.ID(), s.node.Endpoint())
	}
	label := s.labels(s.node.Peers())
	for _, p := range peers {
		name := visible.String(p.Name)
		if s.screen != nil {
			name = shown(label(p))
		}
		add(name, p.ID, p.Endpoint)
	}
	s.print(s.grid(rows))
	return nil
}

// Tables for people have the beginning of a UUID, and addresses without "tcp://".

func (s *shell) brief() bool { return s.screen != nil && !s.options.long }

func (s *shell) idTitle() string {
	if s.brief() {
		return "ID"
	}
	return "UUID"
}

func (s *shell) idCell(id uuid.UUID) string {
	if s.brief() {
		return shortID(id)
	}
	return id.String()
}

func (s *shell) addressCell(endpoint string) string {
	if s.brief() {
		endpoint = strings.TrimPrefix(endpoint, "tcp://")
	}
	return visible.String(endpoint)
}
