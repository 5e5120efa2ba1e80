package zmq

import (
	"errors"
	"testing"
)

// TestMonitor follows a connection through the restart of the other end.
func TestMonitor(t *testing.T) {
	ctx, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	defer ctx.Close()
	server, err := ctx.Router(Options{})
	if err != nil {
		t.Fatal(err)
	}
	seen, err := server.Monitor()
	if err != nil {
		t.Fatal(err)
	}
	addr, err := server.Bind("tcp://127.0.0.1:*")
	if err != nil {
		t.Fatal(err)
	}
	client, err := ctx.Dealer(Options{HeartbeatInterval: 1e9, HeartbeatTimeout: 3e9})
	if err != nil {
		t.Fatal(err)
	}
	events, err := client.Monitor()
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Connect(addr); err != nil {
		t.Fatal(err)
	}
	next := func(m *Monitor, want ConnectionEvent) {
		t.Helper()
		if ev, err := m.Next(); err != nil || ev.Kind != want || ev.Endpoint != addr {
			t.Fatalf("event %+v, error %v; want kind %d of %s", ev, err, want, addr)
		}
	}
	next(events, Connected)
	next(seen, Connected)
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	next(events, Disconnected)
	again, err := ctx.Router(Options{})
	if err != nil {
		t.Fatal(err)
	}
	// libzmq's thread frees the port some time after Close.
	until(t, "port free", func() bool {
		_, err := again.Bind(addr)
		return err == nil
	})
	next(events, Connected)

	ended := make(chan error)
	go func() {
		_, err := events.Next()
		ended <- err
	}()
	if err := events.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; !errors.Is(err, ErrClosed) {
		t.Errorf("Next after Close: %v", err)
	}
	if _, err := client.Monitor(); err != nil {
		t.Errorf("a second monitor after the first: %v", err)
	}
	if err := client.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Monitor(); !errors.Is(err, ErrClosed) {
		t.Errorf("a monitor of a closed socket: %v", err)
	}
}
