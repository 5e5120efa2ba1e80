//go:build libzmq

package libzmq_test

import (
	"testing"

	"github.com/gozre/zre/internal/transport"
	"github.com/gozre/zre/internal/transport/libzmq"
	"github.com/gozre/zre/internal/transport/transporttest"
)

func TestConformance(t *testing.T) {
	transporttest.Run(t, func(t testing.TB, cfg transport.Config) transport.Transport {
		tr, err := libzmq.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		return tr
	}, transporttest.Options{
		FixedKeys:            true,
		NoRemotePort:         true,
		NoAcceptor:           true,
		LateAccept:           true,
		NoAcceptedDown:       true,
		OneReader:            true,
		AcceptsWhileDraining: true,
		OnlyMaxFrame:         true,
		InFlight:             64 << 20,
		WrongKey:             transport.ErrHandshake,
	})
}
