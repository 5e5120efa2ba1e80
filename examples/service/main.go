package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/gozre/zre/zre"
)

func main() {
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	if len(os.Args) != 2 {
		log.Error("usage: service ADDRESS")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	listener, err := net.Listen("tcp", os.Args[1])
	if err == nil {
		err = run(ctx, listener, log)
	}
	if err != nil {
		log.Error("service ends", "error", err)
		os.Exit(1)
	}
}

// run serves until ctx ends. The node gets a context of its own, so that requests that are
// being answered can use it until the end.
func run(ctx context.Context, listener net.Listener, log *slog.Logger) error {
	node, err := zre.Start(context.WithoutCancel(ctx), zre.Config{
		Name:   "service",
		Groups: []string{"service"},
		Logger: log, // warnings say what is wrong with the network
	})
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	s := &service{node: node, log: log}
	server := &http.Server{Handler: s.handler(), ReadHeaderTimeout: 10 * time.Second}
	var parts sync.WaitGroup
	parts.Go(s.watch)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case <-ctx.Done():
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		err = server.Shutdown(ending)
		cancel()
		<-served
	case err = <-served:
	}
	err = errors.Join(err, node.Close()) // It says goodbye, and ends watch.
	parts.Wait()
	return err
}
