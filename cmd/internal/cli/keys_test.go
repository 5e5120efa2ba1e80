package cli

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gozre/zre/zre/keys"
)

// saved makes a certificate in a file.
func saved(t *testing.T, file string) keys.Certificate {
	t.Helper()
	c, err := keys.New()
	if err == nil {
		err = c.Save(file)
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestKeys(t *testing.T) {
	dir := t.TempDir()
	own, friends := filepath.Join(dir, "own"), filepath.Join(dir, "friends")
	if err := os.Mkdir(friends, 0o700); err != nil {
		t.Fatal(err)
	}
	mine := saved(t, own)
	friend := saved(t, filepath.Join(friends, "f"))
	for name, test := range map[string]struct {
		args    []string
		secret  string
		trusted []string
		warns   bool
	}{
		"none":      {},
		"own":       {args: []string{"--key", own + "_secret"}, secret: mine.SecretKey},
		"pair":      {args: []string{"--key", own}, secret: mine.SecretKey},
		"directory": {[]string{"--key", own, "--trust", friends}, mine.SecretKey, []string{friend.PublicKey}, false},
		"two":       {[]string{"--key", own, "--trust", own, "--trust", friends + "/f"}, mine.SecretKey, []string{mine.PublicKey, friend.PublicKey}, false},
		"any":       {[]string{"--key", own, "--trust", "any"}, mine.SecretKey, []string{keys.Any}, false},
		"open":      {args: []string{"--key", own}, secret: mine.SecretKey, warns: true},
	} {
		t.Run(name, func(t *testing.T) {
			mode := os.FileMode(0o600)
			if test.warns {
				mode = 0o640
			}
			if err := os.Chmod(own+"_secret", mode); err != nil {
				t.Fatal(err)
			}
			r := world{}.run(t, "zrecat", test.args...)
			var log strings.Builder
			r.env.Log = slog.New(slog.NewTextHandler(&log, nil))
			cfg, err := r.node.Config(r.env)
			if warned := strings.Contains(log.String(), "chmod 600 "+own+"_secret"); warned != test.warns {
				t.Errorf("log %q", log.String())
			}
			if err != nil || cfg.Security.SecretKey != test.secret || !slices.Equal(cfg.Security.TrustedKeys, test.trusted) {
				t.Errorf("%v: secret %t, trusted %q, %v", test.args, cfg.Security.SecretKey == test.secret, cfg.Security.TrustedKeys, err)
			}
		})
	}
}

// The name of a file may look like a key.
func TestFileNameLikeAKey(t *testing.T) {
	t.Chdir(t.TempDir())
	c, err := keys.New()
	if err != nil {
		t.Fatal(err)
	}
	name := strings.Repeat("a", 40)
	if err := c.Save(name); err != nil {
		t.Fatal(err)
	}
	r := world{}.run(t, "zrecat", "--key", name, "--trust", name)
	cfg, err := r.node.Config(r.env)
	if err != nil || cfg.Security.SecretKey != c.SecretKey || !slices.Equal(cfg.Security.TrustedKeys, []string{c.PublicKey}) {
		t.Errorf("%v, trusted %v", err, cfg.Security.TrustedKeys)
	}
}

// The error of each mistake names its place and never a secret.
func TestKeyMistakes(t *testing.T) {
	dir := t.TempDir()
	own, text2 := filepath.Join(dir, "own"), filepath.Join(dir, "no certificate")
	c := saved(t, own)
	if err := os.WriteFile(text2, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	public := filepath.Join(dir, "public")
	text, err := os.ReadFile(own)
	if err == nil {
		err = os.WriteFile(public, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	none := filepath.Join(dir, "none")
	for _, test := range []struct {
		args []string
		conf string
		want string
	}{
		{args: []string{"--key", none}, want: "--key " + none + ": " + none + " cannot be read: "},
		{args: []string{"--key", public}, want: "--key " + public + ": there is only a public key in it"},
		{args: []string{"--key", own, "--trust", none}, want: "--trust " + none + ": "},
		{args: []string{"--key", own, "--trust", dir}, want: "--trust " + dir + ": " + text2 + ": "},
		{args: []string{"--trust", own}, want: "--trust " + own + ": want --key too"},
		{args: []string{"--key", ""}, want: `--key "": is not a file`},
		{args: []string{"--key", c.SecretKey}, want: "--key (hidden): is a key"},
		{args: []string{"--key", own, "--trust", c.SecretKey}, want: "--trust (hidden): is a key"},
		{conf: "[zre]\nkey =\n", want: `mine:2: [zre] key: "": is not a file`},
		{conf: "[zre]\nname = x\nkey = " + none + "\n", want: "mine:3: [zre] key: " + none + ": "},
	} {
		w := world{files: map[string]string{"mine": test.conf}, vars: map[string]string{"ZRECFG": "mine"}}
		r := w.run(t, "zrecat", test.args...)
		_, err := r.node.Config(r.env)
		switch {
		case err == nil || !strings.HasPrefix(err.Error(), test.want) || Status(err) != ExitUsage:
			t.Errorf("%v: %v, status %d, want %s", test.args, err, Status(err), test.want)
		case strings.Contains(err.Error(), c.SecretKey):
			t.Errorf("%v tells the key: %v", test.args, err)
		}
	}
}

func TestNewKey(t *testing.T) {
	r := world{}.run(t, "zrecat")
	var err error
	if r.env.Stdout, err = os.Create(filepath.Join(t.TempDir(), "out")); err != nil {
		t.Fatal(err)
	}
	defer r.env.Stdout.Close()
	file := filepath.Join(t.TempDir(), "lab")
	if err := NewKey(r.env, file, false); err != nil {
		t.Fatal(err)
	}
	if c, err := keys.Load(file); err != nil || c.SecretKey == "" {
		t.Errorf("%v", err)
	}
	if out, err := os.ReadFile(r.env.Stdout.Name()); err != nil || !strings.Contains(string(out), "--key "+file+"_secret\n") {
		t.Errorf("%q, %v", out, err)
	}
	if err := NewKey(r.env, file+"2", true); err != nil {
		t.Fatal(err)
	}
	files := fmt.Sprintf(`"public_file":%q,"secret_file":%q}`, file+"2", file+"2_secret")
	if out, err := os.ReadFile(r.env.Stdout.Name()); err != nil || !strings.Contains(string(out), files) || !strings.Contains(string(out), `{"event":"KEY","time":"`) {
		t.Errorf("%q, want %s, %v", out, files, err)
	}
	if err := NewKey(r.env, file, false); err == nil || !strings.Contains(err.Error(), "not overwritten") {
		t.Errorf("again: %v", err)
	}
}
