//go:build libzmq

package choose

import (
	"github.com/gozre/zre/internal/transport"
	"github.com/gozre/zre/internal/transport/libzmq"
)

const libzmqBuiltIn = true

func libzmqNew(cfg transport.Config) (transport.Transport, error) { return libzmq.New(cfg) }
