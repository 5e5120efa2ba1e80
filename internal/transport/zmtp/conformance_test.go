package zmtp

import (
	"testing"

	"github.com/gozre/zre/internal/transport"
	"github.com/gozre/zre/internal/transport/transporttest"
)

func TestConformance(t *testing.T) {
	eachSocket(t, func(t *testing.T, socket func(*transport.Config), _ error) {
		transporttest.Run(t, func(t testing.TB, cfg transport.Config) transport.Transport {
			socket(&cfg)
			tr, err := New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			return tr
		}, transporttest.Options{NoRemotePort: !tcpOnly(socket)})
	})
}

// tcpOnly reports whether the option is overTCP.
func tcpOnly(socket func(*transport.Config)) bool {
	var cfg transport.Config
	socket(&cfg)
	return cfg.TCPOnly
}
