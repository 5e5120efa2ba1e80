package cli

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gozre/zre/zre/keys"
)

// followed runs FollowTrust and records what it applies.
type followed struct {
	t       *testing.T
	reload  chan struct{}
	applied chan []string
	mu      sync.Mutex
	log     strings.Builder
}

func (f *followed) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.log.Write(p)
}

func (f *followed) logged(text string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return strings.Contains(f.log.String(), text)
}

func follow(t *testing.T, every time.Duration, refuse error, paths ...string) *followed {
	t.Helper()
	f := &followed{t: t, reload: make(chan struct{}, 1), applied: make(chan []string, 10)}
	env := &Env{Log: slog.New(slog.NewTextHandler(f, nil)), Reload: f.reload}
	ctx, cancel := context.WithCancel(t.Context())
	var done sync.WaitGroup
	done.Go(func() {
		live := Live{Keys: func(_ string, trusted []string) error {
			f.applied <- trusted
			return refuse
		}}
		(&KeyFlags{trust: paths}).follow(ctx, env, every, live)
	})
	t.Cleanup(done.Wait)
	t.Cleanup(cancel)
	return f
}

// want waits until these keys are applied, in any order. A directory may be read between two
// changes.
func (f *followed) want(keys ...string) {
	f.t.Helper()
	slices.Sort(keys)
	for deadline := time.After(time.Minute); ; {
		select {
		case got := <-f.applied:
			if slices.Sort(got); slices.Equal(got, keys) {
				return
			}
		case <-deadline:
			f.t.Fatalf("the keys %q are not applied", keys)
		}
	}
}

func (f *followed) wantLog(text string) {
	f.t.Helper()
	for end := time.Now().Add(time.Minute); !f.logged(text); <-time.After(time.Millisecond) {
		if time.Now().After(end) {
			f.t.Fatalf("%q is not logged:\n%s", text, f.log.String())
		}
	}
}

func TestTrustFollowsDirectory(t *testing.T) {
	dir, file := t.TempDir(), filepath.Join(t.TempDir(), "single")
	a, single := saved(t, filepath.Join(dir, "a")), saved(t, file)
	f := follow(t, time.Millisecond, nil, dir, file)
	b := saved(t, filepath.Join(dir, "b"))
	f.want(a.PublicKey, b.PublicKey, single.PublicKey)
	remove := func(names ...string) {
		t.Helper()
		for _, name := range names {
			if err := os.Remove(name); err != nil {
				t.Fatal(err)
			}
		}
	}
	remove(filepath.Join(dir, "a"), filepath.Join(dir, "a_secret"))
	f.want(b.PublicKey, single.PublicKey)

	// What cannot be read changes nothing.
	broken := filepath.Join(dir, "broken")
	if err := os.WriteFile(broken, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	f.wantLog("stay as they are")
	remove(broken)
	f.want(b.PublicKey, single.PublicKey)

	remove(file, file+"_secret")
	f.wantLog("no such file")
	other := saved(t, file)
	f.want(b.PublicKey, other.PublicKey)
}

func TestTrustIsReadOnRequest(t *testing.T) {
	f := follow(t, time.Hour, errors.New("not these"), "any")
	f.reload <- struct{}{}
	f.want(keys.Any)
	f.wantLog("not these")
}
