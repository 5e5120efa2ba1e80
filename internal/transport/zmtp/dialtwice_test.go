package zmtp

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gozre/zre/internal/transport"
)

// dialOutcome is what a dial ends with, and when.
type dialOutcome struct {
	after time.Duration
	tcp   socket
	err   error
}

// dialed runs dialTwice with these outcomes of the two dials, in virtual time.
func dialed(t *testing.T, outcomes ...dialOutcome) (tcp socket, took time.Duration, dials int32, err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var n atomic.Int32
		begin := time.Now()
		tcp, err = dialTwice(t.Context(), netip.AddrPort{}, time.Second, func(ctx context.Context, _ netip.AddrPort, _ time.Duration) (socket, error) {
			o := outcomes[n.Add(1)-1]
			select {
			case <-time.After(o.after):
				return o.tcp, o.err
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		})
		took, dials = time.Since(begin), n.Load()
	})
	return tcp, took, dials, err
}

func TestDialTwice(t *testing.T) {
	one, two := new(net.TCPConn), new(net.TCPConn)
	const lost = time.Hour
	for name, test := range map[string]struct {
		outcomes []dialOutcome
		want     socket
		err      error
		took     time.Duration
	}{
		"at once":              {[]dialOutcome{{0, one, nil}}, one, nil, 0},
		"refused":              {[]dialOutcome{{0, nil, transport.ErrRefused}}, nil, transport.ErrRefused, 0},
		"the first SYN lost":   {[]dialOutcome{{time.Second, one, nil}, {0, two, nil}}, two, nil, secondAfter},
		"a long way":           {[]dialOutcome{{2 * secondAfter, one, nil}, {2 * secondAfter, two, nil}}, one, nil, 2 * secondAfter},
		"the second SYN lost":  {[]dialOutcome{{time.Second, one, nil}, {lost, two, nil}}, one, nil, time.Second},
		"both lost, for long":  {[]dialOutcome{{5 * time.Second, nil, transport.ErrTimeout}, {lost, nil, nil}}, nil, transport.ErrTimeout, 5 * time.Second},
		"refused after a time": {[]dialOutcome{{400 * time.Millisecond, nil, transport.ErrRefused}, {400 * time.Millisecond, nil, transport.ErrRefused}}, nil, transport.ErrRefused, 700 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			tcp, took, dials, err := dialed(t, test.outcomes...)
			if tcp != test.want || !errors.Is(err, test.err) || took != test.took || int(dials) != len(test.outcomes) {
				t.Errorf("%v, %v after %v and %d dials; want %v, %v after %v", tcp == test.want, err, took, dials, test.want, test.err, test.took)
			}
		})
	}
}
