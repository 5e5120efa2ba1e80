package cli

import (
	"context"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"github.com/gozre/zre/zre/keys"
)

// reloading is a program that runs and is asked to read its files again.
type reloading struct {
	followed
	mu     sync.Mutex
	conf   string
	secret string
	env    *Env
	keys   *KeyFlags
}

func (r *reloading) write(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.conf = text
}

func (r *reloading) read(name string) ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if name != systemConfig || r.conf == "" {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return []byte(r.conf), nil
}

func (r *reloading) setSecret(secret string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.secret = secret
}

// wantSecret waits until a secret key is used.
func (r *reloading) wantSecret(want string) {
	r.t.Helper()
	used := func() string {
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.secret
	}
	for end := time.Now().Add(time.Minute); used() != want; <-time.After(time.Millisecond) {
		if time.Now().After(end) {
			r.t.Fatal("another secret key is used")
		}
	}
}

// startReloading starts what a program does with its flags.
func startReloading(t *testing.T, conf string, vars map[string]string, args ...string) *reloading {
	t.Helper()
	return startLive(t, nil, conf, vars, args...)
}

// startLive is startReloading for a program that can use more of its settings again.
func startLive(
	t *testing.T, change func(*reloading, *Live), conf string, vars map[string]string, args ...string,
) *reloading {
	t.Helper()
	r := &reloading{conf: conf, keys: &KeyFlags{}}
	r.t, r.reload, r.applied = t, make(chan struct{}, 1), make(chan []string, 10)
	p := Program{Name: "zgossip_server", Flags: func(fs *pflag.FlagSet) {
		r.keys.Register(fs, "serve", "clients")
		fs.Int("port", 1, "")
		fs.String("host", "", "")
	}}
	flags := p.FlagSet()
	if err := flags.Parse(args); err != nil {
		t.Fatal(err)
	}
	r.env = &Env{args: args, Log: slog.New(slog.NewTextHandler(r, nil)), Reload: r.reload, Level: new(slog.LevelVar),
		readFile: r.read, getenv: func(name string) string { return vars[name] }}
	if err := configure(p, r.env, flags); err != nil {
		t.Fatal(err)
	}
	secret, _, err := r.keys.Load(r.env)
	if err != nil {
		t.Fatal(err)
	}
	var live Live
	if secret != "" {
		live.Keys = func(secret string, trusted []string) error {
			r.setSecret(secret)
			r.applied <- trusted
			return nil
		}
	}
	if change != nil {
		change(r, &live)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var done sync.WaitGroup
	done.Go(func() { r.keys.follow(ctx, r.env, time.Hour, live) })
	t.Cleanup(done.Wait)
	t.Cleanup(cancel)
	return r
}

func (r *reloading) ask() { r.reload <- struct{}{} }

func saveKey(t *testing.T, file string) keys.Certificate {
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

// What zre.conf says of trust and debug is used; of the rest it is said that it is not.
func TestConfigurationIsReadAgain(t *testing.T) {
	dir := t.TempDir()
	own, a, b := filepath.Join(dir, "own"), filepath.Join(dir, "a"), filepath.Join(dir, "b")
	saveKey(t, own)
	keyA, keyB := saveKey(t, a).PublicKey, saveKey(t, b).PublicKey
	conf := "[zgossip_server]\nkey = " + own + "_secret\ntrust = " + a + "\n"
	r := startReloading(t, conf, nil)
	r.ask()
	r.want(keyA)
	r.wantLog("changed=0")

	r.write(conf + "trust = " + b + "\nport = 7\ndebug\n")
	r.ask()
	r.want(keyA, keyB)
	r.wantLog("at the next start only\" keys=[port]")
	r.wantLog("changed=3")
	if r.env.Level.Level() != slog.LevelDebug {
		t.Errorf("the level of the log is %v", r.env.Level.Level())
	}

	r.write("[zgossip_server]\nkey = " + own + "_secret\nnonsense = 1\n")
	r.ask()
	r.wantLog("nonsense: there is no such key")
	r.want(keyA, keyB) // as before

	r.write("[zgossip_server]\nkey = " + own + "_secret\n")
	r.ask()
	r.want() // the key of its own: an empty list says that
}

// A flag on the command line beats what zre.conf says later.
func TestTypedFlagsStay(t *testing.T) {
	dir := t.TempDir()
	own, a, b := filepath.Join(dir, "own"), filepath.Join(dir, "a"), filepath.Join(dir, "b")
	saveKey(t, own)
	keyA := saveKey(t, a).PublicKey
	saveKey(t, b)
	r := startReloading(t, "[zgossip_server]\n", nil, "--key", own+"_secret", "--trust", a)
	r.write("[zgossip_server]\ntrust = " + b + "\n")
	r.ask()
	r.want(keyA)
	r.wantLog("changed=0")
}

// A new secret key cannot be used while the program runs. It is said.
func TestSecretKeyChanges(t *testing.T) {
	dir := t.TempDir()
	own := filepath.Join(dir, credential)
	save := func() {
		t.Helper()
		c, err := keys.New()
		if err == nil {
			err = c.Save(filepath.Join(dir, "new"))
		}
		if err == nil {
			err = os.Rename(filepath.Join(dir, "new_secret"), own)
		}
		if err == nil {
			err = os.Remove(filepath.Join(dir, "new"))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	save()
	if err := os.Chmod(own, 0o440); err != nil { // as systemd does it
		t.Fatal(err)
	}
	r := startReloading(t, "", map[string]string{"CREDENTIALS_DIRECTORY": dir})
	if r.keys.own == "" {
		t.Fatal("the key that systemd hands over is not used")
	}
	if r.logged("others on this host can read") {
		t.Error("it warns of the mode that systemd gives")
	}
	save()
	r.ask()
	r.wantLog("at the next start only\" keys=[key]")
	if err := os.Remove(own); err != nil {
		t.Fatal(err)
	}
	r.ask()
	r.wantLog("changed=0")
}

// A program that can use another secret key gets it, from the same file or from another one. It
// cannot begin or cease to encrypt.
func TestSecretKeyIsUsed(t *testing.T) {
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	a, b, c := saveKey(t, file("a")), saveKey(t, file("b")), saveKey(t, file("c"))
	conf := func(name string) string { return "[zgossip_server]\nkey = " + file(name) + "_secret\n" }
	newKey := func(_ *reloading, live *Live) { live.NewKey = true }
	r := startLive(t, newKey, conf("a"), nil)
	r.ask()
	r.wantSecret(a.SecretKey)
	r.write(conf("b"))
	r.ask()
	r.wantSecret(b.SecretKey)
	if err := os.Rename(file("c_secret"), file("b_secret")); err != nil {
		t.Fatal(err)
	}
	r.ask()
	r.wantSecret(c.SecretKey)
	if r.logged("next start") {
		t.Error("a key that is used is logged as one for the next start")
	}
	r.write("[zgossip_server]\n")
	r.ask()
	r.wantLog("at the next start only\" keys=[key]")
	r.wantSecret(c.SecretKey)

	plain := startLive(t, newKey, "", nil)
	plain.write(conf("a"))
	plain.ask()
	plain.wantLog("at the next start only\" keys=[key]")
}

// A program that can use more of its settings sees all of them as they are now.
func TestSettingsAreUsed(t *testing.T) {
	type settings struct {
		port  int
		debug bool
	}
	used := make(chan settings, 10)
	change := func(_ *reloading, live *Live) {
		live.Settings = []string{"port"}
		live.Use = func(env *Env) error {
			var now settings
			err := env.Again(func(fs *pflag.FlagSet) {
				new(KeyFlags).Register(fs, "serve", "clients")
				fs.IntVar(&now.port, "port", 1, "")
				fs.StringVar(new(string), "host", "", "")
			})
			now.debug = env.Set("debug")
			if err == nil {
				used <- now
			}
			return err
		}
	}
	r := startLive(t, change, "[zgossip_server]\nport = 2\n", nil, "--host", "x")
	want := func(want settings) {
		t.Helper()
		r.ask()
		select {
		case got := <-used:
			if got != want {
				t.Errorf("%+v, want %+v", got, want)
			}
		case <-time.After(time.Minute):
			t.Fatalf("settings are not used; want %+v", want)
		}
	}
	want(settings{port: 2})
	r.write("[zgossip_server]\nport = 3\ndebug\n")
	want(settings{port: 3, debug: true})
	r.write("[zgossip_server]\n")
	want(settings{port: 1})
	if r.logged("next start") {
		t.Error("a setting that is used is logged as one for the next start")
	}
	r.write("[zgossip_server]\nport = x\n")
	r.ask()
	r.wantLog("settings are not used, and stay as they are")
	r.wantLog("port: \\\"x\\\": not a whole number")
}

// --key beats what systemd hands over.
func TestTypedKeyBeatsCredential(t *testing.T) {
	dir, other := t.TempDir(), filepath.Join(t.TempDir(), "other")
	saveKey(t, filepath.Join(dir, "zre"))
	if err := os.Rename(filepath.Join(dir, "zre_secret"), filepath.Join(dir, credential)); err != nil {
		t.Fatal(err)
	}
	want := saveKey(t, other).SecretKey
	r := startReloading(t, "", map[string]string{"CREDENTIALS_DIRECTORY": dir}, "--key", other+"_secret")
	if r.keys.own != want {
		t.Error("it has another key")
	}
}

// Without a key, trust is nothing that can change.
func TestReloadInPlainText(t *testing.T) {
	r := startReloading(t, "[zre]\ndebug\n", nil)
	r.write("[zgossip_server]\ntrust = any\nport = 7\n[zre]\ndebug = no\n")
	r.ask()
	r.wantLog("keys=\"[port trust]\"")
	if got := r.env.Level.Level(); got != slog.LevelInfo {
		t.Errorf("the level of the log is %v", got)
	}
}
