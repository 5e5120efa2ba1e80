package rawzmq

import (
	"testing"
)

func TestSendReceive(t *testing.T) {
	var sinks []*Sink
	var endpoints []string
	for range 3 {
		s, err := NewSink("tcp://127.0.0.1:*", 100)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		sinks, endpoints = append(sinks, s), append(endpoints, s.Endpoint())
	}
	out, err := NewSource("\x01alice", 100, endpoints...)
	if err != nil {
		t.Fatal(err)
	}
	const n, header, content = 5000, 20, 16
	sent := make(chan error, 1)
	go func() {
		err := out.Send(n, header, content)
		out.Close()
		sent <- err
	}()
	results := make(chan error, len(sinks))
	for _, s := range sinks {
		go func() {
			r, err := s.Receive(n)
			if err == nil && (r.Octets != n*(header+content) || r.Elapsed <= 0) {
				t.Errorf("received %+v", r)
			}
			results <- err
		}()
	}
	for range sinks {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
	if err := <-sent; err != nil {
		t.Error(err)
	}
}

func TestPingPong(t *testing.T) {
	a, err := NewSink("tcp://127.0.0.1:*", 0)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	b, err := NewSink("tcp://127.0.0.1:*", 0)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	toA, err := NewSource("\x01b", 0, a.Endpoint())
	if err != nil {
		t.Fatal(err)
	}
	defer toA.Close()
	toB, err := NewSource("\x01a", 0, b.Endpoint())
	if err != nil {
		t.Fatal(err)
	}
	defer toB.Close()

	const n = 100
	done := make(chan error, 1)
	go func() { done <- Pong(toA, b, n) }()
	times, err := Ping(toB, a, n, 20, 1024)
	if err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if len(times) != n {
		t.Fatalf("%d times", len(times))
	}
	for i, d := range times {
		if d <= 0 {
			t.Errorf("round %d took %v", i, d)
		}
	}
}

func TestBadEndpoint(t *testing.T) {
	if s, err := NewSink("tcp://nonsense", 0); err == nil {
		s.Close()
		t.Error("bound to nonsense")
	}
	if s, err := NewSource("x", 0, "nonsense://"); err == nil {
		s.Close()
		t.Error("connected to nonsense")
	}
}
