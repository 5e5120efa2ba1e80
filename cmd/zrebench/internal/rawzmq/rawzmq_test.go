//go:build libzmq

package rawzmq

import (
	"testing"

	"github.com/gozre/zre/internal/curve"
)

// keyed returns options with new keys, or without any.
func keyed(t *testing.T, secure bool, identity string) Options {
	t.Helper()
	o := Options{HWM: 100, Identity: identity}
	if secure {
		var err error
		if o.Public, o.Secret, err = curve.NewPair(); err != nil {
			t.Fatal(err)
		}
	}
	return o
}

func TestSendReceive(t *testing.T) {
	t.Run("plain", func(t *testing.T) { testSendReceive(t, false) })
	t.Run("CURVE", func(t *testing.T) { testSendReceive(t, true) })
}

func testSendReceive(t *testing.T, secure bool) {
	var sinks []*Sink
	var endpoints []string
	for range 3 {
		s, err := NewSink("tcp://127.0.0.1:*", keyed(t, secure, ""))
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		sinks, endpoints = append(sinks, s), append(endpoints, s.Endpoint())
	}
	out, err := NewSource(keyed(t, secure, "\x01alice"), endpoints...)
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
			octets, err := s.Receive(n)
			if err == nil && octets != n*(header+content) {
				t.Errorf("received %d octets", octets)
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
	var sinks [2]*Sink
	for i := range sinks {
		var err error
		if sinks[i], err = NewSink("tcp://127.0.0.1:*", Options{}); err != nil {
			t.Fatal(err)
		}
		defer sinks[i].Close()
	}
	var sources [2]*Source // to the sink of the same index
	for i, name := range []string{"\x01b", "\x01a"} {
		var err error
		if sources[i], err = NewSource(Options{Identity: name}, sinks[i].Endpoint()); err != nil {
			t.Fatal(err)
		}
		defer sources[i].Close()
	}

	const n = 100
	done := make(chan error, 1)
	go func() { done <- Pong(sources[0], sinks[1], n) }()
	times, err := Ping(sources[1], sinks[0], n, 20, 1024)
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

func TestMesh(t *testing.T) {
	for _, c := range []struct {
		name, transport string
		secure          bool
	}{{"inproc", "inproc", false}, {"TCP", "tcp", false}, {"CURVE", "tcp", true}} {
		t.Run(c.name, func(t *testing.T) {
			nodes := []Options{keyed(t, c.secure, "\x01a"), keyed(t, c.secure, "\x01b"),
				keyed(t, c.secure, "\x01c")}
			m, err := NewMesh(nodes, 20, c.transport)
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			for i := range nodes {
				for j, to := range m.Endpoints() {
					if i != j {
						if err := m.Connect(i, to); err != nil {
							t.Fatal(err)
						}
					}
				}
			}
			if err := m.Greet(60); err != nil {
				t.Fatal(err)
			}
			if err := m.Await(len(nodes) - 1); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestBadEndpoint(t *testing.T) {
	if s, err := NewSink("tcp://nonsense", Options{}); err == nil {
		s.Close()
		t.Error("bound to nonsense")
	}
	if s, err := NewSource(Options{Identity: "x"}, "nonsense://"); err == nil {
		s.Close()
		t.Error("connected to nonsense")
	}
	if s, err := NewSource(Options{Public: "x", Secret: "y"}, "tcp://127.0.0.1:1|z"); err == nil {
		s.Close()
		t.Error("took nonsense for keys")
	}
}
