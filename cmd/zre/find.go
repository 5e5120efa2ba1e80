package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/cmd/internal/visible"
	"github.com/gozre/zre/zre"
)

// errNoSuchPeer says that no peer matches what was typed. It may still come.
var errNoSuchPeer = errors.New("there is no peer")

// find returns the peer that the user means: by its UUID, in any usual form; by its name;
// or by the beginning of its UUID. If several match, the error lists them: a message for
// one must not reach another. A whole UUID is never compared with names, so that a peer
// cannot use the UUID of another one as its name.
func find(peers []zre.Peer, who string) (zre.Peer, error) {
	if id, err := uuid.Parse(who); err == nil {
		for _, p := range peers {
			if p.ID == id {
				return p, nil
			}
		}
		return zre.Peer{}, fmt.Errorf("%w with the UUID %s", errNoSuchPeer, id)
	}
	beginning := strings.ToLower(strings.ReplaceAll(who, "-", ""))
	var found []zre.Peer
	for _, p := range peers {
		if p.Name == who || beginning != "" && strings.HasPrefix(hexDigits(p.ID), beginning) {
			found = append(found, p)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		var names []string
		for _, p := range peers {
			names = append(names, visible.String(p.Name))
		}
		hint := "; /peers lists those there are"
		if near := cli.Nearest(who, names); near != "" {
			hint = "; did you mean " + near + "?"
		} else if len(peers) == 0 {
			hint = "; nobody is here yet"
		}
		return zre.Peer{}, fmt.Errorf("%w called %s%s", errNoSuchPeer, visible.String(who), hint)
	}
	var candidates []string
	for _, p := range found {
		candidates = append(candidates, fmt.Sprintf("%s (%s)", p.ID, visible.String(p.Name)))
	}
	return zre.Peer{}, fmt.Errorf("%s could be %s; say the UUID, or enough of it", visible.String(who), strings.Join(candidates, ", "))
}

func hexDigits(id uuid.UUID) string { return strings.ReplaceAll(id.String(), "-", "") }
