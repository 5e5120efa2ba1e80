package cli

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestKeyBehindAnAddress(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "server")
	public := saveKey(t, file).PublicKey
	empty := filepath.Join(dir, "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	env := &Env{Log: slog.New(slog.DiscardHandler)}
	for in, want := range map[string]string{
		"h:1":                     "h:1",
		"h:1|" + public:           "h:1|" + public,
		"h:1|" + file:             "h:1|" + public,
		"h:1|" + file + "_secret": "h:1|" + public,
		"h:1|":                    "h:1|",
	} {
		if got, err := env.WithKey("gossip", in); err != nil || got != want {
			t.Errorf("%s: %q %v, want %q", in, got, err, want)
		}
	}
	for in, want := range map[string]string{
		"h:1|nothing-there":                 "neither a public key nor a file",
		"h:1|" + public[1:]:                 "neither a public key nor a file",
		"h:1|" + empty:                      "no file with a public key",
		"h:1|" + filepath.Join(dir, "none"): "neither a public key nor a file",
	} {
		_, err := env.WithKey("gossip", in)
		if Status(err) != ExitUsage || !strings.Contains(err.Error(), "--gossip h:1|…: behind the | is "+want) {
			t.Errorf("%s: %v", in, err)
		}
		if strings.Contains(err.Error(), public[1:]) {
			t.Errorf("the error shows what may be a secret: %v", err)
		}
	}
}

// The flags of a node resolve the files.
func TestNodeFlagsReadKeyFiles(t *testing.T) {
	file := filepath.Join(t.TempDir(), "server")
	public := saveKey(t, file).PublicKey
	r := world{}.run(t, "zrecat", "-g", "192.0.2.1|"+file, "--peer", "192.0.2.2:41000|"+file, "--id", "6ba7b810-9dad-11d1-80b4-00c04fd430c8")
	cfg, err := r.node.Config(r.env)
	if err != nil {
		t.Fatal(err)
	}
	if got := cfg.Discovery.Gossip[0]; got != "tcp://192.0.2.1:31337|"+public {
		t.Errorf("gossip %s", got)
	}
	if got := cfg.Discovery.Peers[0]; got != "tcp://192.0.2.2:41000|"+public {
		t.Errorf("peer %s", got)
	}
	if got := cfg.UUID.String(); got != "6ba7b810-9dad-11d1-80b4-00c04fd430c8" {
		t.Errorf("UUID %s", got)
	}
	for _, wrong := range []string{"", "x", "00000000-0000-0000-0000-000000000000"} {
		if r := (world{}).run(t, "zrecat", "--id", wrong); r.status != ExitUsage || !strings.Contains(r.stderr, "--id") {
			t.Errorf("--id %q: status %d, %s", wrong, r.status, r.stderr)
		}
	}
}
