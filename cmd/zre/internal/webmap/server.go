package webmap

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// Times and bounds of the HTTP server.
const (
	readTime   = 5 * time.Second
	writeTime  = 10 * time.Second
	idleTime   = time.Minute
	endTime    = 2 * time.Second
	maxHeader  = 16 << 10 // octets
	maxClients = 64       // connections
)

//go:embed page
var files embed.FS

// server serves the page.
type server struct {
	http   *http.Server
	hub    *hub
	guard  *guard
	listen net.Listener
	ended  chan error // capacity 1: it may not be waited for
}

// newServer serves on a listener until stop is called.
func newServer(listener net.Listener, log *slog.Logger) (*server, error) {
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		return nil, err
	}
	page, err := fs.Sub(files, "page")
	if err != nil {
		return nil, err
	}
	s := &server{
		hub: newHub(), guard: &guard{token: newToken(), port: port},
		listen: listener, ended: make(chan error, 1),
	}
	mux := http.NewServeMux()
	mux.Handle("GET /", http.FileServerFS(page))
	mux.Handle("GET /events", s.hub)
	s.http = &http.Server{
		Handler:     s.guard.wrap(mux),
		ReadTimeout: readTime, WriteTimeout: writeTime, IdleTimeout: idleTime, MaxHeaderBytes: maxHeader,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	go func() { s.ended <- s.http.Serve(&bounded{Listener: listener, slots: make(chan struct{}, maxClients)}) }()
	return s, nil
}

// url is the address to open.
func (s *server) url(host string) string {
	return "http://" + net.JoinHostPort(host, s.guard.port) + "/?token=" + s.guard.token
}

// stop ends the server and waits for its end, for at most 2 s.
func (s *server) stop() error {
	s.hub.end()
	ctx, cancel := context.WithTimeout(context.Background(), endTime)
	defer cancel()
	if err := s.http.Shutdown(ctx); err != nil {
		_ = s.http.Close() // Connections that are still open are cut.
	}
	if err := <-s.ended; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// bounded is a listener with so many connections at most. Those beyond are closed.
type bounded struct {
	net.Listener
	slots chan struct{}
}

// Accept implements net.Listener.
func (b *bounded) Accept() (net.Conn, error) {
	for {
		c, err := b.Listener.Accept()
		if err != nil {
			return nil, err
		}
		select {
		case b.slots <- struct{}{}:
			return &conn{Conn: c, free: sync.OnceFunc(func() { <-b.slots })}, nil
		default:
			_ = c.Close() // Nobody has asked for anything yet.
		}
	}
}

// conn gives its slot back when it is closed.
type conn struct {
	net.Conn
	free func()
}

// Close implements net.Conn.
func (c *conn) Close() error {
	defer c.free()
	return c.Conn.Close()
}
