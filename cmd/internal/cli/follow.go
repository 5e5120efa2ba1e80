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

// Follow reads again what can change while a program runs, until ctx ends: the files that
// --trust names when they have changed, and all of it when SIGHUP asks for it (Env.Reload). It
// calls apply with the trusted keys; apply is nil for a program that speaks in plain text. What
// cannot be read, or cannot change, is logged, and stays as it is.
func (f *KeyFlags) Follow(ctx context.Context, env *Env, apply func(trusted []string) error) {
	f.follow(ctx, env, followInterval, apply)
}

func (f *KeyFlags) follow(
	ctx context.Context, env *Env, every time.Duration, apply func(trusted []string) error,
) {
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
			f.reload(&now, apply != nil)
		case <-ticker.C:
		}
		if apply == nil || f.fingerprint() == f.seen && !asked {
			continue
		}
		trusted, err := f.loadTrusted(&now)
		if err == nil {
			err = apply(trusted)
		}
		if err != nil {
			env.Log.Warn("the trusted keys were not read again, and stay as they are", "error", err)
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
