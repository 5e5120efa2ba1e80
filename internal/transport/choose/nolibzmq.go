//go:build !libzmq

package choose

import "github.com/gozre/zre/internal/transport"

const libzmqBuiltIn = false

func libzmqNew(transport.Config) (transport.Transport, error) { return nil, ErrNotBuiltIn }
