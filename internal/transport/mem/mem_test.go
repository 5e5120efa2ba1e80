package mem_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/gozre/zre/internal/transport"
	"github.com/gozre/zre/internal/transport/mem"
	"github.com/gozre/zre/internal/transport/transporttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// options are what mem does differently.
var options = transporttest.Options{InProc: true, AnyAddress: true, InFlight: 1}

func newMem(t testing.TB, cfg transport.Config, reg *mem.Registry) transport.Transport {
	t.Helper()
	tr, err := mem.New(cfg, reg)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func TestConformance(t *testing.T) {
	reg := mem.NewRegistry()
	transporttest.Run(t, func(t testing.TB, cfg transport.Config) transport.Transport {
		return newMem(t, cfg, reg)
	}, options)
}

// TestConformanceBeside has names that lead through memory. Behind it is another
// registry, for targets without a name.
func TestConformanceBeside(t *testing.T) {
	reg, outer := mem.NewRegistry(), mem.NewRegistry()
	transporttest.Run(t, func(t testing.TB, cfg transport.Config) transport.Transport {
		return mem.Beside(cfg, reg, newMem(t, cfg, outer))
	}, options)
}
