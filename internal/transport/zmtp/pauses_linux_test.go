package zmtp

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gozre/zre/internal/transport"
)

// TCP's pauses are bounded on both ends of a connection, so that what was sent into a
// cut arrives soon after it; and a cut that is to be survived is.
func TestPausesAreBounded(t *testing.T) {
	for _, c := range []struct{ keepAlive, want time.Duration }{
		{10 * time.Second, 4 * time.Second},
		{time.Second, time.Second}, // the least that the system takes
		{time.Hour, 2 * time.Minute},
	} {
		option := func(cfg *transport.Config) { cfg.Limits.KeepAlive = c.keepAlive }
		a, b := newEnd(t, option, overTCP), newEnd(t, option, overTCP)
		out, in := connected(t, a, b)
		for _, o := range []*owner{out, in} {
			var got, linear int
			var err, linearErr error
			ctl := o.conn.Driver().(*link).raw.Control(func(fd uintptr) {
				linear, linearErr = unix.GetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_THIN_LINEAR_TIMEOUTS)
				got, err = unix.GetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_RTO_MAX_MS)
			})
			if ctl != nil {
				t.Fatal(ctl)
			}
			if linear != 1 || linearErr != nil {
				t.Errorf("the pauses of thin streams double: %d, %v", linear, linearErr)
			}
			if err == unix.ENOPROTOOPT {
				t.Skip("this system does not know TCP_RTO_MAX_MS")
			}
			if pause := time.Duration(got) * time.Millisecond; err != nil || pause != c.want {
				t.Errorf("KeepAlive %v: %v, %v, want %v", c.keepAlive, pause, err, c.want)
			}
		}
	}
}
