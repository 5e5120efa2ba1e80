package cli

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gozre/zre/zre"
)

func TestSeen(t *testing.T) {
	dir := t.TempDir()
	env := &Env{readFile: os.ReadFile, getenv: func(name string) string {
		return map[string]string{"XDG_STATE_HOME": dir}[name]
	}}
	if got := env.seen("peer"); len(got) != 0 {
		t.Errorf("at first %q", got)
	}
	var many []string
	for i := range 3 * mostSeen {
		many = append(many, "g"+strings.Repeat("x", i%7)+string(rune('0'+i%10)), "h"+strings.Repeat("y", i))
	}
	hostile := []string{"two words", "new\nline", "esc\x1b[2J", "$(x)", "-x", "", "\xff"}
	file := env.seenFile()
	for range 2 { // Again, as the next command does it.
		if err := writeSeen(file, append(hostile, "bob", "alice", "bob"), append(many, hostile...)); err != nil {
			t.Fatal(err)
		}
	}
	if got := env.seen("peer"); !slices.Equal(got, []string{"alice", "bob"}) {
		t.Errorf("peers %q", got)
	}
	if got := env.seen("group"); len(got) != mostSeen {
		t.Errorf("%d groups", len(got))
	}
	files, err := os.ReadDir(filepath.Dir(file))
	if err != nil || len(files) != 1 {
		t.Errorf("%v, %v", files, err)
	}
	if peers, _ := env.CompletePeers(nil, nil, ""); !slices.Contains(peers, "alice") {
		t.Errorf("not offered: %q", peers)
	}
	if groups, _ := env.CompleteGroups(nil, nil, ""); len(groups) != mostSeen {
		t.Errorf("%d groups offered", len(groups))
	}
}

// Without a terminal, and without a home, nothing is kept.
func TestRememberIsForPeople(t *testing.T) {
	dir := t.TempDir()
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	peers := []zre.Peer{{Name: "bob"}}
	for _, home := range []string{dir, ""} {
		env := &Env{Stderr: log, readFile: os.ReadFile, getenv: func(name string) string {
			return map[string]string{"HOME": home}[name]
		}}
		env.Remember(peers)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 0 {
		t.Errorf("%v, %v", files, err)
	}
	if _, err := os.Stat(".local"); err == nil {
		t.Error("it is in the working directory")
	}
}
