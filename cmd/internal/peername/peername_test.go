package peername

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/gozre/zre/zre"
)

var (
	alice = zre.Peer{ID: uuid.MustParse("aabbaaaa-0000-4000-8000-000000000001"), Name: "alice"}
	bob   = zre.Peer{ID: uuid.MustParse("aaccbbbb-0000-4000-8000-000000000002"), Name: "bob"}
	twin  = zre.Peer{ID: uuid.MustParse("ccccbbbb-0000-4000-8000-000000000003"), Name: "bob"}
	hex   = zre.Peer{ID: uuid.MustParse("ddddbbbb-0000-4000-8000-000000000004"), Name: "cc"}
	fake  = zre.Peer{ID: uuid.MustParse("eeeebbbb-0000-4000-8000-000000000005"), Name: alice.ID.String()}
	evil  = zre.Peer{ID: uuid.MustParse("ffffbbbb-0000-4000-8000-000000000006"), Name: "\x1b[2Jx"}
)

func TestFind(t *testing.T) {
	all := []zre.Peer{alice, bob, twin, hex, fake, evil}
	for who, want := range map[string]string{
		"alice":                                "alice",
		"aabb":                                 "alice",
		"AABB-AAAA":                            "",
		"aabbaaaa-0":                           "alice",
		"AABBAAAA-0":                           "alice",
		alice.ID.String():                      "alice",
		strings.ToUpper(alice.ID.String()):     "alice",
		"urn:uuid:" + alice.ID.String():        "alice",
		"bob/aacc":                             "bob",
		"bob/AACCBBBB":                         "bob",
		"bob":                                  "bob could be aaccbbbb-0000-4000-8000-000000000002 (bob), ccccbbbb-",
		"cc":                                   "cc could be ccccbbbb-0000-4000-8000-000000000003 (bob), ddddbbbb-",
		"bob/":                                 "there is no peer called bob/; did you mean bob?",
		"bob/ff":                               "there is no peer called bob/ff",
		"alcie":                                "there is no peer called alcie; did you mean alice?",
		"zzzzzz":                               "there is no peer called zzzzzz; ask again",
		"":                                     "there is no peer with an empty name; ask again",
		"-":                                    "there is no peer called -; ask again",
		"\x1b[":                                `there is no peer called \x1b[; ask again`,
		"00000000-0000-4000-8000-0000000000ff": "there is no peer with the UUID 00000000-0000-4000-8000-0000000000ff",
	} {
		got, err := Find(all, who, "ask again")
		switch {
		case want == "" || want == "alice":
			if err != nil || got.ID != alice.ID {
				t.Errorf("%q: %v, %v", who, got.Name, err)
			}
		case err == nil:
			if got.Name != want || got.ID != bob.ID {
				t.Errorf("%q: found %s %s", who, got.Name, got.ID)
			}
		default:
			if !strings.HasPrefix(err.Error(), want) {
				t.Errorf("%q: %v, want %s", who, err, want)
			}
			if several := strings.Contains(want, "could be"); errors.Is(err, ErrNoPeer) == several {
				t.Errorf("%q: ErrNoPeer %v", who, !several)
			}
		}
	}
	if _, err := Find(nil, "bob", "ask again"); err == nil || !strings.HasSuffix(err.Error(), "nobody is here yet") {
		t.Error(err)
	}
}

// An error names so many candidates that it can be read.
func TestSeveral(t *testing.T) {
	var many []zre.Peer
	for i := range 100 {
		many = append(many, zre.Peer{ID: uuid.New(), Name: "node"})
		many[i].ID[0] = 0xaa
	}
	_, err := Find(many, "aa", "")
	if err == nil || strings.Count(err.Error(), "(node)") != mostNamed || !strings.Contains(err.Error(), fmt.Sprintf("and %d more", 100-mostNamed)) {
		t.Error(err)
	}
}
