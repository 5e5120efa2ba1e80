//go:build !linux

package worker

import "errors"

func onOneCore(func() error) error {
	return errors.New("processes are bound to a core on Linux only")
}
