package zre

import (
	"testing"
	"time"

	"github.com/gozre/zre/internal/curve"
	"github.com/gozre/zre/zre/internal/trust"
)

// Handshakes have the time for their round trips, of 8 s each with the default DeadPeriod: three
// of NULL, four of CURVE. They do not go on for longer than a silent peer is kept.
func TestHandshakeTimeout(t *testing.T) {
	_, secret, err := curve.NewPair()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		dead   time.Duration
		secret string
		want   time.Duration
	}{
		{DefaultDeadPeriod, "", 30 * time.Second},
		{DefaultDeadPeriod, secret, 40 * time.Second},
		{2 * time.Second, "", 10 * time.Second},
		{15 * time.Second, secret, 20 * time.Second},
		{time.Hour, secret, 40 * time.Second},
	} {
		n := &Node{cfg: Config{Timing: Timing{DeadPeriod: c.dead}}}
		if n.trust, err = trust.New(c.secret, nil, func(trust.Refusal) {}); err != nil {
			t.Fatal(err)
		}
		if got := n.handshakeTimeout(); got != c.want {
			t.Errorf("DeadPeriod %v, with a key %v: %v, want %v", c.dead, c.secret != "", got, c.want)
		}
	}
}
