package metrics

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"syscall"
	"time"
)

// Times of the HTTP server: a request is answered from memory.
const (
	readTime  = 5 * time.Second
	writeTime = 10 * time.Second
	idleTime  = time.Minute
	endTime   = 2 * time.Second
)

// Serve serves numbers at /metrics, and at /healthz whether the program works: 200 if healthy
// returns nil, else 503 and the error. address is IP:PORT; port 0 is any free one. stop ends it,
// after the requests in progress, and waits for at most 2 s.
func Serve(
	address string, numbers http.Handler, healthy func() error, log *slog.Logger,
) (stop func() error, err error) {
	listener, err := net.Listen("tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%s: another program listens there: stop it, or choose another port", address)
	}
	if err != nil {
		return nil, err
	}
	web := &http.Server{
		Handler:     Handler(numbers, healthy),
		ReadTimeout: readTime, WriteTimeout: writeTime, IdleTimeout: idleTime,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	ended := make(chan error, 1) // capacity 1: it may not be waited for
	go func() { ended <- web.Serve(listener) }()
	log.Info("metrics and health check are served", "address", listener.Addr().String())
	return func() error {
		ctx, cancel := context.WithTimeout(context.Background(), endTime)
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

// Handler answers /metrics and /healthz.
func Handler(numbers http.Handler, healthy func() error) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", numbers)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		if err := healthy(); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		_, _ = io.WriteString(w, "ok\n") // the client may be gone
	})
	return mux
}
