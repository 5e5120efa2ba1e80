package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/zgossip"
)

// Times of the HTTP server: a request is answered from memory.
const (
	httpRead  = 5 * time.Second
	httpWrite = 10 * time.Second
	httpIdle  = time.Minute
	httpEnd   = 2 * time.Second
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
	apply := server.SetTrustedKeys
	if cfg.SecretKey == "" {
		apply = nil
	}
	workers.Go(func() { o.keys.Follow(serving, env, apply) })
	stop, err := serveHTTP(o.http, server, env.Log)
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

// serveHTTP serves metrics and the health check, if an address is given. stop ends
// it, after the requests in progress.
func serveHTTP(address string, server *zgossip.Server, log *slog.Logger) (stop func() error, err error) {
	if address == "" {
		return func() error { return nil }, nil
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		if errors.Is(err, syscall.EADDRINUSE) {
			return nil, fmt.Errorf("--http %s: another program listens there: stop it, or choose another port", address)
		}
		return nil, fmt.Errorf("--http: %w", err)
	}
	web := &http.Server{
		Handler: handler(server), ReadTimeout: httpRead, WriteTimeout: httpWrite, IdleTimeout: httpIdle,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	ended := make(chan error, 1) // capacity 1: it may not be waited for
	go func() { ended <- web.Serve(listener) }()
	log.Info("metrics and health check are served", "address", listener.Addr().String())
	return func() error {
		ctx, cancel := context.WithTimeout(context.Background(), httpEnd)
		defer cancel()
		if err := web.Shutdown(ctx); err != nil {
			_ = web.Close() // connections that are still open are cut
		}
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	}, nil
}

func handler(server *zgossip.Server) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(metrics{server}, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		if err := server.Check(); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		_, _ = io.WriteString(w, "ok\n") // the client may be gone
	})
	return mux
}
