package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/cmd/internal/metrics"
	"github.com/gozre/zre/zgossip"
)

// run serves until the context ends, which is how SIGTERM and SIGINT arrive.
func run(ctx context.Context, env *cli.Env, o *options) error {
	cfg, err := o.config(env)
	if err != nil {
		return err
	}
	server, err := zgossip.NewServer(cfg)
	if err != nil {
		return usage(env, err)
	}
	announce(env.Log, server, cfg, o)
	var workers sync.WaitGroup
	serving, served := context.WithCancel(ctx)
	workers.Go(func() { feedWatchdog(serving, server, env.Log) })
	workers.Go(func() { o.keys.Follow(serving, env, live(env, server, cfg)) })
	stop, err := serveHTTP(o.metrics, server, env.Log)
	if err == nil {
		notify(env.Log, daemon.SdNotifyReady)
		<-ctx.Done()
		env.Log.Info("ending", "cause", context.Cause(ctx))
		notify(env.Log, daemon.SdNotifyStopping)
		err = stop()
	}
	served()
	workers.Wait()
	return errors.Join(err, server.Close())
}

// notify sends a state to systemd, if it is there.
func notify(log *slog.Logger, state string) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		log.Warn("systemd was not notified", "state", state, "error", err)
	}
}

// feedWatchdog reports to systemd that the server works, twice in each WatchdogSec.
func feedWatchdog(ctx context.Context, server *zgossip.Server, log *slog.Logger) {
	every, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		log.Warn("systemd's watchdog cannot be fed", "error", err)
	}
	if err != nil || every == 0 {
		return
	}
	ticker := time.NewTicker(every / 2)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if err := server.Check(); err != nil {
				log.Error("the server does not work", "error", err)
				continue
			}
			notify(log, daemon.SdNotifyWatchdog)
		}
	}
}

// serveHTTP serves metrics and the health check, if an address is given. stop ends it.
func serveHTTP(address string, server *zgossip.Server, log *slog.Logger) (stop func() error, err error) {
	if address == "" {
		return func() error { return nil }, nil
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(numbers{server}, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	page := promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
	if stop, err = metrics.Serve(address, page, server.Check, log); err != nil {
		return nil, fmt.Errorf("--metrics: %w", err)
	}
	return stop, nil
}
