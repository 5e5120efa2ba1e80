package engine

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/gozre/zre/zre/internal/link"
)

// What a sender was given does not change, and the next one gets all members by UUID.
func TestRosterGivesCopies(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	e := &Engine{roster: newRoster()}
	member := make(map[uuid.UUID]*link.Link)
	var before, copied []*link.Link
	for range 2000 {
		id := uuid.UUID{byte(random.IntN(40)), 7}
		if member[id] == nil {
			member[id] = new(link.Link)
			e.roster.enter(id, member[id])
			e.roster.join(id, "a")
		} else {
			delete(member, id)
			e.roster.exit(id)
		}
		if !slices.Equal(before, copied) {
			t.Fatal("what a sender was given has changed")
		}
		if random.IntN(3) == 0 {
			continue
		}
		before = e.Group("a")
		copied = slices.Clone(before)
		var want []*link.Link
		for n := range byte(40) {
			if l := member[uuid.UUID{n, 7}]; l != nil {
				want = append(want, l)
			}
		}
		if !slices.Equal(before, want) {
			t.Fatalf("the group has %d members, want %d in order", len(before), len(want))
		}
	}
}
