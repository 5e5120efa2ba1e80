package cli

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"
)

// followInterval is how often the files with trusted keys are checked for changes.
const followInterval = 2 * time.Second

// Live is what a program can use again of its settings while it runs, besides debug.
type Live struct {
	// Keys is called with the secret key and the trusted ones when they may have changed. It is
	// nil for a program that speaks in plain text.
	Keys func(secret string, trusted []string) error
	// NewKey says that Keys uses another secret key, too. For the other programs the key is that
	// of their start.
	NewKey bool
	// Settings are further keys of zre.conf that Use uses. Env.Again says what they are now.
	Settings []string
	Use      func(env *Env) error
}

// Follow reads again what can change while a program runs, until ctx ends: the files that
// --trust names when they have changed, and all of it when SIGHUP asks for it (Env.Reload). What
// cannot be read, or cannot change, is logged, and stays as it is.
func (f *KeyFlags) Follow(ctx context.Context, env *Env, live Live) {
	f.follow(ctx, env, followInterval, live)
}

func (f *KeyFlags) follow(ctx context.Context, env *Env, every time.Duration, live Live) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	now := *env // What this goroutine reads again is not shared.
	for {
		asked := false
		select {
		case <-ctx.Done():
			return
		case <-env.Reload:
			asked = true
			f.reload(&now, live)
		case <-ticker.C:
		}
		if live.Keys == nil || f.fingerprint() == f.seen && !asked {
			continue
		}
		trusted, err := f.loadTrusted(&now)
		if err == nil {
			err = live.Keys(f.own, trusted)
		}
		if err != nil {
			env.Log.Warn("the keys were not read again, and stay as they are", "error", err)
			continue
		}
		env.Log.Info("the trusted keys were read again", "keys", len(trusted))
	}
}

// fingerprint is a text that changes when the trusted keys may have.
func (f *KeyFlags) fingerprint() string {
	var b strings.Builder
	for _, path := range f.trust {
		info, err := os.Stat(path)
		if err != nil {
			fmt.Fprintln(&b, path, err)
			continue
		}
		fmt.Fprintln(&b, path, info.Size(), info.ModTime().UnixNano())
		if !info.IsDir() {
			continue
		}
		entries, _ := os.ReadDir(path) // The error shows when the keys are read.
		for _, e := range entries {
			if info, err := e.Info(); err == nil {
				fmt.Fprintln(&b, e.Name(), info.Size(), info.ModTime().UnixNano())
			}
		}
	}
	return b.String()
}
