package peername

import (
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/cmd/internal/visible"
	"github.com/gozre/zre/zre"
)

// ErrNoPeer says that no peer matches what was typed. It may still come.
var ErrNoPeer = errors.New("there is no peer")

// Find returns the peer that the user means: by its UUID, in any usual form; by its name;
// by the beginning of its UUID; or by both, as NAME/BEGINNING. If several match, the error is
// a [*SeveralError]: a message for one must not reach another. A whole UUID is never compared
// with names, so that a peer cannot use the UUID of another one as its name. hint says what
// lists the peers: "/peers lists those there are".
func Find(peers []zre.Peer, who, hint string) (zre.Peer, error) {
	if id, err := uuid.Parse(who); err == nil {
		for _, p := range peers {
			if p.ID == id {
				return p, nil
			}
		}
		return zre.Peer{}, fmt.Errorf("%w with the UUID %s", ErrNoPeer, id)
	}
	found := matching(peers, who)
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		if who == "" { // as of an unset variable
			return zre.Peer{}, fmt.Errorf("%w with an empty name; %s", ErrNoPeer, hint)
		}
		return zre.Peer{}, fmt.Errorf("%w called %s; %s", ErrNoPeer, visible.String(who), meant(peers, who, hint))
	}
	return zre.Peer{}, &SeveralError{Who: who, Found: found}
}

// matching are the peers that a name, a beginning of a UUID or both stand for.
func matching(peers []zre.Peer, who string) (found []zre.Peer) {
	beginning := digits(who)
	name, behind := who, ""
	if i := strings.LastIndexByte(who, '/'); i >= 0 {
		name, behind = who[:i], digits(who[i+1:])
	}
	for _, p := range peers {
		id := Digits(p.ID)
		switch {
		case p.Name == who,
			beginning != "" && strings.HasPrefix(id, beginning),
			behind != "" && p.Name == name && strings.HasPrefix(id, behind):
			found = append(found, p)
		}
	}
	return found
}

// meant guesses who was meant.
func meant(peers []zre.Peer, who, hint string) string {
	var names []string
	for _, p := range peers {
		names = append(names, visible.String(p.Name))
	}
	switch near := cli.Nearest(who, names); {
	case near != "":
		return "did you mean " + near + "?"
	case len(peers) == 0:
		return "nobody is here yet"
	}
	return hint
}

// SeveralError says that several peers match what was typed.
type SeveralError struct {
	Who   string
	Found []zre.Peer // at least two
}

// mostNamed bounds how many peers the text of an error names.
const mostNamed = 20

func (e *SeveralError) Error() string {
	var candidates []string
	for _, p := range e.Found[:min(len(e.Found), mostNamed)] {
		candidates = append(candidates, fmt.Sprintf("%s (%s)", p.ID, visible.String(p.Name)))
	}
	if more := len(e.Found) - mostNamed; more > 0 {
		candidates = append(candidates, fmt.Sprintf("and %d more", more))
	}
	return fmt.Sprintf("%s could be %s; say the UUID, or enough of it",
		visible.String(e.Who), strings.Join(candidates, ", "))
}

// Digits are the 32 hexadecimal digits of a UUID.
func Digits(id uuid.UUID) string { return digits(id.String()) }

// digits leaves out the dashes of a UUID or of its beginning.
func digits(text string) string { return strings.ToLower(strings.ReplaceAll(text, "-", "")) }
