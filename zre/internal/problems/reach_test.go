package problems

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/gozre/zre/internal/transport"
)

// Each cause has its own words, and says what to do.
func TestExplain(t *testing.T) {
	seen := make(map[string]string)
	for _, c := range []struct {
		name    string
		reach   Reach
		words   string
		lasting bool
	}{
		{"refused", Reach{Err: transport.ErrRefused}, "connection refused", false},
		{"timed out", Reach{Err: transport.ErrTimeout}, "timed out", false},
		{"no route", Reach{Err: transport.ErrUnreachable}, "unreachable", false},
		{"one way", Reach{Err: transport.ErrTimeout, Hello: true}, "it reaches us, and we do not reach it", false},
		{"other way", Reach{Up: true, Port: 41007}, "neither greets nor connects", false},
		{"not trusted by them", Reach{Err: transport.ErrUntrusted, Key: "K"}, "does not trust our key", true},
		{"other key", Reach{Err: transport.ErrWrongKey, Key: "K"}, "another key", true},
		{"plain we", Reach{Err: transport.ErrMechanism}, "this node has no key", true},
		{"plain they", Reach{Err: transport.ErrMechanism, Key: "K"}, "does not use CURVE", true},
		{"version", Reach{Err: fmt.Errorf("%w: the peer speaks ZMTP 2", transport.ErrHandshake)}, "speaks ZMTP 2", false},
		{"gives up", Reach{Err: transport.ErrEnded, Hello: true}, "closes the connection", false},
		{"other version", Reach{Up: true, Other: 9}, "version 9 of the protocol", true},
		{"other", Reach{Err: errors.New("too many open files")}, "too many open files", false},
	} {
		cause, advice, lasting := c.reach.Explain()
		if !strings.Contains(cause, c.words) || advice == "" || lasting != c.lasting {
			t.Errorf("%s: %q, %q, lasting %v", c.name, cause, advice, lasting)
		}
		if other, again := seen[cause]; again {
			t.Errorf("%s and %s have the same words: %q", c.name, other, cause)
		}
		seen[cause] = c.name
	}
	up, _, _ := (Reach{Up: true}).Explain()
	if cause, _, _ := (Reach{Err: transport.ErrReset}).Explain(); cause != up {
		t.Errorf("a peer that gives up: %q, and before: %q", cause, up)
	}
	if cause, _, _ := (Reach{}).Explain(); cause != "" {
		t.Errorf("without a failure it says %q", cause)
	}
	if _, advice, _ := (Reach{Up: true, Port: 41007}).Explain(); !strings.Contains(advice, "41007") {
		t.Errorf("the port is missing in %q", advice)
	}
}
