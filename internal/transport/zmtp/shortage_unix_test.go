//go:build unix

package zmtp

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gozre/zre/internal/transport"
)

// That there is no descriptor left is told once, and its end too.
func TestShortageIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		s := shortage{log: slog.New(slog.NewTextHandler(&log, nil))}
		to := netip.MustParseAddrPort("127.0.0.1:1")
		s.dialed(to, nil)
		s.dialed(to, transport.ErrRefused)
		if log.Len() != 0 {
			t.Errorf("without a shortage: %s", &log)
		}
		for range 3 {
			s.dialed(to, fmt.Errorf("dial: %w", unix.EMFILE))
			s.dialed(to, transport.ErrRefused)
			s.dialed(to, nil)
		}
		s.dialed(to, nil)
		time.Sleep(2 * calmAfter)
		synctest.Wait()
		if w, i := strings.Count(log.String(), "WARN"), strings.Count(log.String(), "INFO"); w != 1 || i != 1 {
			t.Errorf("%d warnings, %d ends:\n%s", w, i, &log)
		}
	})
}
