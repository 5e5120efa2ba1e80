package main

import (
	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/zgossip"
)

// liveSettings are the keys of zre.conf that a running server uses, besides debug, key and
// trust. The others decide how it listens.
func liveSettings() []string {
	return []string{
		"connect", "idle-timeout", "grace", "slow-timeout", "max-clients", "max-tuples",
		"max-tuples-per-client", "max-key", "max-value", "send-queue",
	}
}

// live says what a server with this configuration can use while it runs. One goroutine calls
// its functions.
func live(env *cli.Env, server *zgossip.Server, now zgossip.ServerConfig) cli.Live {
	use := func(env *cli.Env, next zgossip.ServerConfig) error {
		if err := server.Reconfigure(next); err != nil {
			return usage(env, err)
		}
		now = next
		return nil
	}
	l := cli.Live{Settings: liveSettings(), Use: func(env *cli.Env) error {
		next, again := now, newOptions()
		if err := env.Again(again.register); err != nil {
			return err
		}
		if err := again.live(env, &next); err != nil {
			return err
		}
		return use(env, next)
	}}
	if now.SecretKey != "" {
		l.NewKey = now.Transport != "libzmq" // A socket of libzmq keeps its key.
		l.Keys = func(secret string, trusted []string) error {
			next := now
			next.SecretKey, next.TrustedKeys = secret, trusted
			return use(env, next)
		}
	}
	return l
}
