package zmtp

import (
	"testing"

	"github.com/gozre/zre/internal/transport"
	"github.com/gozre/zre/internal/transport/transporttest"
)

func TestConformance(t *testing.T) {
	transporttest.Run(t, func(t testing.TB, cfg transport.Config) transport.Transport {
		tr, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		return tr
	}, transporttest.Options{})
}
