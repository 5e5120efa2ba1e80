package snake

import "testing"

func TestCase(t *testing.T) {
	for name, want := range map[string]string{"MessagesIn": "messages_in", "Peers": "peers", "": "", "x": "x"} {
		if got := Case(name); got != want {
			t.Errorf("Case(%q) = %q, want %q", name, got, want)
		}
	}
}
