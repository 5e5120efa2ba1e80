package main

import (
	"strings"

	"github.com/google/uuid"

	"github.com/gozre/zre/cmd/internal/visible"
	"github.com/gozre/zre/zre"
)

// shortDigits is how many digits of a UUID people are shown.
const shortDigits = 8

// shortID is the beginning of a UUID.
func shortID(id uuid.UUID) string { return hexDigits(id)[:shortDigits] }

// unambiguous is how a peer is named if its name alone will not do: NAME/ID. A command takes
// that form, see find.
func unambiguous(name string, id uuid.UUID) string { return name + "/" + shortID(id) }

// labels gives peers the names that a user knows them by: the name alone where it is unique
// among the peers and this node.
func (s *shell) labels(peers []zre.Peer) func(zre.Peer) string {
	count := map[string]int{s.node.Name(): 1}
	for _, p := range peers {
		count[p.Name]++
	}
	return func(p zre.Peer) string {
		if p.Name == "" || count[p.Name] > 1 {
			return unambiguous(p.Name, p.ID)
		}
		return p.Name
	}
}

// mostLabel is how many columns of a name or a group are shown within a line.
const mostLabel = 24

// shown is a name or a group as a part of a line: safe, not too long, and in quotes if it
// could be taken for something else.
func shown(name string) string {
	safe := visible.String(name)
	if strings.ContainsAny(safe, " \"[]:") || safe == "" {
		safe = `"` + strings.ReplaceAll(safe, `"`, `\"`) + `"`
	}
	return shorten(safe, mostLabel)
}
