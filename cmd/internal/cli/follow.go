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

// FollowTrust calls apply with the trusted keys when the files and directories that --trust
// names have changed, and when SIGHUP asks for it (see Program.Reload), until ctx ends. If they
// cannot be read, that is logged and the keys stay as they are.
func (f *KeyFlags) FollowTrust(ctx context.Context, env *Env, apply func(trusted []string) error) {
	f.follow(ctx, env, followInterval, apply)
}

func (f *KeyFlags) follow(
	ctx context.Context, env *Env, every time.Duration, apply func(trusted []string) error,
) {
	if len(f.trust) == 0 {
		return
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		asked := false
		select {
		case <-ctx.Done():
			return
		case <-env.Reload:
			asked = true
		case <-ticker.C:
		}
		if f.fingerprint() == f.seen && !asked {
			continue
		}
		trusted, err := f.loadTrusted(env)
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
